//! script
console.log(JXON.parse('<Root><A/></Root>'), JXON.build(new XMLUtils.DOMParser().parseFromString('<A><B c="1"/></A>'), 3));
//! expects
{"root":{"a":true}} {"a":{"b":{"keyAttributes":{"c":1},"keyValue":null},"keyValue":null},"keyValue":null}
