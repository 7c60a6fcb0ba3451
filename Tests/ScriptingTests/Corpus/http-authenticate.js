//! kind step
//! answer {"statusCode":200,"body":"token-1"}
//! answer {"statusCode":200,"body":"[]"}
//! refuse no endpoint named Slack
//! script
var request = http.request({
    endpoint: 'Microsoft Graph API', path: '/me', method: 'GET',
    headers: { 'Authorization': 'Bearer ' + http.authenticate('Microsoft Graph API') }
});
console.log(request.write().body);
try { http.authenticate(); } catch (e) { console.log(e.message); }
http.authenticate('Slack');
//! expects
> token Microsoft Graph API
> GET Microsoft Graph API /me
>   Authorization: Bearer token-1
> token Slack
[]
http.authenticate needs the name of an endpoint
! thrown: Error: no endpoint named Slack at 7:6
