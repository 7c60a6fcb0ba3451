import CLibXML2

/// Expressions of XPath 1.0 over a tree that a script's DOM was written out as. libxml2 evaluates them; it parses
/// no document, loads nothing, and calls nothing back.
struct XPathTree {
    enum Value {
        case boolean(Bool)
        case number(Double)
        case text(String)
        /// Numbers of nodes, in the order of the document.
        case nodes([Int])
    }

    struct Problem: Error {
        var message: String
    }

    /// Steps that one evaluation may take; after that it is given up. Some seconds.
    private static let stepsMax: UInt = 20_000_000

    /// For each node a letter and what makes it up: D is the root; E prefix, name and namespace of an element, A the
    /// same and a value of an attribute of it, T C and P the others; X ends an element or the root.
    let parts: [String]

    /// - Parameters:
    ///   - namespaces: Prefixes of the expression, each with its namespace behind it.
    ///   - index: The node that the expression is seen from: nodes are counted as they come in the list.
    func evaluate(_ expression: String, namespaces: [String], at index: Int) throws -> Value {
        var tree = Tree()
        defer { tree.free() }
        try tree.read(parts)
        guard tree.nodes.indices.contains(index), let context = xmlXPathNewContext(tree.document) else {
            throw Problem(message: "the node is not part of its document")
        }
        defer { xmlXPathFreeContext(context) }
        context.pointee.node = tree.nodes[index]
        context.pointee.opLimit = Self.stepsMax
        context.pointee.error = { _, _ in }
        for pair in stride(from: 0, to: namespaces.count - 1, by: 2) {
            xmlXPathRegisterNs(context, namespaces[pair], namespaces[pair + 1])
        }
        guard let object = xmlXPathEvalExpression(expression, context) else {
            throw Problem(message: "\(Self.reason(context.pointee.lastError.code)): \(expression.prefix(200))")
        }
        defer { xmlXPathFreeObject(object) }
        return value(of: object.pointee, tree)
    }

    private static func reason(_ code: Int32) -> String {
        switch xmlParserErrors(UInt32(bitPattern: code)) {
        case XML_XPATH_UNDEF_PREFIX_ERROR: "a prefix stands for no namespace"
        case XML_XPATH_UNKNOWN_FUNC_ERROR: "there is no such function"
        case XML_XPATH_INVALID_ARITY, XML_XPATH_INVALID_TYPE: "a function has the wrong arguments"
        case XML_XPATH_UNDEF_VARIABLE_ERROR: "there are no variables"
        case XML_XPATH_MEMORY_ERROR: "it needs too much memory"
        // These two have no name in that list, only in the one that it continues.
        case xmlParserErrors(XML_XPATH_EXPRESSION_OK.rawValue + XPATH_OP_LIMIT_EXCEEDED.rawValue):
            "it takes too many steps"
        case xmlParserErrors(XML_XPATH_EXPRESSION_OK.rawValue + XPATH_RECURSION_LIMIT_EXCEEDED.rawValue):
            "it is too deep"
        default: "the expression is not valid"
        }
    }

    private func value(of object: xmlXPathObject, _ tree: Tree) -> Value {
        switch object.type {
        case XPATH_BOOLEAN: return .boolean(object.boolval != 0)
        case XPATH_NUMBER: return .number(object.floatval)
        case XPATH_STRING: return .text(object.stringval.map { String(cString: $0) } ?? "")
        default:
            guard let set = object.nodesetval else { return .nodes([]) }
            xmlXPathNodeSetSort(set)
            let found = (0..<Int(set.pointee.nodeNr)).compactMap { set.pointee.nodeTab[$0] }
            return .nodes(found.compactMap { Tree.number(of: $0) })
        }
    }
}

/// A tree of libxml2's in the making.
private struct Tree {
    let document = xmlNewDoc("1.0")
    /// As they come in the list.
    private(set) var nodes: [UnsafeMutablePointer<xmlNode>] = []
    private var parent: UnsafeMutablePointer<xmlNode>?

    func free() { xmlFreeDoc(document) }

    /// What ``remember(_:)`` has written down; `nil` of a node that is none of the list's.
    static func number(of node: UnsafeMutablePointer<xmlNode>) -> Int? {
        // A namespace stands in a set as a structure of its own, without a place for a number.
        guard node.pointee.type != XML_NAMESPACE_DECL else { return nil }
        return node.pointee._private.map { Int(bitPattern: $0) - 1 }
    }

    mutating func read(_ parts: [String]) throws {
        var rest = parts[...]
        func lack() -> XPathTree.Problem { XPathTree.Problem(message: "the tree cannot be built") }
        func take() throws -> String {
            guard let part = rest.popFirst() else { throw lack() }
            return part
        }
        guard let document else { throw lack() }
        let root = UnsafeMutableRawPointer(document).assumingMemoryBound(to: xmlNode.self)
        parent = root
        while let letter = rest.popFirst() {
            switch letter {
            case "D": remember(root)
            case "E":
                let (prefix, name, uri) = (try take(), try take(), try take())
                guard let node = xmlNewDocNode(document, nil, name, nil) else { throw lack() }
                node.pointee.ns = namespace(prefix, uri, for: node)
                try add(node, or: lack())
                parent = node
            case "A":
                let (prefix, name, uri, value) = (try take(), try take(), try take(), try take())
                guard let parent, parent != root,
                    let attribute = xmlNewNsProp(parent, namespace(prefix, uri, for: parent), name, value)
                else { throw lack() }
                remember(UnsafeMutableRawPointer(attribute).assumingMemoryBound(to: xmlNode.self))
            case "T": try addText(take(), or: lack())
            case "C": try add(xmlNewDocComment(document, take()), or: lack())
            case "P":
                let target = try take()
                try add(xmlNewDocPI(document, target, take()), or: lack())
            case "X": parent = parent?.pointee.parent ?? root
            default: throw lack()
            }
        }
    }

    private mutating func remember(_ node: UnsafeMutablePointer<xmlNode>) {
        nodes.append(node)
        // Of texts that are one for XPath, the first.
        if node.pointee._private == nil { node.pointee._private = UnsafeMutableRawPointer(bitPattern: nodes.count) }
    }

    private mutating func add(
        _ node: UnsafeMutablePointer<xmlNode>?, or lack: XPathTree.Problem
    ) throws {
        guard let node, let parent, xmlAddChild(parent, node) != nil else { throw lack }
        remember(node)
    }

    /// Adjacent texts are one node for XPath. (`xmlAddChild` would free what it appends.)
    private mutating func addText(_ text: String, or lack: XPathTree.Problem) throws {
        if let last = parent?.pointee.last, last.pointee.type == XML_TEXT_NODE {
            guard xmlTextConcat(last, text, Int32(clamping: text.utf8.count)) == 0 else { throw lack }
            remember(last)
        } else {
            try add(xmlNewDocText(document, text), or: lack)
        }
    }

    private func namespace(
        _ prefix: String, _ uri: String, for node: UnsafeMutablePointer<xmlNode>
    ) -> UnsafeMutablePointer<xmlNs>? {
        guard !uri.isEmpty else { return nil }
        var known = node.pointee.nsDef
        while let one = known {
            let isPrefix = one.pointee.prefix.map { String(cString: $0) } ?? "" == prefix
            if isPrefix, one.pointee.href.map({ String(cString: $0) }) == uri { return one }
            known = one.pointee.next
        }
        return xmlNewNs(node, uri, prefix.isEmpty ? nil : prefix)
    }
}
