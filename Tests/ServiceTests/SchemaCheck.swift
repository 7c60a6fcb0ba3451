import AlertCore

/// Checks values against schemas as ``API/SchemaText`` makes them: the part of JSON Schema that is used there.
struct SchemaCheck {
    /// By their names.
    let schemas: [String: JSONValue]
    /// Whether a field that no schema knows is a problem.
    var isStrict = true

    /// What is wrong, each with its place.
    func problems(_ value: JSONValue, _ schema: JSONValue, at place: String = "$") -> [String] {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            guard let referred = schemas[String(name)] else { return ["\(place): there is no schema \(name)"] }
            return problems(value, referred, at: place)
        }
        if let alternatives = schema["anyOf"]?.array {
            let all = alternatives.map { problems(value, $0, at: place) }
            return all.contains([]) ? [] : ["\(place): none of \(all)"]
        }
        if let wrong = wrongType(value, schema, at: place) { return [wrong] }
        if let values = schema["enum"]?.array, !values.contains(value) {
            return ["\(place): \(value) is none of \(values)"]
        }
        switch value {
        case .object(let fields): return problems(fields, schema, at: place)
        case .array(let values):
            let items = schema["items"] ?? [:]
            return range(Int64(values.count), schema, "minItems", "maxItems", at: place)
                + values.enumerated().flatMap { problems($1, items, at: "\(place)[\($0)]") }
        case .integer(let number): return range(number, schema, "minimum", "maximum", at: place)
        case .string(let text):
            return range(Int64(text.unicodeScalars.count), schema, "minLength", "maxLength", at: place)
        default: return []
        }
    }

    private func wrongType(_ value: JSONValue, _ schema: JSONValue, at place: String) -> String? {
        let types = schema["type"]?.array?.compactMap(\.string) ?? schema["type"]?.string.map { [$0] } ?? []
        guard !types.isEmpty else { return nil }
        let isRight = types.contains { type in
            switch (type, value) {
            case ("string", .string), ("boolean", .bool), ("integer", .integer), ("number", .number),
                ("number", .integer), ("object", .object), ("array", .array), ("null", .null):
                true
            default: false
            }
        }
        return isRight ? nil : "\(place): \(value.kindName) instead of \(types.joined(separator: " or "))"
    }

    private func problems(_ fields: [String: JSONValue], _ schema: JSONValue, at place: String) -> [String] {
        guard let known = schema["properties"]?.object else {
            guard let others = schema["additionalProperties"] else { return [] }
            return fields.flatMap { problems($1, others, at: "\(place).\($0)") }
        }
        let missing = (schema["required"]?.array ?? []).compactMap(\.string).filter { fields[$0] == nil }
        return missing.map { "\(place).\($0) is missing" }
            + fields.flatMap { name, value in
                guard let schema = known[name] else { return isStrict ? ["\(place).\(name) is not described"] : [] }
                return problems(value, schema, at: "\(place).\(name)")
            }
    }

    private func range(
        _ number: Int64, _ schema: JSONValue, _ least: String, _ most: String, at place: String
    ) -> [String] {
        let isRight =
            schema[least]?.integer.map { $0 <= number } ?? true && schema[most]?.integer.map { number <= $0 } ?? true
        return isRight ? [] : ["\(place): \(number) is out of range"]
    }
}
