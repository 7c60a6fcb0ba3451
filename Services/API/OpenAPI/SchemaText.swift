import AlertCore
import Foundation

/// Schemas in a short notation, one field a line, as JSON Schema (draft 2020-12, which OpenAPI 3.1 has):
///
///     id!: text(1..64) -- What it is referred to by.
///     status: enum(ACTIVE, INACTIVE)
///     roles: page(Role)
///     links: object
///       self!: text
///
/// `!` is for what is always there. Types are `text`, `integer` and `number`, each also with a range, `boolean`,
/// `time`, `uuid`, `any`, `enum(A, B)`, `[type]`, `[type](..9)`, `map(type)`, `page(type)`, `list(A, B)` of a query,
/// the name of another schema, and `object` or `[object]`, whose fields are the lines below that stand further in.
/// `type?` may be null; `a or b` is either. The field `*` stands for all that have another name.
struct SchemaText {
    /// Whether a field that need not be there may be null as well, as in requests.
    var allowsNull = false

    /// An object of the fields that the lines describe.
    func object(_ text: String) -> JSONValue {
        var lines = text.split(separator: "\n").map(Line.init).filter { !$0.text.isEmpty }[...]
        let schema = object(&lines, deeperThan: -1)
        precondition(lines.isEmpty, "a line stands too far out: \(lines.first?.text ?? "")")
        return schema
    }

    /// The fields in the order of the lines, for parameters.
    func fields(_ text: String) -> [SchemaField] {
        var lines = text.split(separator: "\n").map(Line.init).filter { !$0.text.isEmpty }[...]
        return fields(&lines, deeperThan: -1)
    }

    func type(_ text: String) -> JSONValue {
        var none = ArraySlice<Line>()
        return type(text.trimmingCharacters(in: .whitespaces), &none, indent: 0)
    }

    private struct Line {
        let indent: Int
        let text: String

        init(_ line: Substring) {
            indent = line.prefix { $0 == " " }.count
            text = line.trimmingCharacters(in: .whitespaces)
        }
    }

    private func object(_ lines: inout ArraySlice<Line>, deeperThan indent: Int) -> JSONValue {
        let fields = fields(&lines, deeperThan: indent)
        var schema: [String: JSONValue] = [
            "type": "object",
            "properties": .object(
                Dictionary(fields.filter { $0.name != "*" }.map { ($0.name, $0.described) }) { _, _ in
                    preconditionFailure("a field is there twice: \(fields.map(\.name))")
                }),
        ]
        if let others = fields.first(where: { $0.name == "*" }) { schema["additionalProperties"] = others.schema }
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return .object(schema)
    }

    private func fields(_ lines: inout ArraySlice<Line>, deeperThan indent: Int) -> [SchemaField] {
        var fields: [SchemaField] = []
        while let line = lines.first, line.indent > indent {
            lines.removeFirst()
            guard let colon = line.text.firstIndex(of: ":") else { preconditionFailure("no field: \(line.text)") }
            var name = line.text[..<colon]
            let isRequired = name.hasSuffix("!")
            if isRequired { name = name.dropLast() }
            let rest = line.text[line.text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            let parts = rest.components(separatedBy: " -- ")
            var schema = type(parts[0], &lines, indent: line.indent)
            if allowsNull, !isRequired { schema = schema.orNull }
            fields.append(
                SchemaField(
                    name: String(name), schema: schema, isRequired: isRequired,
                    description: parts.count > 1 ? parts[1] : nil))
        }
        return fields
    }

    private func type(_ text: String, _ lines: inout ArraySlice<Line>, indent: Int) -> JSONValue {
        let alternatives = text.components(separatedBy: " or ")
        if alternatives.count > 1 {
            return ["anyOf": .array(alternatives.map { type($0, &lines, indent: indent) })]
        }
        if text.hasSuffix("?") { return type(String(text.dropLast()), &lines, indent: indent).orNull }
        if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
            let element = String(text[text.index(after: text.startIndex)..<end])
            var schema: [String: JSONValue] = ["type": "array", "items": type(element, &lines, indent: indent)]
            add(range: String(text[text.index(after: end)...]), "minItems", "maxItems", to: &schema)
            return .object(schema)
        }
        if text == "object" { return object(&lines, deeperThan: indent) }
        let (name, argument) = call(text)
        return simple(name, argument) ?? reference(text)
    }

    private func simple(_ name: String, _ argument: String?) -> JSONValue? {
        var schema: [String: JSONValue]
        switch name {
        case "text":
            schema = ["type": "string"]
            add(range: argument, "minLength", "maxLength", to: &schema)
        case "integer", "number":
            schema = ["type": .string(name)]
            add(range: argument, "minimum", "maximum", to: &schema)
        case "boolean": schema = ["type": "boolean"]
        case "time": schema = ["type": "string", "format": "date-time"]
        case "uuid": schema = ["type": "string", "format": "uuid"]
        case "any": schema = [:]
        case "enum": schema = ["type": "string", "enum": .array(words(argument))]
        case "map": schema = ["type": "object", "additionalProperties": type(argument ?? "any")]
        case "page": return page(of: argument ?? "any")
        case "list":
            let items: JSONValue =
                argument == nil ? ["type": "string"] : ["type": "string", "enum": .array(words(argument))]
            schema = ["type": "array", "items": items]
        default: return nil
        }
        return .object(schema)
    }

    private func page(of element: String) -> JSONValue {
        object(
            """
            count!: integer(0..) -- How many are in data.
            total!: integer(0..) -- How many there are in all.
            data!: [\(element)]
            links!: PageLinks
            """)
    }

    private func reference(_ name: String) -> JSONValue {
        precondition(name.first?.isUppercase == true && name.allSatisfy(\.isLetter), "no type: \(name)")
        return ["$ref": .string("#/components/schemas/\(name)")]
    }

    private func call(_ text: String) -> (String, String?) {
        guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { return (text, nil) }
        return (String(text[..<open]), String(text[text.index(after: open)...].dropLast()))
    }

    private func words(_ text: String?) -> [JSONValue] {
        (text ?? "").split(separator: ",").map { .string($0.trimmingCharacters(in: .whitespaces)) }
    }

    /// `1..9`, `..9` or `1..`, also in parentheses.
    private func add(range text: String?, _ least: String, _ most: String, to schema: inout [String: JSONValue]) {
        guard let text = text?.trimmingCharacters(in: CharacterSet(charactersIn: "()")), !text.isEmpty else { return }
        let bounds = text.components(separatedBy: "..")
        precondition(bounds.count == 2, "no range: \(text)")
        for (name, bound) in zip([least, most], bounds) where !bound.isEmpty {
            if let whole = Int64(bound) {
                schema[name] = .integer(whole)
            } else if let number = Double(bound) {
                schema[name] = .number(number)
            } else {
                preconditionFailure("no bound: \(bound)")
            }
        }
    }
}

/// What schemas are made of.
enum Notation {
    /// The wire names of an enumeration, as `enum(…)` takes them.
    static func names<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> String {
        Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

/// A field of an object, or a parameter.
struct SchemaField: Sendable {
    let name: String
    let schema: JSONValue
    let isRequired: Bool
    let description: String?

    var described: JSONValue {
        guard let description, case .object(var fields) = schema else { return schema }
        fields["description"] = .string(description)
        return .object(fields)
    }
}

extension JSONValue {
    /// As a schema: it may be null, too.
    fileprivate var orNull: JSONValue {
        guard case .object(var fields) = self, !fields.isEmpty else { return self }
        if let type = fields["type"]?.string {
            fields["type"] = [.string(type), "null"]
            if let values = fields["enum"]?.array { fields["enum"] = .array(values + [.null]) }
            return .object(fields)
        }
        if case .array(let all) = fields["anyOf"] { return ["anyOf": .array(all + [["type": "null"]])] }
        return fields["type"] == nil ? ["anyOf": [self, ["type": "null"]]] : self
    }
}
