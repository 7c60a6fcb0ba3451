/// A condition on what is to be delivered: a part of the Common Expression Language (CEL).
///
/// - Values: strings in `"` or `'`, numbers, `true`, `false`, `null`, lists in brackets.
/// - Names: `payload`, `properties`, `alert`, `trigger`; their members by `.name` or `["a name"]`, elements by `[0]`.
/// - Operators, the loosest first: `||`, `&&`, one of `==` `!=` `<` `<=` `>` `>=` `in`, `!`; parentheses.
/// - Functions: `has(a.b)`, `size(a)`, and of strings `contains`, `startsWith`, `endsWith`, `lowerAscii`.
///
/// In contrast to CEL, a condition never fails: what is not there is `null`; what is not `true` counts as false; an
/// order between values of different kinds, or a function of something else than a string, is false or `null`.
public struct Filter: Equatable, Sendable {
    /// Bytes of the text.
    public static let lengthLimit = 2000
    /// How deep expressions may stand within each other.
    static let depthLimit = 32
    static let roots: Set<String> = ["payload", "properties", "alert", "trigger"]

    /// Why a text is no condition.
    public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// Of the first character that is wrong, from 1.
        public let position: Int
        /// A sentence without its full stop.
        public let message: String
        public var description: String { "at character \(position), \(message)" }
    }

    indirect enum Expression: Equatable, Sendable {
        case literal(JSONValue)
        case list([Expression])
        case root(String)
        case member(Expression, Expression)
        case not(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case compare(Comparison, Expression, Expression)
        case isPresent(Expression)
        case size(Expression)
        case call(Function, Expression, Expression?)
    }

    enum Comparison: String, Sendable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
    }

    enum Function: String, CaseIterable, Sendable {
        case contains, startsWith, endsWith, lowerAscii
    }

    let expression: Expression

    /// - Throws: ``Problem`` that names the position.
    public init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.lengthLimit else {
            throw Problem(position: 1, message: "the condition has more than \(Self.lengthLimit) bytes")
        }
        var parser = FilterParser(tokens: try FilterLexer.tokens(of: text))
        expression = try parser.parse()
    }
}

extension Filter {
    /// What a condition is about.
    public struct Subject: Sendable {
        let values: [String: JSONValue]

        public init(payload: WebhookPayload, alert id: String, details: AlertDetails) {
            values = [
                "payload": payload.body, "trigger": .string(payload.trigger.rawValue),
                "properties": .object(details.properties),
                "alert": [
                    "id": .string(id), "number": .integer(details.number),
                    "priority": .string(details.priority.rawValue), "plan": .string(details.plan.name),
                    "form": .string(details.form.name), "submitter": .string(details.submitter.targetName),
                    "recipients": .array(details.recipients.map { .string($0.targetName) }),
                ],
            ]
        }
    }

    public func accepts(_ subject: Subject) -> Bool { Self.value(of: expression, subject) == .bool(true) }

    /// What the condition found, for people: `the filter is not met: properties.severity is "low"`.
    func reason(against subject: Subject) -> String {
        var found: [String] = []
        for path in Self.paths(in: expression) {
            guard let name = Self.text(of: path) else { continue }
            let line = "\(name) is \(Self.shown(Self.value(of: path, subject)))"
            if !found.contains(line) { found.append(line) }
        }
        let detail = found.prefix(5).joined(separator: ", ")
        return "the filter is not met" + (detail.isEmpty ? "" : ": \(detail)")
    }
}

// MARK: - Values

extension Filter {
    private static func value(of expression: Expression, _ subject: Subject) -> JSONValue {
        switch expression {
        case .literal(let value): return value
        case .list(let elements): return .array(elements.map { value(of: $0, subject) })
        case .root(let name): return subject.values[name] ?? .null
        case .member(let whole, let key): return member(value(of: key, subject), of: value(of: whole, subject))
        case .not(let inner): return .bool(value(of: inner, subject) != .bool(true))
        case .and(let left, let right): return .bool(isTrue(left, subject) && isTrue(right, subject))
        case .or(let left, let right): return .bool(isTrue(left, subject) || isTrue(right, subject))
        case .compare(let comparison, let left, let right):
            return .bool(holds(comparison, value(of: left, subject), value(of: right, subject)))
        case .isPresent(let path): return .bool(value(of: path, subject) != .null)
        case .size(let inner): return size(of: value(of: inner, subject))
        case .call(let function, let target, let argument):
            return call(function, value(of: target, subject), argument.map { value(of: $0, subject) })
        }
    }

    private static func isTrue(_ expression: Expression, _ subject: Subject) -> Bool {
        value(of: expression, subject) == .bool(true)
    }

    private static func member(_ key: JSONValue, of whole: JSONValue) -> JSONValue {
        switch (whole, key) {
        case (.object(let fields), .string(let name)): return fields[name] ?? .null
        case (.array(let elements), .integer(let index)):
            return Int(exactly: index).flatMap { elements.indices.contains($0) ? elements[$0] : nil } ?? .null
        default: return .null
        }
    }

    private static func size(of value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .integer(Int64(text.unicodeScalars.count))
        case .array(let elements): .integer(Int64(elements.count))
        case .object(let fields): .integer(Int64(fields.count))
        default: .null
        }
    }

    private static func call(_ function: Function, _ target: JSONValue, _ argument: JSONValue?) -> JSONValue {
        guard let text = target.string else { return .null }
        switch function {
        case .lowerAscii:
            return .string(
                String(decoding: text.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self))
        case .contains: return .bool(argument?.string.map { $0.isEmpty || text.contains($0) } ?? false)
        case .startsWith: return .bool(argument?.string.map(text.hasPrefix) ?? false)
        case .endsWith: return .bool(argument?.string.map(text.hasSuffix) ?? false)
        }
    }

    private static func holds(_ comparison: Comparison, _ left: JSONValue, _ right: JSONValue) -> Bool {
        switch comparison {
        case .equal: return areEqual(left, right)
        case .unequal: return !areEqual(left, right)
        case .isIn:
            switch right {
            case .array(let elements): return elements.contains { areEqual(left, $0) }
            case .object(let fields): return left.string.map { fields[$0] != nil } ?? false
            default: return false
            }
        case .less: return isLess(left, right) == true
        case .greater: return isLess(right, left) == true
        case .lessOrEqual: return isLess(right, left) == false
        case .greaterOrEqual: return isLess(left, right) == false
        }
    }

    private static func areEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let left = number(left), let right = number(right) { return left == right }
        return left == right
    }

    /// `nil` where there is no order.
    private static func isLess(_ left: JSONValue, _ right: JSONValue) -> Bool? {
        if let left = number(left), let right = number(right) { return left < right }
        guard let left = left.string, let right = right.string else { return nil }
        return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}

// MARK: - In words

extension Filter {
    /// The members that an expression looks at, the outermost of each.
    private static func paths(in expression: Expression) -> [Expression] {
        switch expression {
        case .root, .member: [expression]
        case .literal: []
        case .list(let elements): elements.flatMap(paths)
        case .not(let inner), .isPresent(let inner), .size(let inner): paths(in: inner)
        case .and(let left, let right), .or(let left, let right), .compare(_, let left, let right):
            paths(in: left) + paths(in: right)
        case .call(_, let target, let argument): paths(in: target) + (argument.map(paths) ?? [])
        }
    }

    private static func text(of path: Expression) -> String? {
        switch path {
        case .root(let name): name
        case .member(let whole, .literal(.string(let name))):
            text(of: whole).map { FilterLexer.isName(name) ? "\($0).\(name)" : "\($0)[\"\(name)\"]" }
        case .member(let whole, .literal(.integer(let index))): text(of: whole).map { "\($0)[\(index)]" }
        default: nil
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        let text: String =
            switch value {
            case .null: "not there"
            case .string(let text): "\"\(text)\""
            default: value.readable
            }
        return text.count > 60 ? text.prefix(60) + "…" : text
    }
}
