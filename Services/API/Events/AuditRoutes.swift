import AlertCore

// What happened to an alert, as the platform's clients read it (spec §4.3).
extension EventServices {
    var auditRoutes: [RESTRoute] { [.get("audits") { try await audits($0) }] }

    private func audits(_ call: RESTCall) async throws -> RESTAnswer {
        guard let event = call.query["eventId"], !event.isEmpty else { throw RestError.missingField("eventId") }
        let types = try EventQuery.choices(
            call.query, "auditType", of: AuditRepresentation.types + AuditRepresentation.ownTypes)
        let order = try EventQuery.choices(call.query, "sortOrder", of: ["ASCENDING", "DESCENDING"])
        let from = try EventQuery.time(call.query, "from")
        let to = try EventQuery.time(call.query, "to")
        let rows = AuditRepresentation(try await history(event, call.query)).rows(types: types, from: from, to: to)
        return .ok(try call.page(of: order.first == "DESCENDING" ? rows.reversed() : rows))
    }
}
