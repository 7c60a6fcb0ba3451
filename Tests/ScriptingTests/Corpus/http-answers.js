//! kind runScript
//! answer {"statusCode":503,"body":"busy","headers":{"Retry-After":"1"}}
//! answer {"statusCode":200,"body":"{\"n\":1}","headers":{"Content-Type":"application/json","__proto__":"x"}}
//! refuse connection refused
//! script
function writeRequestWithRetries(request, data, retries) {
    for (var attempt = 0; attempt < retries; attempt++) {
        var response = request.write(data);
        if (response.statusCode == '200') return response;
        console.log('attempt', attempt, 'answered', response.statusCode, response.body, response.headers['Retry-After']);
    }
}
var request = http.request({ 'endpoint': 'A', 'path': '/x', 'method': 'POST' });
var response = writeRequestWithRetries(request, 'data', 3);
var RESPONSE_SUCCESS = "200";
console.log(response.statusCode != RESPONSE_SUCCESS, response.statusCode === 200, typeof response.body, JSON.parse(response.body).n);
console.log(JSON.stringify(response), Object.keys(response).join());
try { request.write(); } catch (e) { console.log(e instanceof Error, e.name, e.message, String(e)); }
//! expects
> POST A /x
>   data
> POST A /x
>   data
> POST A /x
attempt 0 answered 503 busy 1
false true string 1
{"statusCode":200,"headers":{"Content-Type":"application/json","__proto__":"x"},"body":"{\"n\":1}"} statusCode,headers,body
true Error connection refused Error: connection refused
