import Foundation

/// Whether a value is one that a property can have (spec §2.4). Pure.
extension PropertyDefinition {
    /// The longest text where the definition names no length, in characters.
    static let longestText = 20_000
    /// The most values of one property.
    static let mostValues = 1000

    /// The value as the alert keeps it; `nil` when there is none.
    /// - Parameter isLenient: Whether a list or hierarchy may have values that the definition does not name.
    public func check(_ value: JSONValue, isLenient: Bool = false) throws(FieldProblem) -> JSONValue? {
        // With translations, or as REST shows values: an object with the value in it.
        let plain = value["value"] ?? value["values"] ?? value
        if plain == .null { return nil }
        switch propertyType {
        case .boolean: return try checkBoolean(plain)
        case .number: return try checkNumber(plain)
        case .text, .password: return try checkText(plain)
        case .singleSelect: return try checkChoice(plain, isLenient)
        case .multiSelect: return try checkList(plain, isLenient)
        case .hierarchy: return try checkHierarchy(value, isLenient)
        }
    }

    /// The texts in other languages that a request gives with a text, by language.
    func translations(in value: JSONValue) throws(FieldProblem) -> [String: String] {
        guard propertyType == .text, let given = value["translations"], given != .null else { return [:] }
        guard let object = given.object else { throw .wrongKind("\(field).translations", "an object", given) }
        var translations: [String: String] = [:]
        for (language, text) in object {
            guard let text = text.string else {
                throw .wrongKind("\(field).translations.\(language)", "a string", text)
            }
            translations[language] = text
        }
        return translations
    }

    private var field: String { "properties.\(name)" }

    private func checkBoolean(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        if value.bool != nil { return value }
        switch value.string?.lowercased() {
        case "true": return true
        case "false": return false
        case "": return nil
        default: throw .wrongKind(field, "true or false", value)
        }
    }

    private func checkNumber(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        let number: Double
        switch value {
        case .integer(let given): number = Double(given)
        case .number(let given): number = given
        case .string(let text):
            if text.isEmpty { return nil }
            guard let given = Double(text.trimmingSpaces) else { throw .wrongKind(field, "a number", value) }
            number = given
        case .null, .bool, .array, .object: throw .wrongKind(field, "a number", value)
        }
        guard let whole = Int64(exactly: number) else {
            throw FieldProblem(field, "is \(number); it has to be a whole number")
        }
        if let minimum, number < minimum { throw FieldProblem(field, "is \(whole); the least is \(minimum)") }
        if let maximum, number > maximum { throw FieldProblem(field, "is \(whole); the most is \(maximum)") }
        return .integer(whole)
    }

    // MARK: Text

    private func checkText(_ value: JSONValue) throws(FieldProblem) -> JSONValue? {
        guard let text = try text(value, field), !text.isEmpty else { return nil }
        let most = maxLength ?? Self.longestText
        if text.count > most { throw FieldProblem(field, "has \(text.count) characters; the most is \(most)") }
        if let minLength, text.count < minLength {
            throw FieldProblem(field, "has \(text.count) characters; the least is \(minLength)")
        }
        let whole = NSRange(text.startIndex..., in: text)
        if let expression, expression.firstMatch(in: text, range: whole) == nil {
            throw FieldProblem(field, "does not match the pattern \(pattern ?? "")")
        }
        return .string(text)
    }

    private func text(_ value: JSONValue, _ field: String) throws(FieldProblem) -> String? {
        switch value {
        case .string(let given): return given
        case .integer, .number, .bool: return value.readable
        case .null: return nil
        case .array, .object: throw .wrongKind(field, "a string", value)
        }
    }

    /// What the whole text has to match. `nil` where there is no pattern, where the definition says that it is not
    /// checked, and where it cannot be understood.
    private var expression: NSRegularExpression? {
        guard let pattern, !pattern.isEmpty, archived?["validate"]?.bool != false else { return nil }
        return try? NSRegularExpression(pattern: "\\A(?:\(pattern))\\z")  // of another dialect: it says nothing
    }

    // MARK: Lists

    private func checkChoice(_ value: JSONValue, _ isLenient: Bool) throws(FieldProblem) -> JSONValue? {
        // A list of one, as some senders have it.
        let single = value.array.flatMap { $0.count == 1 ? $0[0] : nil } ?? value
        guard let text = try text(single, field), !text.isEmpty else { return nil }
        try requireItem(text, field, isLenient)
        return .string(text)
    }

    private func checkList(_ value: JSONValue, _ isLenient: Bool) throws(FieldProblem) -> JSONValue? {
        let list = value.array ?? separated(value)
        guard list.count <= Self.mostValues else {
            throw FieldProblem(field, "has \(list.count) values; the most is \(Self.mostValues)")
        }
        var texts: [JSONValue] = []
        for (index, item) in list.enumerated() {
            let path = "\(field)[\(index)]"
            guard let text = try text(item, path) else { continue }
            if text.isEmpty { continue }
            try requireItem(text, path, isLenient)
            if !texts.contains(.string(text)) { texts.append(.string(text)) }
        }
        return texts.isEmpty ? nil : .array(texts)
    }

    /// One text: a value, or values between commas where each of them is one.
    private func separated(_ value: JSONValue) -> [JSONValue] {
        guard let text = value.string, let items, !items.contains(text) else { return [value] }
        let parts = text.split(separator: ",").map(\.trimmingSpaces)
        return parts.allSatisfy(items.contains) && !parts.isEmpty ? parts.map(JSONValue.string) : [value]
    }

    private func requireItem(_ text: String, _ field: String, _ isLenient: Bool) throws(FieldProblem) {
        guard !isLenient, let items, !items.isEmpty, !items.contains(text) else { return }
        throw .invalidChoice(field, text, Self.shown(items))
    }

    private static func shown(_ items: [String]) -> [String] { items.count > 20 ? items.prefix(20) + ["…"] : items }
}

// MARK: - Hierarchies

extension PropertyDefinition {
    /// `[{category, value}]` from the top down; from the same, from an array of values, or from one text with the
    /// definition's delimiter between the levels.
    private func checkHierarchy(_ value: JSONValue, _ isLenient: Bool) throws(FieldProblem) -> JSONValue? {
        let levels = try levels(of: value)
        guard !levels.isEmpty else { return nil }
        let categories = categories ?? []
        guard categories.isEmpty || levels.count <= categories.count else {
            throw FieldProblem(field, "has \(levels.count) levels; there are \(categories.count) categories")
        }
        var checked: [JSONValue] = []
        for (index, level) in levels.enumerated() {
            guard index < categories.count else {
                checked.append(Self.level(level.category, level.value))
                continue
            }
            if let given = level.category, given.lowercased() != categories[index].lowercased() {
                throw FieldProblem(
                    "\(field)[\(index)].category", "is \(given); from the top down, here comes \(categories[index])")
            }
            checked.append(Self.level(categories[index], level.value))
        }
        let path = levels.map(\.value)
        if !isLenient, let paths, !paths.isEmpty, !paths.contains(where: { $0.starts(with: path) }) {
            throw FieldProblem(field, "is \(path.joined(separator: " > ")), which is no path of the hierarchy")
        }
        return .array(checked)
    }

    private static func level(_ category: String?, _ value: String) -> JSONValue {
        guard let category else { return .string(value) }
        return ["category": .string(category), "value": .string(value)]
    }

    private func levels(of value: JSONValue) throws(FieldProblem) -> [(category: String?, value: String)] {
        if let text = value.string {
            let delimiter = delimiter.flatMap { $0.isEmpty ? nil : $0 } ?? ">"
            return text.components(separatedBy: delimiter).map(\.trimmingSpaces).filter { !$0.isEmpty }.map {
                (nil, $0)
            }
        }
        guard let list = (value["values"] ?? value["value"] ?? value).array else {
            throw .wrongKind(field, "an array", value)
        }
        var levels: [(category: String?, value: String)] = []
        for (index, item) in list.enumerated() {
            if let text = item.string {
                levels.append((nil, text))
            } else if let text = item["value"]?.string {
                levels.append((item["category"]?.string, text))
            } else {
                throw FieldProblem("\(field)[\(index)]", "has to be a string, or an object with category and value")
            }
        }
        return levels
    }
}
