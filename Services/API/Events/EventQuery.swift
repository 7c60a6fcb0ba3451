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
    /// Ids or target names of people whom a notification was planned for.
    var resolvedUsers: [String] = []
    /// Ids or target names of what the request named.
    var targetedRecipients: [String] = []
    var from: Timestamp?
    var to: Timestamp?
    /// As it was then.
    var at: Timestamp?
    var comparison = AlertSearch.Comparison.equals
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
        targetedRecipients = query.list("targetedRecipients") ?? []
        resolvedUsers = query.list("resolvedUsers") ?? []
        at = try Self.time(query, "at")
        let comparisons = AlertSearch.Comparison.allCases.map(\.rawValue)
        comparison =
            try query.choice("propertyValueOperator", of: comparisons).flatMap(AlertSearch.Comparison.init) ?? .equals
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
        try Alerts(connection).find(search(directory), offset: offset, limit: limit)
    }

    /// With ids for names.
    private func search(_ directory: DirectoryView) -> AlertSearch {
        func given<Value>(_ values: [Value]) -> [Value]? { values.isEmpty ? nil : values }
        var search = AlertSearch()
        search.types = given(types)
        search.statuses = given(statuses)
        search.priorities = given(priorities)
        search.plans = given(plans)?.flatMap { wanted in
            [wanted.lowercased()] + directory.plans.values.filter { $0.name.isSameName(wanted) }.map(\.id)
        }
        search.forms = given(forms)?.flatMap { wanted in
            [wanted.lowercased()] + directory.forms.values.filter { $0.name.isSameName(wanted) }.map(\.id)
        }
        search.submitters = given(submitters)?.map { directory.person($0)?.id ?? $0.lowercased() }
        search.requestIds = given(requestIds)
        search.numbers = given(incidents)?.compactMap { Int64($0.replacing("INCIDENT_ID-", with: "")) }
        search.notifiedPeople = given(resolvedUsers)?.map { directory.person($0)?.id ?? $0.lowercased() }
        search.targetedRecipients = given(targetedRecipients)?.map { wanted in
            directory.person(wanted)?.id ?? directory.group(wanted)?.id ?? directory.device(wanted)?.id
                ?? wanted.lowercased()
        }
        search.from = from
        search.to = to
        search.at = at
        search.properties = properties
        search.comparison = comparison
        search.terms = terms
        search.needsAllTerms = needsAllTerms
        search.isAscending = isAscending
        return search
    }
}

extension String {
    fileprivate func isSameName(_ other: String) -> Bool { lowercased() == other.lowercased() }
}
