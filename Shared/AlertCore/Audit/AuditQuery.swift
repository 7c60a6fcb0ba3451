/// What somebody looks for in the event log: conditions on single events.
///
/// `kind:alert.responded workflow:"Major Incident" from:2026-03-01 -actor:mary`
///
/// - A condition is `field:value`; several values with commas mean any of them. What has blanks, commas or parentheses
///   in it stands in `"`, where `\"` is a quotation mark and `\\` a backslash.
/// - Conditions one after the other must all hold; `OR` between two, and `NOT` or `-` before one, mean what they say;
///   parentheses group. `OR` binds less than the blank.
/// - No condition at all: every event.
public struct AuditQuery: Equatable, Sendable {
    /// Bytes of the text.
    public static let lengthLimit = 4000
    /// Values of all conditions together.
    public static let valueLimit = 200
    /// How deep parentheses may stand within each other.
    static let depthLimit = 16

    /// What a condition can be about.
    public enum Field: String, CaseIterable, Sendable {
        /// Everything around an alert: a UUID or the number.
        case alert
        /// Whom an event concerns: who began, answered, was notified, whose devices changed. An id or target name.
        case person
        case group
        /// An inbound integration of the alert, or the outbound one of a delivery. An id or name.
        case integration
        /// An id or name.
        case workflow
        case form
        /// The id of the request with which it all began, or of the API's request that changed a configuration.
        case request
        /// Who did it: a target name, or a service in angle brackets.
        case actor
        /// As in `alert.created`, or only `alert`.
        case kind
        /// A property of the alert, as in `Severity=high`; ignores case.
        case property
        /// Of deliveries and notifications: ``outcomes``, or the status of an answer, as in `503`.
        case outcome
        /// What was changed: a kind of entry, as in `plan`, or `plan/<id>`.
        case entry
        /// Recorded at this time or later, in ISO 8601.
        case from
        /// Recorded before this time.
        case to

        /// What the platform and people call it besides.
        static let aliases: [String: Field] = ["event": .alert, "plan": .workflow, "by": .actor, "type": .kind]
    }

    /// What an `outcome` can be besides the status of an answer.
    public static let outcomes = [
        "delivered", "failed", "parked", "exhausted", "cancelled", "skipped", "suppressed", "held", "doubt",
    ]

    public indirect enum Condition: Equatable, Sendable {
        case every
        /// Any of the values.
        case isAny(Field, [String])
        case since(Timestamp)
        case before(Timestamp)
        case all([Condition])
        case any([Condition])
        case not(Condition)
    }

    /// Why a text is no query.
    public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// Of the first character that is wrong, from 1.
        public let position: Int
        /// A sentence without its full stop.
        public let message: String
        public var description: String { "at character \(position), \(message)" }
    }

    public let condition: Condition

    public init(_ condition: Condition) { self.condition = condition }

    /// - Parameter time: Reads ISO 8601.
    /// - Throws: ``Problem`` that names the position.
    public init(_ text: String, time: @escaping (String) -> Timestamp?) throws(Problem) {
        guard text.utf8.count <= Self.lengthLimit else {
            throw Problem(position: 1, message: "the query has more than \(Self.lengthLimit) bytes")
        }
        var parser = AuditQueryParser(text, time: time)
        condition = try parser.parse()
    }

    /// The same with each condition on a field replaced, as names by ids.
    public func mapped<Failure: Error>(
        _ replace: (Field, [String]) throws(Failure) -> Condition
    ) throws(Failure) -> AuditQuery {
        AuditQuery(try Self.map(condition, replace))
    }

    private static func map<Failure: Error>(
        _ condition: Condition, _ replace: (Field, [String]) throws(Failure) -> Condition
    ) throws(Failure) -> Condition {
        switch condition {
        case .every, .since, .before: return condition
        case .isAny(let field, let values): return try replace(field, values)
        case .not(let inner): return .not(try map(inner, replace))
        case .all(let parts):
            var mapped: [Condition] = []
            for part in parts { mapped.append(try map(part, replace)) }
            return .all(mapped)
        case .any(let parts):
            var mapped: [Condition] = []
            for part in parts { mapped.append(try map(part, replace)) }
            return .any(mapped)
        }
    }
}
