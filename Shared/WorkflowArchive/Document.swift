import AlertCore

/// An object of a file, read as liberally as sense allows: numbers and booleans may be texts, a field may have one of
/// several names. What is of the wrong kind is noted and counts as absent.
struct Document {
    let fields: [String: JSONValue]
    /// Where it stands: see ``ImportNote/path``.
    let path: String
    let notes: Notes

    init(_ fields: [String: JSONValue], at path: String, _ notes: Notes) {
        self.fields = fields
        self.path = path
        self.notes = notes
    }

    init?(_ value: JSONValue?, at path: String, _ notes: Notes) {
        guard let fields = value?.object else { return nil }
        self.init(fields, at: path, notes)
    }

    /// The field of the first name that there is; `null` is as good as nothing.
    subscript(_ names: String...) -> JSONValue? { find(names)?.value }

    func has(_ name: String) -> Bool { fields[name] != nil }

    private func find(_ names: [String]) -> (name: String, value: JSONValue)? {
        for name in names {
            if let value = fields[name], value != .null { return (name, value) }
        }
        return nil
    }

    func text(_ names: String...) -> String? {
        guard let (name, value) = find(names) else { return nil }
        switch value {
        case .string(let text): return text
        case .integer, .number, .bool: return value.readable
        case .null, .array, .object: return wrong(name, "a text", value)
        }
    }

    /// A text with something in it.
    func filled(_ names: String...) -> String? {
        guard let (_, value) = find(names), case .string(let text) = value, !text.isEmpty else { return nil }
        return text
    }

    func flag(_ names: String...) -> Bool? {
        guard let (name, value) = find(names) else { return nil }
        return value.readFlag ?? wrong(name, "true or false", value)
    }

    func whole(_ names: String...) -> Int? {
        guard let (name, value) = find(names) else { return nil }
        if value == "" { return nil }
        return value.readWhole ?? wrong(name, "a whole number", value)
    }

    func number(_ names: String...) -> Double? {
        guard let (name, value) = find(names) else { return nil }
        switch value {
        case "": return nil
        case .integer(let number): return Double(number)
        case .number(let number): return number
        case .string(let text):
            guard let number = Double(text), number.isFinite else { return wrong(name, "a number", value) }
            return number
        case .null, .bool, .array, .object: return wrong(name, "a number", value)
        }
    }

    func list(_ names: String...) -> [JSONValue]? {
        guard let (name, value) = find(names) else { return nil }
        return value.array ?? wrong(name, "a list", value)
    }

    /// The objects of a list, with their places; others are noted.
    func documents(_ names: String...) -> [(index: Int, document: Document)] {
        guard let (name, value) = find(names) else { return [] }
        guard let list = value.array else {
            let _: Int? = wrong(name, "a list", value)
            return []
        }
        return list.enumerated().compactMap { index, value in
            let place = place("\(name)[\(index)]")
            guard let document = Document(value, at: place, notes) else {
                notes.add(.unusable, place, "is \(value.kindName), not an object")
                return nil
            }
            return (index, document)
        }
    }

    func document(_ names: String...) -> Document? {
        guard let (name, value) = find(names) else { return nil }
        return Document(value, at: place(name), notes) ?? wrong(name, "an object", value)
    }

    /// The names of an enumeration; ignores case. An unknown one is noted.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ names: String..., as type: Choice.Type = Choice.self
    ) -> Choice? {
        guard let (name, value) = find(names), value != "" else { return nil }
        guard let text = value.string else { return wrong(name, "a text", value) }
        if let choice = Choice.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) {
            return choice
        }
        note(.unusable, name, "unknown \(name) \(text.prefix(100))")
        return nil
    }

    /// Where a field stands.
    func place(_ field: String) -> String {
        // A document by itself ends with its file's name; a place in one has come after a colon already.
        path.contains(": ") ? (field.hasPrefix("[") ? path + field : "\(path).\(field)") : "\(path): \(field)"
    }

    func note(_ kind: ImportNote.Kind, _ field: String? = nil, _ message: String) {
        notes.add(kind, field.map(place) ?? path, message)
    }

    private func wrong<Value>(_ name: String, _ expected: String, _ value: JSONValue) -> Value? {
        note(.unusable, name, "is \(value.kindName), not \(expected)")
        return nil
    }
}

extension JSONValue {
    var readFlag: Bool? {
        switch self {
        case .bool(let flag): flag
        case .integer(0): false
        case .integer(1): true
        case .string(let text): ["true": true, "false": false, "1": true, "0": false][text.lowercased()]
        default: nil
        }
    }

    var readWhole: Int? {
        switch self {
        case .integer(let number): Int(number)
        case .number(let number): Int(exactly: number)
        case .string(let text): Int(text)
        default: nil
        }
    }

    init(_ number: Int) { self = .integer(Int64(number)) }

    /// A whole number where it is one.
    init(_ number: Double) { self = Int64(exactly: number).map(JSONValue.integer) ?? .number(number) }
}

/// What of a document follows from the present values: field by field, always in the same order. The first of several
/// names is the one to write where the document has none.
struct DocumentFields {
    private(set) var all: [(names: [String], value: JSONValue?)] = []

    mutating func add(_ names: String..., value: JSONValue?) { all.append((names, value)) }

    mutating func add(_ names: String..., text: String?) { all.append((names, text.map(JSONValue.string))) }

    /// A text that is left out of a new document when it is empty.
    mutating func add(_ names: String..., optional text: String) {
        all.append((names, text.isEmpty ? nil : .string(text)))
    }

    mutating func add(_ names: String..., flag: Bool) { all.append((names, .bool(flag))) }

    mutating func add(_ names: String..., whole: Int?) { all.append((names, whole.map(JSONValue.init(_:)))) }

    /// The document with the fields in their place that differ from what was read from it. All others stay as they
    /// are, spelled as they are.
    /// - Parameter before: What the present reading makes of the document.
    func merged(into archived: JSONValue?, before: DocumentFields?) -> [String: JSONValue] {
        var document = archived?.object ?? [:]
        for (index, field) in all.enumerated() {
            if let before, before.all.indices.contains(index), before.all[index].value == field.value { continue }
            let name = field.names.first { document[$0] != nil } ?? field.names[0]
            document[name] = field.value
        }
        return document
    }
}
