//! kind step
//! input Ticket Number=INC1
//! input Count=3
//! input Empty=
//! outputs Text,Number,Flag,Object,List,Nothing,Unset,Boxed
//! script
let request = http.request({ endpoint: 'A', path: '/' + input['Ticket Number'] });
let response = request.write();
console.log(typeof input.Count, input.Empty === '', input['Not there'] === '', 'Not there' in input, typeof trigger);
output['Text'] = 'a';
output.Number = 5;
output['Flag'] = false;
output['Object'] = { a: [1] };
output['List'] = [1, 2];
output['Nothing'] = null;
output['Undeclared'] = 'ignored';
output['Boxed'] = new String('boxed');
output['Unset'] = undefined;
for (var key in input) console.log(key, input[key]);
console.log(JSON.stringify(input), Object.keys(input).length, input.hasOwnProperty('Count'));
if (response.statusCode == 200) return;
output['Text'] = 'not reached';
//! expects
> GET A /INC1
string true true false undefined
Count 3
Empty 
Ticket Number INC1
{"Count":"3","Empty":"","Ticket Number":"INC1"} 3 true
= Boxed: boxed
= Flag: false
= List: [1,2]
= Nothing: null
= Number: 5
= Object: {"a":[1]}
= Text: a
