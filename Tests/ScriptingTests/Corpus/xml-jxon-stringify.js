//! script
var text = JXON.stringify({
    request: {
        '@version': 2, '@xmlns': 'urn:x', name: 'a < b & "c"', count: 5, ok: true, none: null, list: ['x', 'y'],
        nested: { keyValue: 'text', '@id': 'n1', inner: { deep: false } }
    }
});
console.log(text);
console.log(JXON.parse(text).request.nested, JXON.parse(text).request.name);
console.log(JXON.stringify({ a: { keyAttributes: { x: '1' }, when: new Date(0) } }));
//! expects
<request version="2" xmlns="urn:x"><name>a &lt; b &amp; "c"</name><count>5</count><ok/><none/><list>x</list><list>y</list><nested id="n1">text<inner><deep>false</deep></inner></nested></request>
{"inner":{"deep":false},"@id":"n1","keyValue":"text"} a < b & "c"
<a x="1"><when>1970-01-01T00:00:00.000Z</when></a>
