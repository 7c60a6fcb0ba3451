//! kind runScript
//! script
var request = http.request({ endpoint: 'A', path: '/x', method: 'POST' });
request.write();
request.write('as it is');
request.write('');
request.write({ a: [1, 'ü', null], b: undefined, d: new Date(0) });
request.write([1]);
request.write(52);
request.write(new String('boxed'));
request.write(unescape(encodeURIComponent(JSON.stringify({ s: 'ü' }))));
http.request({ endpoint: 'A', method: 'PUT', headers: { 'content-TYPE': 'text/x' } }).write({});
request.write(null);
//! expects
> POST A /x
> POST A /x
>   as it is
> POST A /x
>   
> POST A /x
>   Content-Type: application/json
>   {"a":[1,"ü",null],"d":"1970-01-01T00:00:00.000Z"}
> POST A /x
>   Content-Type: application/json
>   [1]
> POST A /x
>   52
> POST A /x
>   boxed
> POST A /x
>   {"s":"Ã¼"}
> PUT A 
>   content-TYPE: text/x
>   {}
> POST A /x
