//! kind outbound
//! body {}
//! global {"event":{"eventId":"869000","id":"6f7d","status":"ACTIVE","properties":{"number":"INC1"}},"respondedTo":{"at":"2021-03-04T05:06:07Z","by":{"id":"u1","targetName":"bsmith","firstName":"Bob","lastName":"Smith"}},"response":{"response":"Acknowledge","deviceName":"Work Email"},"annotation":null,"alert":{"alertId":"869000"},"http":"no","not a name":1,"return":2}
//! script
console.log('Alert ' + event.eventId + ' is ' + event.status + ' (' + alert.alertId + ')');
console.log(respondedTo.by.targetName + ' chose ' + response.response + ' on ' + response.deviceName);
if (annotation) console.log(annotation.comment);
console.log(event.properties.number, typeof http.request);
var response = http.request({ endpoint: 'Jira', method: 'POST', path: '/issue' }).write({ text: respondedTo.by.firstName });
event = response.statusCode;
console.log(event);
//! expects
> POST Jira /issue
>   Content-Type: application/json
>   {"text":"Bob"}
Alert 869000 is ACTIVE (869000)
bsmith chose Acknowledge on Work Email
INC1 function
200
