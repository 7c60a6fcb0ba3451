//! body {"a":1}
//! script
payload = JSON.parse(request.body);
for (k = 0; k < 2; k++) payload['k' + k] = k;
trigger = payload;
var form;
var octal = 010;
with ({ inside: 7 }) { payload.w = inside; }
function late() { return typeof arguments.callee; }
if (true) { function inBlock() { return 'hoisted'; } }
delete payload.a;
console.log(trigger, octal, late(), inBlock(), typeof form.post, this === globalThis, escape('ä'), unescape('%E4'));
var xml = unescape(encodeURIComponent('ü'));
console.log(xml.length);
return;
//! expects
{"k0":0,"k1":1,"w":7} 8 function hoisted function true %E4 ä
2
