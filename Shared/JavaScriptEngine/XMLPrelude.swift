/// `XMLUtils` and `JXON` over a DOM that a library makes: loaded when a script first asks for one of them.
/// The value is a function of `native`, the DOM's library and the console.
enum XMLPrelude {
    static let source = """
        (function (native, dom, console) {
        'use strict';
        const { DOMParser, XMLSerializer, DOMImplementation } = dom;
        \(jxon)
        \(xpath)
        return { DOMParser, XMLSerializer, DOMImplementation, JXON, xpath };
        })
        """

    /// XML to objects and back, in the way and with the defaults of jxon 1.
    private static let jxon = #"""
        const options = {
            valueKey: 'keyValue', attrKey: 'keyAttributes', attrPrefix: '@', lowerCaseTags: true, trueIsEmpty: true,
            autoDate: true, ignorePrefixedNodes: false, parseValues: true,
        };
        const ELEMENT = 1, TEXT = 3, CDATA = 4;

        // Of what a generous parser takes for a date, what was written as one: an address or "Server 5" is none.
        const isISODate = /^\d{4}-\d\d(-\d\d)?([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?$/;
        const isWrittenDate = new RegExp(
            '^((mon|tue|wed|thu|fri|sat|sun)[a-z]*\\.?,?\\s+)?'
                + '(\\d{1,2}[/]\\d{1,2}[/]\\d{4}|\\d{4}[/]\\d{1,2}[/]\\d{1,2}'
                + '|\\d{1,2}[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?,?[ -]\\d{4}'
                + '|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?\\s+\\d{1,2},?\\s+\\d{4})'
                + '(,?\\s+\\d{1,2}:\\d\\d(:\\d\\d)?(\\s*[ap]m)?(\\s*(z|ut|utc|gmt|[a-z]{3})?\\s*([+-]\\d\\d:?\\d\\d)?'
                + '(\\s*\\([a-z ]+\\))?)?)?$|^(mon|tue|wed|thu|fri|sat|sun)[a-z]*\\s+[a-z]{3}\\s+\\d{1,2}\\s+'
                + '\\d\\d:\\d\\d:\\d\\d\\s+([a-z]{3,4}\\s+)?\\d{4}$', 'i');
        const isDate = (text) => (isISODate.test(text) || isWrittenDate.test(text)) && isFinite(Date.parse(text));

        function typed(text) {
            if (!options.parseValues) return text;
            if (!/\S/.test(text)) return null;
            if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
            if (isFinite(text)) return parseFloat(text);
            return options.autoDate && isDate(text) ? new Date(text) : text;
        }

        class EmptyTree {
            toString() { return 'null'; }
            valueOf() { return null; }
        }

        const cased = (name) => (options.lowerCaseTags ? name.toLowerCase() : name);

        function put(object, name, value) {
            Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
        }

        function add(object, name, value) {
            if (!Object.hasOwn(object, name)) return put(object, name, value), 1;
            if (Array.isArray(object[name])) object[name].push(value);
            else put(object, name, [object[name], value]);
            return 0;
        }

        // How much is kept: 0 objects always, 1 plain values where that loses nothing, 2 objects with the text
        // where there is some, 3 objects with text and attributes apart.
        function convert(node, verbosity, isFrozen, nestsAttributes) {
            let text = '';
            const elements = [];
            for (let child = node.firstChild; child; child = child.nextSibling) {
                if (child.nodeType === TEXT) text += child.nodeValue.trim();
                else if (child.nodeType === CDATA) text += child.nodeValue;
                else if (child.nodeType === ELEMENT && !(options.ignorePrefixedNodes && child.prefix)) {
                    elements.push(child);
                }
            }
            const attributes = node.nodeType === ELEMENT ? node.attributes : [];
            const value = typed(text);
            if (!node.firstChild && attributes.length === 0 && verbosity < 2) return options.trueIsEmpty ? true : '';
            const result = verbosity > 0 ? {} : value === null ? new EmptyTree() : Object(value);
            let count = 0;
            for (const element of elements) {
                const content = convert(element, verbosity, isFrozen, nestsAttributes);
                count += add(result, cased(element.nodeName), content);
            }
            const holder = nestsAttributes ? {} : result;
            for (let i = 0; i < attributes.length; i++) {
                const { name, value } = attributes.item(i);
                put(holder, (nestsAttributes ? '' : options.attrPrefix) + cased(name), typed(value.trim()));
            }
            count += nestsAttributes && attributes.length > 0 ? 1 : attributes.length;
            if (nestsAttributes && attributes.length > 0) {
                put(result, options.attrKey, isFrozen ? Object.freeze(holder) : holder);
            }
            if (verbosity === 3 || text && (verbosity === 2 || verbosity === 1 && count > 0)) {
                put(result, options.valueKey, value);
            } else if (verbosity < 2 && count === 0 && text) {
                return value;
            }
            return isFrozen && (verbosity > 1 || count > 0) ? Object.freeze(result) : result;
        }

        const written = (value) => (value instanceof Date ? value.toISOString() : String(value));
        const isPlain = (value) => /^\[object (String|Number|Boolean)\]$/.test(Object.prototype.toString.call(value));

        function makeElement(document, parent, name, value) {
            const namespace = value?.[options.attrPrefix + 'xmlns'] || parent.namespaceURI;
            const element =
                namespace ? document.createElementNS(namespace, name) : document.createElement(name);
            if (value === true ? !options.trueIsEmpty : value !== null && value !== undefined) {
                fill(document, element, value);
            }
            parent.appendChild(element);
        }

        function fill(document, parent, value) {
            if (value instanceof Date || isPlain(value)) {
                parent.appendChild(document.createTextNode(written(value)));
                if (typeof value !== 'object') return;
            }
            for (const name of Object.keys(value)) {
                const member = value[name];
                if (member === undefined || typeof member === 'function' || isFinite(name)) continue;
                if (name === options.valueKey) {
                    if (member !== null && member !== true) {
                        parent.appendChild(document.createTextNode(written(member)));
                    }
                } else if (name === options.attrKey) {
                    for (const attribute of Object.keys(member)) parent.setAttribute(attribute, member[attribute]);
                } else if (name.startsWith(options.attrPrefix)) {
                    parent.setAttribute(name.slice(options.attrPrefix.length), member ?? '');
                } else {
                    for (const one of Array.isArray(member) ? member : [member]) {
                        makeElement(document, parent, name, one);
                    }
                }
            }
        }

        const JXON = {
            config(changes) { Object.assign(options, changes); },
            stringToXml(text) {
                if (typeof text !== 'string' && !(text instanceof String) || !/\S/.test(text)) {
                    throw new Error('JXON.parse needs the text of an XML document');
                }
                return new DOMParser().parseFromString(String(text).replace(/^\ufeff/, ''), 'application/xml');
            },
            xmlToJs(node, verbosity, isFrozen, nestsAttributes) {
                const level = typeof verbosity === 'number' ? verbosity & 3 : 1;
                return convert(node, level, Boolean(isFrozen), nestsAttributes ?? level === 3);
            },
            stringToJs(text) { return JXON.xmlToJs(JXON.stringToXml(text)); },
            jsToXml(object, namespace, name, type) {
                const document = new DOMImplementation().createDocument(namespace || null, name || '', type || null);
                fill(document, document.documentElement || document, object);
                return document;
            },
            xmlToString(node) { return new XMLSerializer().serializeToString(node); },
            jsToString(...given) { return JXON.xmlToString(JXON.jsToXml(...given)); },
            each(list, body, self) { (Array.isArray(list) ? list : [list]).forEach(body, self); },
        };
        JXON.parse = (given) => (given?.nodeType ? JXON.xmlToJs(given) : JXON.stringToJs(given));
        JXON.stringify = JXON.jsToString;
        JXON.build = JXON.xmlToJs;
        JXON.unbuild = JXON.jsToXml;
        """#

    /// npm's `xpath`: the nodes stay here, the engine is told of the tree and answers numbers of nodes.
    private static let xpath = #"""
        const xmlns = 'http://www.w3.org/2000/xmlns/';

        // The tree as a list: a letter for each node and what makes it up; X ends an element.
        function listed(root) {
            const parts = [], nodes = [];
            const name = (node) => {
                parts.push(node.prefix || '', node.localName || node.nodeName, node.namespaceURI || '');
            };
            let node = root;
            walk: while (true) {
                let hasChildren = false;
                switch (node.nodeType) {
                    case 1:
                        nodes.push(node);
                        parts.push('E');
                        name(node);
                        for (let i = 0; i < node.attributes.length; i++) {
                            const attribute = node.attributes.item(i);
                            if (attribute.namespaceURI === xmlns || /^xmlns(:|$)/.test(attribute.name)) continue;
                            nodes.push(attribute);
                            parts.push('A');
                            name(attribute);
                            parts.push(attribute.value);
                        }
                        hasChildren = true;
                        break;
                    case 3: case 4:
                        nodes.push(node);
                        parts.push('T', node.data);
                        break;
                    case 7:
                        nodes.push(node);
                        parts.push('P', node.target, node.data ?? '');
                        break;
                    case 8:
                        nodes.push(node);
                        parts.push('C', node.data);
                        break;
                    case 9: case 11:
                        nodes.push(node);
                        parts.push('D');
                        hasChildren = true;
                        break;
                }
                if (hasChildren && node.firstChild) {
                    node = node.firstChild;
                    continue;
                }
                if (hasChildren) parts.push('X');
                while (node !== root && !node.nextSibling) {
                    node = node.parentNode;
                    parts.push('X');
                }
                if (node === root) break walk;
                node = node.nextSibling;
            }
            return { parts, nodes };
        }

        // Prefixes that nobody has declared for the expression mean what they mean at the node.
        function namespaces(expression, node, declared) {
            const list = [];
            const place = node.nodeType === 9 ? node.documentElement : node.ownerElement || node;
            for (const [, prefix] of expression.matchAll(/([\p{L}_][\p{L}\p{N}_.-]*):(?!:)/gu)) {
                const uri = declared?.(prefix) ?? (declared ? undefined : place?.lookupNamespaceURI?.(prefix));
                if (uri) list.push(prefix, String(uri));
            }
            return list;
        }

        function evaluate(expression, node, isSingle, declared) {
            expression = String(expression);
            if (!node?.nodeType) throw new Error('xpath: the second argument has to be a node');
            let root = node.nodeType === 2 ? node.ownerElement : node;
            while (root.parentNode) root = root.parentNode;
            const { parts, nodes } = listed(root);
            const result = native.xpath(
                expression, namespaces(expression, node, declared), parts, nodes.indexOf(node));
            if (!Array.isArray(result)) return result;
            const found = result.map((index) => nodes[index]);
            return isSingle ? found[0] : found;
        }

        const resolving = (resolver) =>
            typeof resolver === 'function' ? resolver : (prefix) => resolver.lookupNamespaceURI(prefix);
        const xpath = {
            select: (expression, node, isSingle) => evaluate(expression, node, isSingle),
            select1: (expression, node) => evaluate(expression, node, true),
            selectWithResolver: (expression, node, resolver, isSingle) =>
                evaluate(expression, node, isSingle, resolver ? resolving(resolver) : undefined),
            useNamespaces(map = {}) {
                const declared = (prefix) => (Object.hasOwn(map, prefix) ? map[prefix] : undefined);
                return (expression, node, isSingle) => evaluate(expression, node, isSingle, declared);
            },
        };
        """#
}
