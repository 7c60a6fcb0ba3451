//! body <soap/>
//! header Content-Type=text/xml
//! header soapAction=urn:x
//! parameter recipients=a,b
//! script
console.log(request.body, request.headers['Content-Type'], request.headers.soapAction, request.method);
console.log(request.parameters.recipients.split(','), request.parameters.none, typeof request.requestId);
request.body = 'changed';
var request = request.body + '!';
console.log(request);
//! expects
<soap/> text/xml urn:x POST
["a","b"] undefined string
changed!
