/// Reads the text of an ``AuditQuery``.
struct AuditQueryParser {
    private let text: [Character]
    private let time: (String) -> Timestamp?
    private var index = 0
    private var depth = 0
    private var valueCount = 0

    init(_ text: String, time: @escaping (String) -> Timestamp?) {
        self.text = Array(text)
        self.time = time
    }

    mutating func parse() throws(AuditQuery.Problem) -> AuditQuery.Condition {
        skipBlanks()
        guard index < text.count else { return .every }
        let condition = try alternatives()
        guard index == text.count else { throw problem("there is a ) without its (") }
        return condition
    }

    private mutating func alternatives() throws(AuditQuery.Problem) -> AuditQuery.Condition {
        depth += 1
        defer { depth -= 1 }
        guard depth <= AuditQuery.depthLimit else {
            throw problem("the query is nested more than \(AuditQuery.depthLimit) deep")
        }
        var parts = [try conjunction()]
        while takeWord("OR") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction() throws(AuditQuery.Problem) -> AuditQuery.Condition {
        var parts = [try single()]
        while !isAtEndOfGroup, !isAtWord("OR") {
            _ = takeWord("AND")
            parts.append(try single())
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func single() throws(AuditQuery.Problem) -> AuditQuery.Condition {
        if takeWord("NOT") || take("-") { return .not(try single()) }
        guard take("(") else { return try condition() }
        let inner = try alternatives()
        guard take(")") else { throw problem("a ) is missing") }
        return inner
    }

    private mutating func condition() throws(AuditQuery.Problem) -> AuditQuery.Condition {
        let start = index
        var name = ""
        while index < text.count, text[index].isLetter { name.append(take()) }
        guard index < text.count, text[index] == ":" else {
            index = start
            throw problem("a condition is expected, as in kind:alert.created")
        }
        guard let field = AuditQuery.Field(rawValue: name.lowercased()) ?? AuditQuery.Field.aliases[name.lowercased()]
        else {
            index = start
            let fields = AuditQuery.Field.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem("there is no field \(name); there are \(fields)")
        }
        index += 1
        let values = try self.values(of: field)
        skipBlanks()
        return try condition(field, values, start)
    }

    private mutating func condition(
        _ field: AuditQuery.Field, _ values: [String], _ start: Int
    ) throws(AuditQuery.Problem) -> AuditQuery.Condition {
        switch field {
        case .from, .to:
            guard values.count == 1, let moment = time(values[0]) else {
                index = start
                throw problem("\(field.rawValue) needs one time, as in 2026-03-09T14:00:00Z")
            }
            return field == .from ? .since(moment) : .before(moment)
        case .kind:
            guard values.allSatisfy(Self.isKind) else {
                index = start
                throw problem("a kind is one of events, as in alert.created, or alert")
            }
        case .property:
            guard values.allSatisfy({ $0.contains("=") && $0.first != "=" }) else {
                index = start
                throw problem("property needs a name and a value, as in property:Severity=high")
            }
        case .outcome:
            let known = { (value: String) in
                AuditQuery.outcomes.contains(value.lowercased()) || Int(value).map { 100...599 ~= $0 } == true
            }
            guard values.allSatisfy(known) else {
                index = start
                throw problem("an outcome is \(AuditQuery.outcomes.joined(separator: ", ")) or a status as in 503")
            }
        default: break
        }
        return .isAny(field, values)
    }

    private static func isKind(_ value: String) -> Bool {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isLetter) }
    }

    private mutating func values(of field: AuditQuery.Field) throws(AuditQuery.Problem) -> [String] {
        var values: [String] = []
        repeat {
            let value = try self.value()
            guard !value.isEmpty else { throw problem("\(field.rawValue) needs a value") }
            values.append(value)
            valueCount += 1
            guard valueCount <= AuditQuery.valueLimit else {
                throw problem("the query has more than \(AuditQuery.valueLimit) values")
            }
        } while take(",", skippingBlanks: false)
        return values
    }

    /// Up to a blank, a comma or a parenthesis; parts of it may stand in quotation marks.
    private mutating func value() throws(AuditQuery.Problem) -> String {
        var value = ""
        while index < text.count, !text[index].isWhitespace, !",()".contains(text[index]) {
            let character = take()
            guard character == "\"" else {
                value.append(character)
                continue
            }
            while true {
                guard index < text.count else { throw problem("a \" is missing") }
                let inner = take()
                if inner == "\"" { break }
                guard inner == "\\" else {
                    value.append(inner)
                    continue
                }
                guard index < text.count else { throw problem("a \" is missing") }
                value.append(take())
            }
        }
        return value
    }

    // MARK: - Characters

    private var isAtEndOfGroup: Bool { index == text.count || text[index] == ")" }

    private mutating func take() -> Character {
        index += 1
        return text[index - 1]
    }

    private mutating func take(_ character: Character, skippingBlanks: Bool = true) -> Bool {
        guard index < text.count, text[index] == character else { return false }
        index += 1
        if skippingBlanks { skipBlanks() }
        return true
    }

    private mutating func skipBlanks() {
        while index < text.count, text[index].isWhitespace { index += 1 }
    }

    /// A word in capitals that stands by itself.
    private func isAtWord(_ word: String) -> Bool {
        let end = index + word.count
        guard end <= text.count, String(text[index..<end]) == word else { return false }
        return end == text.count || text[end].isWhitespace || text[end] == "("
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard isAtWord(word) else { return false }
        index += word.count
        skipBlanks()
        return true
    }

    private func problem(_ message: String) -> AuditQuery.Problem {
        AuditQuery.Problem(position: index + 1, message: message)
    }
}
