//! body <Env:Envelope xmlns:Env="urn:e"><Env:Body><emEvent id="07" State="on"><Text>hello</Text><Empty/><Blank> </Blank><Num>007</Num><Neg>-1.5</Neg><Flag>TRUE</Flag><When>2017-04-12T23:01:49Z</When><Host>10.0.0.1</Host><Name>Server 5</Name><Nil xsi:nil="true"/><Item>a</Item><Item n="2">b</Item><Item/><Data><![CDATA[<raw> ]]></Data><Mixed>one<b>two</b>three</Mixed></emEvent></Env:Body></Env:Envelope>
//! script
var data = JXON.parse(request.body);
console.log(Object.keys(data), data['env:envelope']['@xmlns:env']);
var event = data['env:envelope']['env:body'].emevent;
console.log(event['@id'], event['@state'], event.text, event.empty, event.blank, event.num, event.neg, event.flag);
console.log(event.when instanceof Date, event.when.toISOString(), event.host, event.name, event.nil['@xsi:nil']);
console.log(Array.isArray(event.item), event.item.length, event.item[1].keyValue, event.item[1]['@n'], event.item[2]);
console.log(JSON.stringify(event.data), event.mixed, JXON === XMLUtils.JXON);
//! expects
["env:envelope"] urn:e
7 on hello true {} 7 -1.5 true
true 2017-04-12T23:01:49.000Z 10.0.0.1 Server 5 true
true 3 b 2 true
"<raw> " {"b":"two","keyValue":"onethree"} true
