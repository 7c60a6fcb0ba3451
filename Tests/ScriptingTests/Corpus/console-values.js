//! script
console.log('text', 1.5, -0, true, null, undefined, [1, ['a']], { a: { b: 'c' } });
console.info('i'); console.warn('w', { a: 1 }); console.error(new TypeError('bad')); console.debug();
console.log(function named() {}, () => 1, Symbol('x'), 10n, /re/g, new Date(0), NaN, new String('boxed'));
var circular = { name: 'c' }; circular.self = circular;
console.log(circular, [undefined, function f() {}], new Error(''), Object.create(null));
console.log({ when: new Date(0), list: new Set([1]), nested: new Error('deep') });
console.log('%s is not a format', 'this');
console.log({ toString: function () { return 'own'; } }, { toJSON: function () { return 'json'; } });
//! expects
text 1.5 0 true null undefined [1,["a"]] {"a":{"b":"c"}}
i
[warn] w {"a":1}
[error] TypeError: bad
[debug] 
function named function (anonymous) Symbol(x) 10 /re/g 1970-01-01T00:00:00.000Z NaN boxed
{"name":"c","self":"[Circular]"} [null,"function f"] Error {}
{"when":"1970-01-01T00:00:00.000Z","list":[1],"nested":"Error: deep"}
%s is not a format this
{"toString":"function toString"} "json"
