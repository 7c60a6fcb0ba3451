//! script
class Ticket { constructor(id) { this.id = id; } get label() { return `#${this.id}`; } static of(...ids) { return ids.map((i) => new Ticket(i)); } }
const [first, ...rest] = Ticket.of(1, 2, 3);
const { id: number, missing = 'none' } = first;
function* count() { yield* [1, 2]; }
const seen = new Map([['a', new Set([1])]]);
console.log(first.label, rest.length, number, missing, [...count()], seen, Object.assign({}, { ...first }));
console.log([1, 2, 3].includes(2), 'abc'.padStart(5, '-'), Object.entries({ a: 1 }), [3, 1].sort(), 2 ** 3);
let value = null ?? 'default';
console.log(value, first?.none?.x, 'a-b-c'.replaceAll('-', '+'), Symbol('s').toString());
//! expects
#1 2 1 none [1,2] [["a",[1]]] {"id":1}
true --abc [["a",1]] [1,3] 8
default undefined a+b+c Symbol(s)
