import Foundation

/// What the value of one property of an alert has to be like. Texts are compared without regard to case.
///
/// An alert that does not have the property meets the negative operators only; a criterion whose property is gone, or
/// whose operator or values do not fit it, is met by no alert: see ``problem(of:)``.
public struct SubscriptionCriterion: Codable, Hashable, Sendable {
    public enum Operator: String, Codable, CaseIterable, Sendable {
        case contains = "CONTAINS"
        case doesNotContain = "DOES_NOT_CONTAIN"
        case startsWith = "STARTS_WITH"
        case endsWith = "ENDS_WITH"
        case equals = "EQUALS"
        case doesNotEqual = "DOES_NOT_EQUAL"
        case isOneOf = "IS_ONE_OF"
        case isNotOneOf = "IS_NOT_ONE_OF"
        /// Of the values of a list, one at least.
        case isOneOrMoreOf = "IS_ONE_OR_MORE_OF"
        case isNoneOf = "IS_NONE_OF"
        case isTrue = "IS_TRUE"
        case isFalse = "IS_FALSE"
        /// Of a hierarchy: at or below one of the places, which are paths from the top down.
        case isOneTypeOf = "IS_ONE_TYPE_OF"
        case greaterThan = "GREATER_THAN"
        case greaterThanOrEqual = "GREATER_THAN_OR_EQUAL"
        case lessThan = "LESS_THAN"
        case lessThanOrEqual = "LESS_THAN_OR_EQUAL"
    }

    /// The property's id: a criterion stays when its property gets another name.
    public var property: String
    /// What the property was called when the criterion was made.
    public var name: String
    public var `operator`: Operator
    /// None for ``Operator/isTrue`` and ``Operator/isFalse``.
    public var values: [String]

    public init(property: String, name: String, operator: Operator, values: [String] = []) {
        self.property = property
        self.name = name
        self.operator = `operator`
        self.values = values
    }
}

extension PropertyDefinition.Kind {
    /// Those that criteria about such a property can have.
    public var operators: [SubscriptionCriterion.Operator] {
        switch self {
        case .boolean: [.isTrue, .isFalse, .equals, .doesNotEqual]
        case .number:
            [
                .equals, .doesNotEqual, .greaterThan, .greaterThanOrEqual, .lessThan, .lessThanOrEqual, .isOneOf,
                .isNotOneOf,
            ]
        case .text:
            [
                .contains, .doesNotContain, .startsWith, .endsWith, .equals, .doesNotEqual, .isOneOf, .isNotOneOf,
            ]
        case .singleSelect: [.isOneOf, .isNotOneOf, .equals, .doesNotEqual]
        case .multiSelect: [.isOneOrMoreOf, .isNoneOf]
        case .hierarchy: [.isOneTypeOf]
        case .password: []
        }
    }
}

extension SubscriptionCriterion.Operator {
    /// How many values it is given.
    public var valueCounts: ClosedRange<Int> {
        switch self {
        case .isTrue, .isFalse: 0...0
        case .contains, .doesNotContain, .startsWith, .endsWith, .equals, .doesNotEqual, .greaterThan,
            .greaterThanOrEqual, .lessThan, .lessThanOrEqual:
            1...1
        case .isOneOf, .isNotOneOf, .isOneOrMoreOf, .isNoneOf, .isOneTypeOf: 1...SubscriptionCriterion.mostValues
        }
    }

    /// Whether alerts without the property meet it.
    fileprivate var isNegative: Bool {
        switch self {
        case .doesNotContain, .doesNotEqual, .isNotOneOf, .isNoneOf: true
        default: false
        }
    }
}

// MARK: - What fits a property

extension SubscriptionCriterion {
    public static let mostValues = 200

    /// What of a criterion does not fit its property, with the name of the field on the wire; `nil` when all does.
    public struct Problem: Equatable, Sendable {
        public enum Field: String, Sendable { case name, `operator`, value }

        public var field: Field
        public var text: String
    }

    public func problem(of definition: PropertyDefinition) -> Problem? {
        let kind = definition.propertyType
        guard kind.operators.contains(`operator`) else {
            guard !kind.operators.isEmpty else {
                return Problem(
                    field: .name, text: "\(definition.name) is a password, and there are no criteria for it.")
            }
            let valid = kind.operators.map(\.rawValue).joined(separator: ", ")
            return Problem(
                field: .operator,
                text:
                    "\(`operator`.rawValue) does not fit \(definition.name), a \(kind.rawValue): it is one of \(valid)."
            )
        }
        let counts = `operator`.valueCounts
        guard counts.contains(values.count) else {
            let wanted =
                counts.upperBound == 0
                ? "no value" : counts.upperBound == 1 ? "one value" : "from 1 to \(counts.upperBound) values"
            return Problem(
                field: .value, text: "\(`operator`.rawValue) wants \(wanted), and there are \(values.count).")
        }
        return values.lazy.compactMap { wrong($0, for: definition) }.first.map { Problem(field: .value, text: $0) }
    }

    private func wrong(_ value: String, for definition: PropertyDefinition) -> String? {
        switch definition.propertyType {
        case .boolean: ["true", "false"].contains(value.lowercased()) ? nil : "\(value) is neither true nor false."
        case .number: Self.number(value) == nil ? "\(value) is no number." : nil
        case .singleSelect, .multiSelect:
            definition.items.map { items in items.contains { Self.areEqual($0, value) } } ?? true
                ? nil : "\(value) is no value of \(definition.name)."
        case .hierarchy: definition.levels(of: value).isEmpty ? "it names no place of \(definition.name)." : nil
        case .text, .password: value.isEmpty ? "it is empty." : nil
        }
    }
}

// MARK: - Whether an alert meets it

extension SubscriptionCriterion {
    /// - Parameters:
    ///   - properties: The alert's, by name.
    ///   - definition: Of the property; `nil` when it is gone.
    public func isMet(by properties: [String: JSONValue], _ definition: PropertyDefinition?) -> Bool {
        guard let definition, problem(of: definition) == nil else { return false }
        guard let value = properties[definition.name], value != .null else { return `operator`.isNegative }
        return switch definition.propertyType {
        case .boolean: isMet(by: value.bool)
        case .number: isMet(by: Self.number(value))
        case .text, .singleSelect: isMet(by: value.readable.lowercased())
        case .multiSelect: isMet(by: (value.array ?? [value]).map { $0.readable })
        case .hierarchy: isMet(by: value.levels, definition)
        case .password: false
        }
    }

    private func isMet(by value: Bool?) -> Bool {
        guard let value else { return false }
        return switch `operator` {
        case .isTrue: value
        case .isFalse: !value
        case .equals: String(value) == values.first?.lowercased()
        case .doesNotEqual: String(value) != values.first?.lowercased()
        default: false
        }
    }

    private func isMet(by value: Double?) -> Bool {
        let wanted = values.compactMap(Self.number)
        guard let value, let first = wanted.first else { return false }
        return switch `operator` {
        case .equals: value == first
        case .doesNotEqual: value != first
        case .greaterThan: value > first
        case .greaterThanOrEqual: value >= first
        case .lessThan: value < first
        case .lessThanOrEqual: value <= first
        case .isOneOf: wanted.contains(value)
        case .isNotOneOf: !wanted.contains(value)
        default: false
        }
    }

    /// - Parameter text: In lower case.
    private func isMet(by text: String) -> Bool {
        let wanted = values.map { $0.lowercased() }
        guard let first = wanted.first else { return false }
        return switch `operator` {
        case .contains: text.contains(first)
        case .doesNotContain: !text.contains(first)
        case .startsWith: text.hasPrefix(first)
        case .endsWith: text.hasSuffix(first)
        case .equals: text == first
        case .doesNotEqual: text != first
        case .isOneOf: wanted.contains(text)
        case .isNotOneOf: !wanted.contains(text)
        default: false
        }
    }

    private func isMet(by list: [String]) -> Bool {
        let isAny = list.contains { one in values.contains { Self.areEqual($0, one) } }
        return switch `operator` {
        case .isOneOrMoreOf: isAny
        case .isNoneOf: !isAny
        default: false
        }
    }

    private func isMet(by path: [String], _ definition: PropertyDefinition) -> Bool {
        guard `operator` == .isOneTypeOf else { return false }
        let path = path.map { $0.lowercased() }
        return values.contains { path.starts(with: definition.levels(of: $0).map { $0.lowercased() }) }
    }

    private static func areEqual(_ left: String, _ right: String) -> Bool { left.lowercased() == right.lowercased() }

    private static func number(_ text: String) -> Double? {
        Double(text.trimmingSpaces).flatMap { $0.isFinite ? $0 : nil }
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        case .string(let text): number(text)
        case .null, .bool, .array, .object: nil
        }
    }
}

extension PropertyDefinition {
    /// A place in a hierarchy as text, from the top down.
    fileprivate func levels(of place: String) -> [String] {
        let delimiter = delimiter.flatMap { $0.isEmpty ? nil : $0 } ?? ">"
        return place.components(separatedBy: delimiter).map(\.trimmingSpaces).filter { !$0.isEmpty }
    }
}

extension JSONValue {
    /// Of a hierarchy's value, as alerts have it: `[{category, value}]` or the values themselves, from the top down.
    fileprivate var levels: [String] { (array ?? []).compactMap { $0.string ?? $0["value"]?.string } }
}
