import AlertCore
import Foundation

/// Which alerts to look for, in which order. Every field that is given narrows the answer; an empty list finds nothing.
public struct AlertSearch: Sendable {
    /// How a property's value is compared, ignoring case.
    public enum Comparison: String, CaseIterable, Sendable {
        case equals = "EQUALS"
        case contains = "CONTAINS"
        case startsWith = "STARTS_WITH"
        case endsWith = "ENDS_WITH"
    }

    /// `TERMINATED` includes what a person ended.
    public var statuses: [String]?
    public var priorities: [String]?
    /// `USER`, `SYSTEM`.
    public var types: [String]?
    /// Ids, here and below.
    public var plans: [String]?
    public var forms: [String]?
    public var submitters: [String]?
    public var requestIds: [String]?
    public var numbers: [Int64]?
    /// Whom a notification was planned for.
    public var notifiedPeople: [String]?
    /// Whom the request named: people, groups, devices.
    public var targetedRecipients: [String]?
    /// From this moment on.
    public var from: Timestamp?
    /// Until before this moment.
    public var to: Timestamp?
    /// As it was at this moment: ``statuses`` are those of then, and what began later is not found.
    public var at: Timestamp?
    /// Every one of them must have one of its values.
    public var properties: [(name: String, values: [String])] = []
    public var comparison = Comparison.equals
    /// Found in the subject, in a value of a property (in the first 16,384 characters of all these together), or as the
    /// number.
    public var terms: [String] = []
    public var needsAllTerms = false
    public var isAscending = false

    public init() {}
}

extension Alerts {
    /// One page, newest first unless the search says otherwise, and how many alerts there are in all. With
    /// ``AlertSearch/at``, the rows' status and end are those of then.
    public func find(_ search: AlertSearch, offset: Int, limit: Int) throws -> (total: Int, rows: [AlertRow]) {
        let condition = search.conditions(connection.dialect).joinedByAnd()
        let total = try connection.execute("SELECT count(*) FROM alerts WHERE \(condition)")[0].integer(0)
        let order: SQL = search.isAscending ? "ASC" : "DESC"
        let found = try connection.execute(
            """
            SELECT id, \(search.status) FROM alerts WHERE \(condition)
            ORDER BY created_at \(order), number \(order) LIMIT \(limit) OFFSET \(offset)
            """
        ).map { (id: $0.text(0), status: $0.text(1)) }
        guard !found.isEmpty else { return (Int(total), []) }
        let rows = try rows(of: found.map(\.id))
        return (
            Int(total),
            found.compactMap { id, status in search.at.map { rows[id]?.asOf($0, status: status) } ?? rows[id] }
        )
    }
}

extension AlertRow {
    /// The alert at a moment of the past.
    /// - Parameter status: Of that moment.
    public func asOf(_ time: Timestamp, status: String) -> AlertRow {
        AlertRow(
            id: id, status: status, createdAt: createdAt,
            terminatedAt: terminatedAt.flatMap { $0 <= time ? $0 : nil }, version: version, details: details,
            floodControl: floodControl)
    }
}

extension AlertSearch {
    /// The status at ``at``, or now.
    fileprivate var status: SQL {
        guard let at else { return "status" }
        let stream = "\(Alert.category)-"
        return """
            CASE WHEN terminated_at <= \(at.milliseconds) THEN status ELSE coalesce(
            (SELECT CASE events.type WHEN 'alert.suspended' THEN 'SUSPENDED' ELSE 'ACTIVE' END FROM events
            WHERE events.stream = \(stream) || alerts.id AND events.type IN ('alert.suspended', 'alert.resumed')
            AND events.recorded_at <= \(at.milliseconds) ORDER BY events.version DESC LIMIT 1), 'ACTIVE') END
            """
    }

    fileprivate func conditions(_ dialect: SQLDialect) -> [SQL] {
        var conditions: [SQL] = []
        func require(_ column: SQL, in values: [String]?) {
            if let values { conditions.append("\(column) IN \(list: values)") }
        }
        require("event_type", in: types)
        let ended = statuses?.contains("TERMINATED") == true ? ["TERMINATED_EXTERNAL"] : []
        require(status, in: statuses.map { Set($0 + ended).sorted() })
        require("priority", in: priorities)
        require("plan_id", in: plans)
        require("form_id", in: forms)
        require("submitter", in: submitters)
        require("request_id", in: requestIds)
        if let numbers { conditions.append("number IN \(list: numbers)") }
        if let notifiedPeople {
            conditions.append(
                "id IN (SELECT alert_id FROM notifications WHERE person_id IN \(list: notifiedPeople))")
        }
        if let targetedRecipients {
            conditions.append(targetedRecipients.map(Self.targets).joined(by: "OR") ?? "1 = 0")
        }
        if let from { conditions.append("created_at >= \(from.milliseconds)") }
        if let to { conditions.append("created_at < \(to.milliseconds)") }
        if let at { conditions.append("created_at <= \(at.milliseconds)") }
        conditions += properties.map { condition(for: $0.name, values: $0.values) }
        let found = terms.map { Self.numbers(with: $0.folded, dialect) }
        if needsAllTerms {
            conditions += found.map { "number IN (\($0))" }
        } else if let any = found.joined(by: "UNION") {
            conditions.append("number IN \(any)")
        }
        return conditions
    }

    /// The recipients stand in the document between two keys, and nothing else there has an `id`. Quotes in texts are
    /// escaped, so that none can imitate it.
    private static func targets(_ id: String) -> SQL {
        let pattern = "%\"recipients\":[%\"id\":\"\(escaped(id))\"%],\"requestId\":%"
        return "document LIKE \(pattern) ESCAPE '!'"
    }

    private func condition(for name: String, values: [String]) -> SQL {
        let values = values.map(\.folded)
        let compared: SQL =
            switch comparison {
            case .equals: Self.equal(values)
            case .contains: Self.like(values) { "%\($0)%" }
            case .startsWith: Self.like(values) { "\($0)%" }
            case .endsWith: Self.like(values) { "%\($0)" }
            }
        return "id IN (SELECT alert_id FROM alert_properties WHERE name = \(name) AND \(compared))"
    }

    /// Found by the beginning, which is in the index. SQLite puts what a column equals into the index's expression, and
    /// then finds no index; hence `coalesce`.
    private static func equal(_ values: [String]) -> SQL {
        let beginnings = values.map { String(String.UnicodeScalarView($0.unicodeScalars.prefix(100))) }
        return "substr(folded, 1, 100) IN \(list: beginnings) AND coalesce(folded, '') IN \(list: values)"
    }

    private static func like(_ values: [String], _ pattern: (String) -> String) -> SQL {
        values.map { "folded LIKE \(pattern(escaped($0))) ESCAPE '!'" }.joined(by: "OR") ?? "1 = 0"
    }

    /// The numbers of the alerts with a term in their texts, or as their number.
    private static func numbers(with term: String, _ dialect: SQLDialect) -> SQL {
        let found: SQL = "SELECT number FROM alert_texts WHERE \(dialect.texts(contain: term))"
        guard let number = Int64(term) else { return found }
        return "\(found) UNION SELECT number FROM alerts WHERE number = \(number)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
    }
}

extension [SQL] {
    /// All of them in parentheses; `nil` when there is none.
    fileprivate func joined(by word: SQL) -> SQL? {
        guard let first else { return nil }
        return "(\(dropFirst().reduce(first) { "\($0) \(word) \($1)" }))"
    }
}

extension String {
    /// As texts are compared when their case does not count: all that is stored for it goes through here.
    var folded: String { lowercased() }
}

extension AlertDetails {
    /// What terms are looked for in, with a separator that nobody types.
    var searchable: String {
        let texts = [subject] + properties.sorted { $0.key < $1.key }.map(\.value.readable)
        return String(texts.joined(separator: "\u{1F}").folded.prefix(16_384))
    }
}
