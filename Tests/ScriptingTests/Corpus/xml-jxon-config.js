//! script
var xml = '<Root><A/><B>5</B><C>true</C><d e="1">2001-01-01</d></Root>';
console.log(JXON.parse(xml));
XMLUtils.JXON.config({ lowerCaseTags: false, trueIsEmpty: false, parseValues: false });
console.log(JXON.parse(xml));
JXON.config({ valueKey: '_', attrPrefix: '$', autoDate: false, parseValues: true });
console.log(JXON.parse(xml));
//! expects
{"root":{"a":true,"b":5,"c":true,"d":{"@e":1,"keyValue":"2001-01-01T00:00:00.000Z"}}}
{"Root":{"A":"","B":"5","C":"true","d":{"@e":"1","keyValue":"2001-01-01"}}}
{"Root":{"A":"","B":5,"C":true,"d":{"$e":1,"_":"2001-01-01"}}}
