import AlertCore

/// What documents refer to each other by, while they are read and written.
struct Scope {
    var plan: String
    var notes = Notes()
    /// Ids by names: of properties.
    var properties: [String: String] = [:]
    /// Ids by their lower-case spelling: of forms.
    var forms: [String: String] = [:]
    /// Ids by names in lower case: of endpoints.
    var endpoints: [String: String] = [:]
    /// Names by ids: of properties, of endpoints.
    var propertyNames: [String: String] = [:]
    var endpointNames: [String: String] = [:]
    /// Defaults of the platform's own properties, by name: how alerts are handled.
    var systemDefaults: [String: JSONValue] = [:]
    /// Whether there is a recipient of that name or id.
    var knowsRecipient: (String) -> Bool = { _ in true }

}

/// Something with a document of its own, or a place in a list of one.
protocol WorkflowPart: Archived, Identifiable where ID == String {
    /// What it is called in ids that are derived and in reports. Part of stored ids: never renamed.
    static var noun: String { get }
    /// The fields in which its id may stand.
    static var idFields: [String] { get }

    /// `nil` when it cannot be used; the notes say why.
    static func read(_ document: Document, id: String, _ scope: Scope) -> Self?
    func fields(_ scope: Scope) -> DocumentFields
    /// The document as it stood in the file, with the lists of parts in it.
    var original: JSONValue? { get }
    /// Its lists of parts in turn, by field.
    func lists(_ scope: Scope) -> [String: [String: JSONValue]]
}

extension WorkflowPart {
    static var idFields: [String] { ["id", "uuid"] }

    var original: JSONValue? { archived }

    func lists(_ scope: Scope) -> [String: [String: JSONValue]] { [:] }

    /// As it stands in a file today.
    func document(_ scope: Scope) -> JSONValue {
        var quiet = scope
        quiet.notes = Notes()
        let before = original.flatMap { Document($0, at: "", quiet.notes) }
            .flatMap { Self.read($0, id: id, quiet)?.fields(quiet) }
        var document = fields(quiet).merged(into: archived, before: before)
        for (field, parts) in lists(quiet) {
            let slots = archived?[field]?.array
            guard slots != nil || !parts.isEmpty || archived == nil else { continue }
            document[field] = .array(PartList.joined(slots ?? [], parts: parts, order: partOrder(field)))
        }
        return .object(document)
    }

    /// The ids of the parts in a list, in order.
    private func partOrder(_ field: String) -> [String] {
        switch self {
        case let form as Form: field == "responses" ? form.responseOptions.map(\.id) : form.sections.map(\.id)
        case let section as FormSection: section.items.map(\.id)
        default: []
        }
    }
}

/// Lists of parts: what becomes a part leaves its id behind, what does not stays as it is, so that the list can be put
/// together again.
enum PartList {
    /// - Parameters:
    ///   - known: Finds the id that something of that name has already, where names are what it goes by.
    ///   - nameKey: What two of them may not have in common; `nil` where names do not matter.
    static func read<Part: WorkflowPart>(
        _ type: Part.Type, _ list: [JSONValue], at place: String, _ scope: Scope, owner: String,
        known: (String) -> String? = { _ in nil }, nameKey: ((Part) -> String)? = nil,
        skipping: (Document) -> Bool = { _ in false }
    ) -> (parts: [Part], slots: [JSONValue]) {
        var parts: [Part] = []
        var slots: [JSONValue] = []
        var ids: Set<String> = []
        var names: Set<String> = []
        for (index, value) in list.enumerated() {
            let path = "\(place)[\(index)]"
            guard let document = Document(value, at: path, scope.notes) else {
                scope.notes.add(.unusable, path, "is \(value.kindName), not an object")
                slots.append(["raw": value])
                continue
            }
            let given = Part.idFields.lazy.compactMap { document.filled($0) }.first { IDs.isUsable($0) }
            let id =
                given ?? document.filled("name").flatMap(known)
                ?? DerivedID.uuid("workflow", owner, Part.noun, document.filled("name") ?? "\(index)")
            guard !skipping(document) else {
                slots.append(["raw": value])
                continue
            }
            guard !ids.contains(id) else {
                document.note(.unusable, nil, "there is another \(Part.noun) with the same id or name")
                slots.append(["raw": value])
                continue
            }
            guard let part = Part.read(document, id: id, scope) else {
                slots.append(["raw": value])
                continue
            }
            if let nameKey, !names.insert(nameKey(part)).inserted {
                document.note(.unusable, "name", "there is another \(Part.noun) of that name")
                slots.append(["raw": value])
                continue
            }
            ids.insert(id)
            parts.append(part)
            slots.append(.string(id))
        }
        return (parts, slots)
    }

    /// The object with the parts as they stood in the file put into the slots of a list.
    static func original(_ object: JSONValue?, _ field: String, _ parts: [some WorkflowPart]) -> JSONValue? {
        guard var fields = object?.object, let slots = fields[field]?.array else { return object }
        let byID = Dictionary(parts.map { ($0.id, $0.original) }, uniquingKeysWith: { first, _ in first })
        fields[field] = .array(
            slots.compactMap { slot in slot.string.map { byID[$0] ?? nil } ?? slot["raw"] })
        return .object(fields)
    }

    /// What is gone is left out, what is new comes at the end; parts whose order has changed stand in their present
    /// order.
    /// - Parameter order: The ids of the parts in their present order.
    static func joined(_ slots: [JSONValue], parts: [String: JSONValue], order: [String]) -> [JSONValue] {
        let placed = slots.compactMap(\.string).filter { parts[$0] != nil }
        let known = Set(placed)
        var inOrder = (order.filter { known.contains($0) }).makeIterator()
        var list: [JSONValue] = []
        for slot in slots {
            if let id = slot.string {
                if known.contains(id), let next = inOrder.next(), let part = parts[next] { list.append(part) }
            } else if let raw = slot["raw"] {
                list.append(raw)
            }
        }
        for id in order where !known.contains(id) {
            if let part = parts[id] { list.append(part) }
        }
        return list
    }
}

/// Ids and names as they come in files.
enum IDs {
    /// Names stand in indexes of the database: at most 500 bytes, without a NUL.
    static func isUsable(name: String) -> Bool { name.utf8.count <= 500 && !name.contains("\0") }

    /// Ids stand in addresses.
    static func isUsable(_ id: String) -> Bool {
        (1...100).contains(id.utf8.count)
            && id.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }
}
