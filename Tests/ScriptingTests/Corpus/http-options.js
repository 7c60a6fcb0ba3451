//! kind runScript
//! script
var options = [
    { endpoint: 'A', path: '/a', method: 'Get' }, { endpoint: 'A', path: 'api/v1/x?y=1', method: 'Post' },
    { endpoint: 'A', path: '//double//&&x', method: 'delete ', headers: { 'Content-Length': 52, 'X-Null': null, 'X-True': true } },
    { endpoint: 'A', path: '/a%20b?q=%26', autoEncodeURI: false }, { endpoint: 'A', path: '/q', autoEncodeURI: 'false' },
    { endpoint: 'A', path: '/q', autoEncodeURI: 'true' }, { endpoint: 'A', path: '/h', host: 'remedy.example.com' },
    { endpoint: 'A' }, { path: '/no-endpoint', endpoint: null }, { endpoint: new String('Boxed'), path: 42 }
];
for (var i = 0; i < options.length; i++) http.request(options[i]).write();
//! expects
> GET A /a
> POST A api/v1/x?y=1
> DELETE A //double//&&x
>   Content-Length: 52
>   X-True: true
> GET A /a%20b?q=%26 as it is
> GET A /q as it is
> GET A /q
> GET A /h host remedy.example.com
> GET A 
> GET - /no-endpoint
> GET Boxed 42
