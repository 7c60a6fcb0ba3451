extension PropertyDefinition {
    /// The longest text where the definition names no length.
    static let longestText = 20_000

    /// The value as the alert keeps it; `nil` when there is none (spec §2.4).
    public func check(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        if value == .null { return nil }
        switch propertyType {
        case .boolean: return try checkBoolean(value)
        case .number: return try checkNumber(value)
        case .text, .password, .singleSelect: return try checkText(value)
        case .multiSelect: return try checkList(value)
        case .hierarchy: return try checkHierarchy(value)
        }
    }

    private var field: String { "properties.\(name)" }

    private func checkBoolean(_ value: JSONValue) throws(FieldProblem) -> JSONValue {
        if value.bool != nil { return value }
        switch value.string?.lowercased() {
        case "true": return true
        case "false": return false
        default: throw .wrongKind(field, "true or false", value)
        }
    }

    private func checkNumber(_ value: JSONValue) throws(FieldProblem) -> JSONValue {
        let number: Double
        switch value {
        case .integer(let given): number = Double(given)
        case .number(let given): number = given
        case .string(let text):
            guard let given = Double(text) else { throw .wrongKind(field, "a number", value) }
            number = given
        case .null, .bool, .array, .object: throw .wrongKind(field, "a number", value)
        }
        if let minimum, number < minimum { throw FieldProblem(field, "is \(number); the least is \(minimum)") }
        if let maximum, number > maximum { throw FieldProblem(field, "is \(number); the most is \(maximum)") }
        return Int64(exactly: number).map(JSONValue.integer) ?? .number(number)
    }

    private func checkText(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        // With translations: an object whose `value` is the text.
        let plain = value["value"] ?? value
        let text: String
        switch plain {
        case .string(let given): text = given
        case .integer, .number, .bool: text = plain.readable
        case .null: return nil
        case .array, .object: throw .wrongKind(field, "a string", plain)
        }
        if text.isEmpty { return nil }
        let most = maxLength ?? Self.longestText
        if text.count > most { throw FieldProblem(field, "has \(text.count) characters; the most is \(most)") }
        if let minLength, text.count < minLength {
            throw FieldProblem(field, "has \(text.count) characters; the least is \(minLength)")
        }
        return .string(text)
    }

    private func checkList(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        let list = value.array ?? [value]
        var texts: [JSONValue] = []
        for item in list {
            guard let text = item.string else { throw .wrongKind(field, "an array of strings", item) }
            texts.append(.string(text))
        }
        return texts.isEmpty ? nil : .array(texts)
    }

    private func checkHierarchy(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        guard let list = value.array else { throw .wrongKind(field, "an array", value) }
        for item in list where item.string == nil && item["value"]?.string == nil {
            throw FieldProblem(field, "has to hold strings, or objects with category and value")
        }
        return list.isEmpty ? nil : value
    }
}
