//! kind createEvent
//! body {"ticket":"INC1","team":"Database Ops","bridge":true,"sev":1}
//! script
// What the request says, as an alert. Each field may be left out.
var data = JSON.parse(request.body);

// trigger.properties: by the names that the form has.
trigger.properties = {
    'Ticket Number': data.ticket,
    'Services affected': ['Network', 'Email'],
    'Region': [{ 'category': 'Country', 'value': 'USA' }, { 'category': 'State', 'value': 'CA' }],
    'Customer impacting': false
};
trigger.recipients = [];
trigger.recipients.push({ 'id': data.team, 'recipientType': 'GROUP', 'responseCountThreshold': 2 });
trigger.recipients.push({ 'id': 'mmcbride|Work Email' });
trigger.priority = data.sev == "1" ? 'HIGH' : 'LOW';
trigger.expirationInMinutes = 60;
trigger.bypassPhoneIntro = true;
trigger.escalationOverride = false;
trigger.overrideDeviceRestrictions = true;
trigger.requirePhonePassword = false;
trigger.voicemailOptions = { 'retry': 1, 'every': 60, 'leave': 'callbackonly' };
if (data.bridge) trigger.conference = { 'type': 'BRIDGE' };
trigger.responseOptions = [{ 'id': 'fee39ecf-75a7-45eb-9e63-ffc441499c4f' }];
trigger.targetAllDevices = false;
trigger.targetDeviceNames = [{ 'name': 'Work Email' }];
trigger.otherResponseCountThreshold = 3;
trigger.senderOverrides = { 'displayName': 'Ops', 'callerId': '+15551234567' };

var response = form.post(trigger);
if (response.statusCode < 200 || response.statusCode > 299) throw response;
console.log('alert', response.body.id);
//! expects
> form {"properties":{"Ticket Number":"INC1","Services affected":["Network","Email"],"Region":[{"category":"Country","value":"USA"},{"category":"State","value":"CA"}],"Customer impacting":false},"recipients":[{"id":"Database Ops","recipientType":"GROUP","responseCountThreshold":2},{"id":"mmcbride|Work Email"}],"priority":"HIGH","expirationInMinutes":60,"bypassPhoneIntro":true,"escalationOverride":false,"overrideDeviceRestrictions":true,"requirePhonePassword":false,"voicemailOptions":{"retry":1,"every":60,"leave":"callbackonly"},"conference":{"type":"BRIDGE"},"responseOptions":[{"id":"fee39ecf-75a7-45eb-9e63-ffc441499c4f"}],"targetAllDevices":false,"targetDeviceNames":[{"name":"Work Email"}],"otherResponseCountThreshold":3,"senderOverrides":{"displayName":"Ops","callerId":"+15551234567"}}
alert 4711
