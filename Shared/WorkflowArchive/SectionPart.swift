import AlertCore

/// `layoutSections[]` (spec §7.1).
extension FormSection: WorkflowPart {
    static let noun = "section"

    private static let kinds: [(number: Int, kind: Kind)] = [
        (1, .custom), (2, .recipients), (3, .deviceFilter), (4, .handling), (5, .conferenceBridge),
        (8, .senderOverrides),
    ]

    static func read(_ document: Document, id: String, _ scope: Scope) -> FormSection? {
        let type = type(document)
        var section = FormSection(
            id: id, title: document.text("title", "name", "label") ?? "", type: type,
            visible: document.flag("isVisible", "visible") ?? true,
            collapsed: document.flag("isCollapsed", "collapsed") ?? false,
            orderNum: document.whole("order", "orderNum") ?? 0)
        var archived = document.fields
        if let list = document.list("sectionItems", "items") {
            let field = document.has("sectionItems") ? "sectionItems" : "items"
            let read = PartList.read(
                Item.self, list, at: document.place(field), scope, owner: id, skipping: isSystem)
            section.items = read.parts
            archived[field] = .array(read.slots)
        }
        if let bridgeType = document.filled("bridgeType") { section.settings = ["bridgeType": .string(bridgeType)] }
        section.archived = .object(archived)
        return section
    }

    /// The platform's own properties: what they set is read with the form's handling.
    private static func isSystem(_ item: Document) -> Bool {
        item.filled("propertyName")?.hasPrefix(":system:") == true
    }

    private static func type(_ document: Document) -> String {
        guard let value = document["sectionType", "type"] else { return Kind.custom.rawValue }
        guard let number = value.readWhole else { return value.string ?? Kind.custom.rawValue }
        if let kind = kinds.first(where: { $0.number == number })?.kind { return kind.rawValue }
        document.note(.kept, "sectionType", "unknown section type \(number): it does nothing here")
        return String(number)
    }

    func fields(_ scope: Scope) -> DocumentFields {
        let number = Self.kinds.first { $0.kind.rawValue == type }?.number ?? Int(type)
        var fields = DocumentFields()
        fields.add("id", "uuid", text: archived?["id"] == nil && archived?["uuid"] == nil ? nil : id)
        fields.add("sectionType", "type", value: number.map { JSONValue($0) } ?? .string(type))
        fields.add("title", "name", "label", text: title)
        fields.add("isVisible", "visible", flag: visible)
        fields.add("isCollapsed", "collapsed", flag: collapsed)
        fields.add("order", "orderNum", whole: orderNum)
        fields.add("bridgeType", value: settings?["bridgeType"])
        return fields
    }

    var original: JSONValue? {
        PartList.original(PartList.original(archived, "sectionItems", items), "items", items)
    }

    func lists(_ scope: Scope) -> [String: [String: JSONValue]] {
        let field = archived?["items"] != nil && archived?["sectionItems"] == nil ? "items" : "sectionItems"
        return [
            field: Dictionary(items.map { ($0.id, $0.document(scope)) }, uniquingKeysWith: { first, _ in first })
        ]
    }
}

/// `sectionItems[]`: a property on a form.
extension FormSection.Item: WorkflowPart, Archived {
    static let noun = "section item"

    static func read(_ document: Document, id: String, _ scope: Scope) -> FormSection.Item? {
        guard let name = document.filled("propertyName", "name") else {
            document.note(.unusable, "propertyName", "is missing")
            return nil
        }
        let plain = name.hasSuffix("#en") ? String(name.dropLast(3)) : name
        guard let property = scope.properties[name] ?? scope.properties[plain.lowercased()] else {
            document.note(.unusable, "propertyName", "the file has no property \(name.prefix(100))")
            return nil
        }
        return FormSection.Item(
            id: id, orderNum: document.whole("order", "orderNum") ?? 0,
            required: document.flag("isRequired", "required") ?? false,
            multiLineText: document.flag("textIsMultiLine", "multiLineText") ?? false,
            visible: document.flag("isVisible", "visible") ?? true,
            includeInCallback: document.flag("isIncludeInCallbacks", "isIncludeInCallback", "includeInCallback")
                ?? false,
            propertyDefinition: property, archived: .object(document.fields))
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("id", "uuid", text: id)
        fields.add("propertyName", "name", text: scope.propertyNames[propertyDefinition])
        fields.add("order", "orderNum", whole: orderNum)
        fields.add("isRequired", "required", flag: required)
        fields.add("textIsMultiLine", "multiLineText", flag: multiLineText)
        fields.add("isVisible", "visible", flag: visible)
        fields.add(
            "isIncludeInCallbacks", "isIncludeInCallback", "includeInCallback", flag: includeInCallback)
        return fields
    }
}
