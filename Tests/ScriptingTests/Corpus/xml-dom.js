//! script
var parser = new XMLUtils.DOMParser();
var doc = parser.parseFromString('<?xml version="1.0"?><!-- c --><root a="1"><x>one</x>\n<x>two</x><![CDATA[raw]]></root>', 'text/xml');
var root = doc.documentElement;
console.log(root.tagName, root.childNodes.length, root.childNodes[0].firstChild.data, root.getAttribute('a'), root.getAttribute('none') === '');
console.log(doc.getElementsByTagName('x').length, doc.getElementsByTagName('x')[1].textContent, root.lastChild.nodeType, root.lastChild.data);
var made = doc.createElement('made'); made.appendChild(doc.createTextNode('<&>')); made.setAttribute('q', '"');
root.appendChild(made);
console.log(new XMLUtils.XMLSerializer().serializeToString(made), String(made), made);
var html = new XMLUtils.DOMParser().parseFromString('<p>Hi&nbsp;<b>you</b><br></p>', 'text/html');
console.log(html.documentElement.tagName, html.getElementsByTagName('b')[0].firstChild.data);
for (var i = 0; i < root.childNodes.length; i++) { var node = root.childNodes[i]; if (node.nodeType === 1) console.log(node.nodeName, node.nextSibling ? node.nextSibling.data : 'last'); }
//! expects
root 4 one 1 true
2 two 4 raw
<made q="&quot;">&lt;&amp;&gt;</made> <made q="&quot;">&lt;&amp;&gt;</made> <made q="&quot;">&lt;&amp;&gt;</made>
p you
x 

x raw
made last
