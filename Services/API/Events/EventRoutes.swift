import AlertCore
import Persistence

// The alerts themselves, `events` on the wire (spec §4.2).
extension EventServices {
    private static let listEmbeds = ["properties", "annotations"]
    private static let singleEmbeds = [
        "properties", "recipients", "responseOptions", "responseOptions.translations", "annotations", "messages",
        "attachments", "suppressions",
    ]

    var eventRoutes: [RESTRoute] {
        [
            .get("events") { try await list($0) },
            .get("events/{event}") { try await get($0) },
            .get("events/{event}/recipients") { try await recipients($0) },
            RESTRoute(method: .post, path: "events", permission: .readConfiguration) { try await setStatus($0) },
        ]
    }

    private func list(_ call: RESTCall) async throws -> RESTAnswer {
        let query = try EventQuery(call.query)
        let paging = try call.query.paging()
        let embeds = try Self.embeds(call, of: Self.listEmbeds)
        let directory = try await cache.current()
        return try await database.reading { connection in
            let (total, rows) = try query.page(
                offset: paging.offset, limit: paging.limit, directory: directory, in: connection)
            return .ok(call.page(try rows.map { try Self.entry($0, embeds, connection) }, total: total, paging))
        }
    }

    private static func entry(
        _ row: AlertRow, _ embeds: Set<String>, _ connection: any SQLConnection
    ) throws -> JSONValue {
        let event = EventRepresentation(row: row)
        var fields = event.summary
        if embeds.contains("properties") { fields["properties"] = event.properties }
        if embeds.contains("annotations") {
            fields["annotations"] = event.annotationsPage(try AlertHistory.events(of: row.id, in: connection))
        }
        return .object(fields)
    }

    private func get(_ call: RESTCall) async throws -> RESTAnswer {
        let embeds = try Self.embeds(call, of: Self.singleEmbeds)
        let isTargetedOnly = try call.query.bool("targeted") ?? false
        let history = try await history(call.parameter("event"))
        let event = EventRepresentation(row: history.row)
        let path = "\(RESTPath.base)/events/\(history.row.id)"
        var fields = event.full(notificationCount: history.notifications.count)
        if embeds.contains("properties") { fields["properties"] = event.properties }
        if embeds.contains("recipients") {
            fields["recipients"] = .embeddedPage(
                event.recipients(history, isTargetedOnly: isTargetedOnly), path: "\(path)/recipients")
        }
        if !embeds.isDisjoint(with: ["responseoptions", "responseoptions.translations"]) {
            fields["responseOptions"] = .embeddedPage(event.responseOptions, path: path)
        }
        if embeds.contains("annotations") { fields["annotations"] = event.annotationsPage(history.events) }
        if embeds.contains("messages") { fields["messages"] = .embeddedPage(event.messages, path: path) }
        if embeds.contains("attachments") {
            fields["attachments"] = .embeddedPage(event.attachments, path: "\(path)/attachments")
        }
        let row = history.row
        let (count, suppressions) = try await database.reading { connection in
            (
                try AlertSuppressions(connection).count(parent: row.id),
                embeds.contains("suppressions")
                    ? try EventRepresentation.suppressionsPage(of: row, in: connection) : nil
            )
        }
        fields["suppressedCount"] = .integer(Int64(count))
        fields["suppressions"] = suppressions
        if case .suppressed(_, let suppression, _) = history.events.first?.event {
            fields["suppression"] = suppression.representation
        }
        return .ok(.object(fields))
    }

    private func recipients(_ call: RESTCall) async throws -> RESTAnswer {
        let isTargetedOnly = try call.query.bool("targeted") ?? false
        let history = try await history(call.parameter("event"))
        let recipients = EventRepresentation(row: history.row).recipients(history, isTargetedOnly: isTargetedOnly)
        return .ok(try call.page(of: recipients))
    }

    /// `{"id": …, "status": …}`; the id as text or, as older clients send it, as a number.
    private func setStatus(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireHandlingAlerts()
        let fields = try call.fields()
        guard let id = try Self.eventId(fields) else { throw RestError.missingField("id") }
        guard let status = try fields.choice("status", WantedStatus.self) else {
            throw RestError.missingField("status")
        }
        let row = try await alert(id)
        switch status {
        case .active: try await resume(row, by: call.caller.person)
        case .suspended: try await suspend(row, by: call.caller.person)
        case .terminated: try await terminate(row, by: call.caller.person)
        }
        let history = try await history(row.id)
        let event = EventRepresentation(row: history.row)
        return .ok(.object(event.full(notificationCount: history.notifications.count)))
    }

    private enum WantedStatus: String, CaseIterable {
        case active = "ACTIVE"
        case suspended = "SUSPENDED"
        case terminated = "TERMINATED"
    }

    private static func eventId(_ fields: RequestFields) throws(RestError) -> String? {
        if let number = fields["id"]?.integer { return String(number) }
        return try fields.text("id")
    }

    /// The names in lower case.
    private static func embeds(_ call: RESTCall, of valid: [String]) throws(RestError) -> Set<String> {
        let names = (call.query.list("embed") ?? []).map { $0.lowercased() }
        for name in names where !valid.contains(where: { $0.lowercased() == name }) {
            throw .invalidChoice("embed", name, valid: valid)
        }
        return Set(names)
    }
}

extension EventRepresentation {
    func annotationsPage(_ events: [AlertHistory.Entry<Alert.Event>]) -> JSONValue {
        .embeddedPage(annotations(events), path: "\(RESTPath.base)/events/\(row.id)/annotations")
    }
}
