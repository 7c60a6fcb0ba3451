//! script
var soap = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><ns2:Result xmlns:ns2="urn:sch" kind="k"><ns2:name>first</ns2:name><ns2:name lang="de">second</ns2:name><plain>3</plain><plain>4</plain></ns2:Result></soapenv:Body></soapenv:Envelope>';
var doc = new XMLUtils.DOMParser().parseFromString(soap);
var select = XMLUtils.xpath.useNamespaces({ soap: 'http://schemas.xmlsoap.org/soap/envelope/', sch: 'urn:sch' });
var result = select('/soap:Envelope/soap:Body/sch:Result', doc)[0];
console.log(result.nodeName, select('sch:name/text()', result)[0].data, select('sch:name', result).length);
console.log(select('sch:name[@lang="de"]/text()', result)[0].data, select('@kind', result)[0].value, select('string(sch:name[2])', result));
console.log(select('count(//plain)', doc), select('sum(//plain)', doc), select('//plain = 4', doc), select('//none', doc).length, select('//name', doc).length);
console.log(select('//plain[last()]', doc, true).textContent, select('//none', doc, true), XMLUtils.xpath.select1('//plain', doc).firstChild.data);
console.log(XMLUtils.xpath.select('//soapenv:Body/*', doc)[0].localName, XMLUtils.xpath.select("//*[local-name()='name']", doc).length);
console.log(select('ancestor::soap:Body', result).length, select('//plain/preceding-sibling::*[1]', doc).map(function (n) { return n.textContent; }));
console.log(select('//sch:name | //plain', doc).map(function (n) { return n === n.ownerDocument ? '' : n.textContent; }).join());
try { select('//[', doc); } catch (e) { console.log(e.message); }
try { select('//other:x', doc); } catch (e) { console.log(e.message); }
select('//x', null);
//! expects
ns2:Result first 2
second k second
2 7 true 0 0
4 undefined 3
Result 2
1 ["second","3"]
first,second,3,4
xpath: the expression is not valid: //[
xpath: a prefix stands for no namespace: //other:x
! thrown: Error: xpath: the second argument has to be a node at 14:1
