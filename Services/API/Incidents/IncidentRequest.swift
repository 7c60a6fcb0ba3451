import AlertCore
import Persistence

/// Which incidents a list is to hold (spec §4.9).
enum IncidentQuery {
    private static let termLimit = 10

    /// - Throws: 400 for a value that the parameter does not have.
    static func filter(_ query: QueryParameters, _ view: DirectoryView) throws(RestError) -> Incidents.Filter {
        var filter = Incidents.Filter()
        filter.severities = try choices(query, "severity")
        filter.statuses = try choices(query, "status")
        filter.requestIds = query.list("requestId")?.map { $0.lowercased() }
        // An id stays one that was impacted, also of a service that is not there any more.
        filter.services = query.list("impactedServices")?.map { view.service($0)?.id ?? $0.lowercased() }
        if let names = query.list("resolver.group") {
            let groups = names.map { view.group(encoded: $0)?.id ?? $0.lowercased() }
            filter.resolvers = (groups, groups.flatMap { view.services(of: $0) }.map(\.id))
        }
        filter.from = try EventQuery.time(query, "from")
        filter.to = try EventQuery.time(query, "to")
        filter.terms = (query["search"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        guard filter.terms.count <= termLimit else {
            throw .invalidValue("search", "at most \(termLimit) terms are allowed.")
        }
        filter.needsAllTerms = try query.choice("operand", of: ["AND", "OR"]) == "AND"
        // One of the platform's pages calls the parameter `field`.
        let parameter = query["fields"] == nil ? "field" : "fields"
        let fields = try EventQuery.choices(query, parameter, of: Incidents.Filter.Field.allCases.map(\.rawValue))
        if !fields.isEmpty { filter.fields = fields.compactMap(Incidents.Filter.Field.init) }
        return filter
    }

    private static func choices<Choice: CaseIterable & Equatable & RawRepresentable<String>>(
        _ query: QueryParameters, _ field: String
    ) throws(RestError) -> [Choice]? {
        guard let names = query.list(field) else { return nil }
        var choices: [Choice] = []
        for name in names { choices.append(try choice(name, of: field)) }
        return choices
    }

    /// By the name, ignoring case and whether words are apart (`IN_PROGRESS`), or by the level.
    static func choice<Choice: CaseIterable & Equatable & RawRepresentable<String>>(
        _ text: String, of field: String
    ) throws(RestError) -> Choice {
        func key(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
        let wanted = key(text)
        guard let choice = Choice.allCases.first(where: { key($0.rawValue) == wanted || String($0.level) == wanted })
        else { throw .invalidChoice(field, text, valid: Choice.allCases.map(\.rawValue)) }
        return choice
    }
}

/// The fields of an incident; those that are absent stay as they are.
struct IncidentRequest: Sendable {
    private static let referenceLimit = 100

    let fields: RequestFields

    /// Of the incident that is to be modified; `nil` for a new one.
    func identifier() throws -> String? { try fields.text("id") ?? fields.text("incidentIdentifier") }

    func incident(_ existing: Incident?, _ edit: DirectoryEdit) throws -> Incident {
        let summary = try fields.requiredName("summary", or: existing?.summary, limit: 500)
        let severity: Incident.Severity? = try choice("severity")
        let caller = PersonReference(edit.call.caller.person)
        var incident = try existing ?? new(summary, severity, by: caller, edit)
        incident.summary = summary
        incident.severity = severity ?? incident.severity
        incident.description = try fields.text("description", limit: 20_000) ?? incident.description
        incident.commander = try person("commander", incident.commander, edit)
        incident.reporter = try person("reporter", incident.reporter, edit)
        incident.requestId = try fields.text("requestId", limit: 100)?.lowercased() ?? incident.requestId
        incident.impactedServices = try services(edit) ?? incident.impactedServices
        incident.resolvers = try resolvers(edit) ?? incident.resolvers
        try setStatus(&incident, edit.now)
        if incident != existing { incident.updatedAt = edit.now }
        return incident
    }

    private func new(
        _ summary: String, _ severity: Incident.Severity?, by caller: PersonReference, _ edit: DirectoryEdit
    ) throws -> Incident {
        var incident = Incident(
            id: edit.newID(), number: try edit.directory.nextNumber(of: "incident"), summary: summary,
            severity: severity ?? .medium, initiatedBy: caller, createdAt: edit.now)
        incident.reporter = caller
        return incident
    }

    /// What was once taken up stays so; what is opened again is not resolved any more.
    private func setStatus(_ incident: inout Incident, _ now: Timestamp) throws(RestError) {
        let before = incident.status
        incident.status = try choice("status") ?? before
        if incident.status != .open, incident.acknowledgedAt == nil { incident.acknowledgedAt = now }
        guard incident.status == .resolved else {
            incident.resolvedAt = nil
            return
        }
        if before != .resolved { incident.resolvedAt = now }
    }

    /// A name, or an object with one or with a level.
    private func choice<Choice: CaseIterable & Equatable & RawRepresentable<String>>(
        _ field: String
    ) throws(RestError) -> Choice? {
        guard let value = fields[field] else { return nil }
        let text = value.string ?? value["name"]?.string ?? (value["level"] ?? value).integer.map { String($0) }
        guard let text else { throw .wrongType(field, expected: "a name", found: value.kindName) }
        return try IncidentQuery.choice(text, of: field)
    }

    /// An empty text takes the person away.
    private func person(_ field: String, _ current: PersonReference?, _ edit: DirectoryEdit) throws -> PersonReference?
    {
        guard let reference = try fields.reference(field) else { return current }
        if reference.isEmpty { return nil }
        guard let person = try edit.directory.resolve(Person.self, reference) else {
            throw RestError.invalidValue(field, "there is no person \(reference).")
        }
        return PersonReference(person)
    }

    private func services(_ edit: DirectoryEdit) throws -> [NamedReference]? {
        try references("impactedServices") { reference in
            try edit.directory.resolve(BusinessService.self, reference).map {
                NamedReference(id: $0.id, name: $0.targetName)
            }
        }
    }

    private func resolvers(_ edit: DirectoryEdit) throws -> [NamedReference]? {
        try references("resolvers") { reference in
            try edit.visibleGroup(reference).map { NamedReference(id: $0.id, name: $0.targetName) }
        }
    }

    /// A list that is given replaces the whole list.
    private func references(
        _ field: String, _ find: (String) throws -> NamedReference?
    ) throws -> [NamedReference]? {
        guard let wanted = try fields.references(field) else { return nil }
        guard wanted.count <= Self.referenceLimit else {
            throw RestError.invalidValue(field, "it may have at most \(Self.referenceLimit) elements.")
        }
        var found: [NamedReference] = []
        for reference in wanted {
            guard let one = try find(reference) else {
                throw RestError.invalidValue(field, "there is no \(reference).")
            }
            if !found.contains(where: { $0.id == one.id }) { found.append(one) }
        }
        return found
    }
}
