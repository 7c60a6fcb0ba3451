import AlertCore
import Foundation
import Persistence

/// Which alerts somebody wants to see, in which order (spec §4.2).
struct EventQuery: Sendable {
    static let validStatuses = ["ACTIVE", "SUSPENDED", "TERMINATED", "TERMINATED_EXTERNAL", "SUPPRESSED"]
    /// More terms than that are refused: each costs a pass over the alerts.
    private static let termLimit = 10

    /// Empty: all of them. `TERMINATED` includes what a person ended.
    var statuses: [String] = []
    var priorities: [String] = []
    /// Ids or names.
    var plans: [String] = []
    /// Ids or names.
    var forms: [String] = []
    /// Ids or target names.
    var submitters: [String] = []
    var requestIds: [String] = []
    var incidents: [String] = []
    var from: Timestamp?
    var to: Timestamp?
    /// Every one of them must have one of its values, whatever the case of the letters is.
    var properties: [(name: String, values: [String])] = []
    /// Found in the subject, in a value of a property, or as the number.
    var terms: [String] = []
    var needsAllTerms = false
    var isAscending = false
    /// `USER`, `SYSTEM`; empty for both.
    var types: [String] = []

    init() {}

    init(_ query: QueryParameters) throws(RestError) {
        statuses = try Self.choices(query, "status", of: Self.validStatuses)
        priorities = try Self.choices(query, "priority", of: Priority.allCases.map(\.rawValue))
        types = try Self.choices(query, "eventType", of: ["USER", "SYSTEM"])
        plans = query.list("plan") ?? []
        forms = query.list("form") ?? []
        submitters = query.list("submitter") ?? []
        requestIds = (query.list("requestId") ?? []).map { $0.lowercased() }
        incidents = query.list("incidentId") ?? []
        from = try Self.time(query, "from")
        to = try Self.time(query, "to")
        properties = try Self.properties(query)
        terms = try Self.terms(query["search"])
        needsAllTerms = try Self.choices(query, "operand", of: ["OR", "AND"]) == ["AND"]
        isAscending = try Self.isAscending(query)
        for field in ["targetedRecipients", "resolvedUsers", "at"] {
            if let value = query[field], !value.isEmpty { throw .unsupported(field, value, supported: "none") }
        }
        if let value = query["propertyValueOperator"], !value.isEmpty, value != "EQUALS" {
            throw .unsupported("propertyValueOperator", value, supported: "EQUALS")
        }
    }

    /// The values of a field that is one of some words.
    static func choices(
        _ query: QueryParameters, _ field: String, of valid: [String]
    ) throws(RestError) -> [String] {
        let values = query.list(field) ?? []
        for value in values where !valid.contains(value.uppercased()) {
            throw .invalidChoice(field, value, valid: valid)
        }
        return values.map { $0.uppercased() }
    }

    static func time(_ query: QueryParameters, _ field: String) throws(RestError) -> Timestamp? {
        guard let text = query[field], !text.isEmpty else { return nil }
        guard let time = Timestamp(iso: text) else {
            throw .invalidValue(field, "\(text) is no time such as 2018-04-17T14:00:00.000Z.")
        }
        return time
    }

    static func terms(_ text: String?) throws(RestError) -> [String] {
        let terms = (text ?? "").split(separator: " ").map(String.init)
        guard terms.count <= termLimit else { throw .invalidValue("search", "at most \(termLimit) terms are allowed.") }
        return terms
    }

    private static func isAscending(_ query: QueryParameters) throws(RestError) -> Bool {
        let fields = try choices(query, "sortBy", of: ["START_TIME"])
        let orders = try choices(query, "sortOrder", of: ["ASCENDING", "DESCENDING"])
        guard fields.isEmpty == orders.isEmpty else { throw .missingField(fields.isEmpty ? "sortBy" : "sortOrder") }
        return orders.first == "ASCENDING"
    }

    /// As many values as names: pairs. One name: any of its values, or all of the text with its commas.
    private static func properties(_ query: QueryParameters) throws(RestError) -> [(name: String, values: [String])] {
        let names = (query.list("propertyName") ?? query.list("propertyNames") ?? []).map(withoutLanguage)
        let values = query.list("propertyValue") ?? query.list("propertyValues") ?? []
        guard names.isEmpty == values.isEmpty else {
            throw .missingField(names.isEmpty ? "propertyName" : "propertyValue")
        }
        if names.count == values.count { return zip(names, values).map { ($0, [$1]) } }
        guard names.count == 1 else {
            throw .invalidValue("propertyValue", "there are \(names.count) names and \(values.count) values.")
        }
        let whole = query["propertyValue"] ?? query["propertyValues"] ?? ""
        return [(names[0], values + [whole])]
    }

    /// `ticket_id#en` is the text property `ticket_id` (spec §2.4).
    private static func withoutLanguage(_ name: String) -> String {
        guard let mark = name.lastIndex(of: "#"), name.distance(from: mark, to: name.endIndex) == 3 else { return name }
        return String(name[..<mark])
    }
}

extension EventQuery {
    /// One page, and how many alerts there are in all.
    func page(
        offset: Int, limit: Int, directory: DirectoryView, in connection: any SQLConnection
    ) throws -> (total: Int, rows: [AlertRow]) {
        let condition = try conditions(directory).joinedByAnd()
        let total = try connection.execute("SELECT count(*) FROM alerts WHERE \(condition)")[0].integer(0)
        let order: SQL = isAscending ? "ASC" : "DESC"
        let ids = try connection.execute(
            """
            SELECT id FROM alerts WHERE \(condition) ORDER BY created_at \(order), number \(order)
            LIMIT \(limit) OFFSET \(offset)
            """
        ).map { $0.text(0) }
        let alerts = Alerts(connection)
        return (Int(total), try ids.compactMap { try alerts.get($0) })
    }

    private func conditions(_ directory: DirectoryView) throws -> [SQL] {
        var conditions: [SQL] = []
        if !types.isEmpty { conditions.append("event_type IN \(list: types)") }
        if !statuses.isEmpty {
            let ended = statuses.contains("TERMINATED") ? ["TERMINATED_EXTERNAL"] : []
            conditions.append("status IN \(list: Set(statuses + ended).sorted())")
        }
        if !priorities.isEmpty { conditions.append("priority IN \(list: priorities)") }
        if !plans.isEmpty { conditions.append("plan_id IN \(list: planIds(directory))") }
        if !forms.isEmpty { conditions.append("form_id IN \(list: formIds(directory))") }
        if !submitters.isEmpty { conditions.append("submitter IN \(list: submitterIds(directory))") }
        if !requestIds.isEmpty { conditions.append("request_id IN \(list: requestIds)") }
        if !incidents.isEmpty {
            let numbers = incidents.compactMap { Int64($0.replacing("INCIDENT_ID-", with: "")) }
            conditions.append("number IN \(list: numbers)")
        }
        if let from { conditions.append("created_at >= \(from.milliseconds)") }
        if let to { conditions.append("created_at < \(to.milliseconds)") }
        for (name, values) in properties {
            conditions.append(
                """
                id IN (SELECT alert_id FROM alert_properties WHERE name = \(name)
                AND lower(value) IN \(list: values.map { $0.lowercased() }))
                """)
        }
        if let found = try terms.map(Self.condition).joined(by: needsAllTerms ? "AND" : "OR") {
            conditions.append(found)
        }
        return conditions
    }

    /// The subject stands in the document between two keys that no value can imitate: quotes are escaped there.
    private static func condition(for term: String) throws -> SQL {
        let term = term.lowercased()
        let value = "%\(escaped(term))%"
        let inJSON = escaped(String(try JSON.encode(term).dropFirst().dropLast()))
        let subject = "%\"subject\":\"%\(inJSON)%\",\"submitter\":%"
        return """
            (CAST(number AS TEXT) = \(term) OR lower(document) LIKE \(subject) ESCAPE '!'
            OR id IN (SELECT alert_id FROM alert_properties WHERE lower(value) LIKE \(value) ESCAPE '!'))
            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
    }

    private func planIds(_ directory: DirectoryView) -> [String] {
        plans.flatMap { wanted in
            [wanted.lowercased()]
                + directory.plans.values.filter { $0.name.lowercased() == wanted.lowercased() }.map(\.id)
        }
    }

    private func formIds(_ directory: DirectoryView) -> [String] {
        forms.flatMap { wanted in
            [wanted.lowercased()]
                + directory.forms.values.filter { $0.name.lowercased() == wanted.lowercased() }.map(\.id)
        }
    }

    private func submitterIds(_ directory: DirectoryView) -> [String] {
        submitters.map { directory.person($0)?.id ?? $0.lowercased() }
    }
}

extension [SQL] {
    /// All of them in parentheses; `nil` when there is none.
    fileprivate func joined(by word: SQL) -> SQL? {
        guard let first else { return nil }
        return "(\(dropFirst().reduce(first) { "\($0) \(word) \($1)" }))"
    }
}
