//! kind outbound
//! body {"eventIdentifier":"869000","date":"17-04-12 23:01:49.102","status":"terminated_external","username":"mmcbride","eventProperties":[]}
//! constant INITIATOR=mmcbride
//! script
/*
 * STATUS:         payload.status, payload.username
 * DELIVERYSTATUS: payload.deliveryStatus, payload.recipient, payload.device
 * RESPONSE:       payload.response, payload.annotation
 * ANNOTATION:     payload.comment, payload.author.targetName
 */
const payload = JSON.parse(request.body);
const properties = payload.eventProperties.reduce(function (all, one) {
    Object.keys(one).forEach(function (key) { all[key] = one[key]; });
    return all;
}, {});
if (payload.status.indexOf('terminated') > -1 && payload.username === constants.INITIATOR) {
    console.log('ended by ourselves', properties);
    return;
}
console.log('not reached');
//! expects
ended by ourselves {}
