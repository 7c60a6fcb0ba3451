//! answer {"statusCode":200,"body":"{\"id\":\"1\"}"}
//! answer {"statusCode":400,"body":"{\"code\":400,\"reason\":\"Bad Request\",\"message\":\"no recipients\"}"}
//! script
// Unchanged it means the form's defaults; it may be posted more than once.
var first = form.post(trigger);
var id = first.body.id ? first.body.id : JSON.parse(first.body).id;
console.log(first.statusCode, id, JSON.parse(first.body).id, JSON.stringify(first), first.body == '{"id":"1"}');
var second = form.post({ recipients: ['Operations', { targetName: 'jdoe' }], conferences: [{ name: null }] });
if (second.statusCode !== 200) throw second;
//! expects
> form {"properties":{}}
> form {"recipients":["Operations",{"targetName":"jdoe"}],"conferences":[{"name":null}]}
200 1 1 {"statusCode":200,"headers":{},"body":"{\"id\":\"1\"}"} true
! thrown: response with status 400: {"code":400,"reason":"Bad Request","message":"no recipients"} at 6:38
