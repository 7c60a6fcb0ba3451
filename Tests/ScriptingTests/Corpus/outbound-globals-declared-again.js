//! kind outbound
//! body {"eventIdentifier":1}
//! global {"event":{"eventId":"5"},"response":{"response":"Yes"},"notification":{"deliveryStatus":"DELIVERED"}}
//! script
const callback = JSON.parse(request.body);
let response = http.request({ endpoint: 'A', path: '/' }).write();
function nested() { let event = 'inner'; return event; }
var event = event.eventId;
console.log(callback.eventIdentifier, response.statusCode, nested(), event, notification.deliveryStatus);
throw new Error('on line six');
//! expects
> GET A /
1 200 inner 5 DELIVERED
! thrown: Error: on line six at 6:11
