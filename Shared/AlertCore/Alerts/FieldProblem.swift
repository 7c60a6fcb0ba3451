/// A field of a request that cannot be accepted, and why.
public struct FieldProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// As in `recipients[0].id`.
    public let field: String
    public let problem: String

    public init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    public var description: String { "\(field) \(problem)" }
}

extension FieldProblem {
    static func wrongKind(_ field: String, _ wanted: String, _ given: JSONValue) -> FieldProblem {
        FieldProblem(field, "has to be \(wanted); it is \(given.kindName)")
    }

    static func invalidChoice(_ field: String, _ given: String, _ valid: [String]) -> FieldProblem {
        FieldProblem(
            field, "contains an invalid value: \(given). Valid values include: \(valid.joined(separator: ", "))")
    }
}

/// The fields of an object in a request. What is `null` is not there; numbers and booleans may come as text, as
/// templates of monitoring tools write them.
struct FieldReader {
    let fields: [String: JSONValue]
    /// Before each name in a problem: empty, or as in `callbacks[0].`.
    let prefix: String

    init(_ fields: [String: JSONValue], prefix: String = "") {
        self.fields = fields
        self.prefix = prefix
    }

    func path(_ name: String) -> String { prefix + name }

    subscript(name: String) -> JSONValue? {
        guard let value = fields[name], value != .null else { return nil }
        return value
    }

    /// - Parameter limit: Characters.
    func text(_ name: String, limit: Int) throws(FieldProblem) -> String? {
        guard let given = self[name] else { return nil }
        guard let text = given.string else { throw .wrongKind(path(name), "a string", given) }
        guard text.count <= limit else {
            throw FieldProblem(path(name), "has \(text.count) characters; the most is \(limit)")
        }
        return text
    }

    func flag(_ name: String) throws(FieldProblem) -> Bool? {
        guard let given = self[name], given != "" else { return nil }
        if let value = given.bool { return value }
        switch given.string?.lowercased() {
        case "true": return true
        case "false": return false
        default: throw .wrongKind(path(name), "true or false", given)
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(FieldProblem) -> Int? {
        guard let given = self[name], given != "" else { return nil }
        guard let value = Self.integer(given) else { throw .wrongKind(path(name), "a whole number", given) }
        guard let number = Int(exactly: value), range.contains(number) else {
            throw FieldProblem(
                path(name), "is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func integer(_ value: JSONValue) -> Int64? {
        switch value {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number)
        case .string(let text): Int64(text)
        case .null, .bool, .array, .object: nil
        }
    }

    func object(_ name: String) throws(FieldProblem) -> FieldReader? {
        guard let given = self[name] else { return nil }
        guard let object = given.object else { throw .wrongKind(path(name), "an object", given) }
        return FieldReader(object, prefix: "\(path(name)).")
    }

    /// - Parameter limit: How many elements there may be.
    func list(_ name: String, limit: Int) throws(FieldProblem) -> [JSONValue]? {
        guard let given = self[name] else { return nil }
        guard let list = given.array else { throw .wrongKind(path(name), "an array", given) }
        guard list.count <= limit else {
            throw FieldProblem(path(name), "has \(list.count) elements; the most is \(limit)")
        }
        return list
    }

    func objects(_ name: String, limit: Int) throws(FieldProblem) -> [FieldReader]? {
        guard let list = try list(name, limit: limit) else { return nil }
        var readers: [FieldReader] = []
        for (index, item) in list.enumerated() {
            let path = "\(path(name))[\(index)]"
            guard let object = item.object else { throw .wrongKind(path, "an object", item) }
            readers.append(FieldReader(object, prefix: "\(path)."))
        }
        return readers
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Choice.Type = Choice.self
    ) throws(FieldProblem) -> Choice? {
        guard let text = try text(name, limit: 1000), !text.isEmpty else { return nil }
        if let choice = Choice.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) {
            return choice
        }
        throw .invalidChoice(path(name), text, Choice.allCases.map(\.rawValue))
    }
}
