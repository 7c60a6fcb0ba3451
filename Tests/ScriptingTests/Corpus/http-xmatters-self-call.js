//! kind runScript
//! constant FORM_URL=/api/integration/1/functions/123/triggers?apiKey=k
//! answer {"statusCode":202,"body":"{\"requestId\":\"r\"}"}
//! script
var trigger = {};
trigger.properties = { 'Summary': 'x' };
var response = http.request({ 'endpoint': 'xMatters', 'path': constants['FORM_URL'], 'method': 'POST', 'headers': { 'Content-Type': 'application/json' } }).write(trigger);
if (response.statusCode == 200 || response.statusCode == 202) console.log(JSON.parse(response.body).requestId);
//! expects
> POST xMatters /api/integration/1/functions/123/triggers?apiKey=k
>   Content-Type: application/json
>   {"properties":{"Summary":"x"}}
r
