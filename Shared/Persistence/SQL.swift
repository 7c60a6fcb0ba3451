public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
}

public protocol SQLValueConvertible {
    var sqlValue: SQLValue { get }
}

extension SQLValue: SQLValueConvertible { public var sqlValue: SQLValue { self } }
extension Int: SQLValueConvertible { public var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Int64: SQLValueConvertible { public var sqlValue: SQLValue { .integer(self) } }
extension String: SQLValueConvertible { public var sqlValue: SQLValue { .text(self) } }
extension Bool: SQLValueConvertible { public var sqlValue: SQLValue { .integer(self ? 1 : 0) } }
extension Optional: SQLValueConvertible where Wrapped: SQLValueConvertible {
    public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

/// One statement that runs unchanged on PostgreSQL and on SQLite. Interpolated values become bound
/// parameters, so a statement cannot be injected into: `"… WHERE stream = \(name)"` reads `$1`.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    public private(set) var text: String
    public private(set) var values: [SQLValue]

    public init(stringLiteral text: String) {
        self.text = text
        values = []
    }

    public init(stringInterpolation parts: StringInterpolation) {
        text = parts.text
        values = parts.values
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        var values: [SQLValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: String) { text += literal }

        public mutating func appendInterpolation(_ value: some SQLValueConvertible) {
            values.append(value.sqlValue)
            text += "$\(values.count)"
        }

        /// A list of values in parentheses, for `IN`. An empty list matches nothing.
        public mutating func appendInterpolation(list: some Sequence<some SQLValueConvertible>) {
            var separator = ""
            text += "("
            for value in list {
                text += separator
                appendInterpolation(value)
                separator = ", "
            }
            text += separator.isEmpty ? "NULL)" : ")"
        }

        /// Another piece of SQL, whose own values are renumbered: a dialect's word, a filter.
        public mutating func appendInterpolation(_ fragment: SQL) {
            guard !fragment.values.isEmpty else { return text += fragment.text }
            var rest = fragment.text[...]
            while let dollar = rest.firstIndex(of: "$") {
                text += rest[..<dollar]
                let digits = rest[rest.index(after: dollar)...].prefix { $0.isNumber }
                values.append(fragment.values[Int(digits)! - 1])
                text += "$\(values.count)"
                rest = rest[digits.endIndex...]
            }
            text += rest
        }
    }
}

extension Sequence<SQL> {
    /// All conditions joined by `AND`; `1 = 1` when there is none.
    public func joinedByAnd() -> SQL {
        reduce(nil as SQL?) { all, next in all.map { "\($0) AND \(next)" } ?? next } ?? "1 = 1"
    }
}

public struct SQLRow: Sendable {
    private let values: [SQLValue]

    public init(_ values: [SQLValue]) { self.values = values }

    public func integer(_ column: Int) -> Int64 {
        guard case .integer(let value) = values[column] else { preconditionFailure("column \(column) is no integer") }
        return value
    }

    public func text(_ column: Int) -> String {
        guard case .text(let value) = values[column] else { preconditionFailure("column \(column) is no text") }
        return value
    }

    /// `nil` where the column is NULL.
    public func optionalText(_ column: Int) -> String? {
        if case .text(let value) = values[column] { value } else { nil }
    }

    /// `nil` where the column is NULL.
    public func optionalInteger(_ column: Int) -> Int64? {
        if case .integer(let value) = values[column] { value } else { nil }
    }
}
