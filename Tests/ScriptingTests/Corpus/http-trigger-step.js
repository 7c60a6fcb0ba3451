//! kind httpTriggerStep
//! body {"alert":{"id":7,"tags":["a","b"]}}
//! script
var payload = JSON.parse(request.body);
output['id'] = payload.alert.id;
output['tags'] = payload.alert.tags.join(', ');
console.log(typeof input, typeof form, typeof request.headers);
//! expects
undefined undefined object
= id: 7
= tags: a, b
