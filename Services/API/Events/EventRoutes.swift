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
            .post("events", permission: .handleAlerts) { try await setStatus($0) },
            .get("conferences/{conference}") { try await conference($0) },
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
            let entries = try rows.map { try Self.entry($0, embeds, at: query.at, connection) }
            return .ok(call.page(entries, total: total, paging))
        }
    }

    private static func entry(
        _ row: AlertRow, _ embeds: Set<String>, at: Timestamp?, _ connection: any SQLConnection
    ) throws -> JSONValue {
        let event = EventRepresentation(row: row)
        var fields = event.summary
        if embeds.contains("properties") { fields["properties"] = event.properties }
        if embeds.contains("annotations") || at != nil {
            let events = try AlertHistory.events(of: row.id, in: connection)
                .filter { entry in at.map { entry.recorded.recordedAt <= $0 } ?? true }
            if embeds.contains("annotations") { fields["annotations"] = event.annotationsPage(events) }
            if at != nil { fields["revision"] = events.last?.recorded.revision }
        }
        return .object(fields)
    }

    private func get(_ call: RESTCall) async throws -> RESTAnswer {
        let embeds = try Self.embeds(call, of: Self.singleEmbeds)
        let isTargetedOnly = try call.query.bool("targeted") ?? false
        let history = try await history(call.parameter("event"), call.query)
        let event = EventRepresentation(
            row: history.row, directory: try await cache.current(), escalation: try await counting(history.row))
        let path = "\(RESTPath.base)/events/\(history.row.id)"
        var fields = event.full(notificationCount: history.notifications.count)
        if call.query["at"] != nil { fields["revision"] = history.events.last?.recorded.revision }
        if embeds.contains("properties") { fields["properties"] = event.properties }
        if embeds.contains("recipients") {
            fields["recipients"] = .embeddedPage(
                event.recipients(history, isTargetedOnly: isTargetedOnly), path: "\(path)/recipients")
        }
        if !embeds.isDisjoint(with: ["responseoptions", "responseoptions.translations"]) {
            let options = event.responseOptions(withTranslations: embeds.contains("responseoptions.translations"))
            fields["responseOptions"] = .embeddedPage(options, path: path)
        }
        if embeds.contains("annotations") { fields["annotations"] = event.annotationsPage(history.events) }
        if embeds.contains("messages") { fields["messages"] = .embeddedPage(event.messages, path: path) }
        fields.merge(try await storedParts(of: event, embeds)) { $1 }
        if case .suppressed(_, let suppression, _) = history.events.first?.event {
            fields["suppression"] = suppression.representation
        }
        return .ok(.object(fields))
    }

    /// What stands beside the alert's history.
    private func storedParts(of event: EventRepresentation, _ embeds: Set<String>) async throws -> [String: JSONValue] {
        let row = event.row
        let path = "\(RESTPath.base)/events/\(row.id)"
        return try await database.reading { connection in
            var fields: [String: JSONValue] = [
                "suppressedCount": .whole(try AlertSuppressions(connection).count(parent: row.id))
            ]
            if embeds.contains("suppressions") {
                fields["suppressions"] = try EventRepresentation.suppressionsPage(of: row, in: connection)
            }
            if embeds.contains("attachments") {
                let sizes = try Attachments(connection).sizes(of: row.details.attachments.compactMap(\.uploadId))
                fields["attachments"] = .embeddedPage(
                    EventRepresentation(row: row).attachments(sizes: sizes), path: "\(path)/attachments")
            }
            return fields
        }
    }

    private func recipients(_ call: RESTCall) async throws -> RESTAnswer {
        let isTargetedOnly = try call.query.bool("targeted") ?? false
        let history = try await history(call.parameter("event"), call.query)
        let event = EventRepresentation(
            row: history.row, directory: try await cache.current(), escalation: try await counting(history.row))
        return .ok(try call.page(of: event.recipients(history, isTargetedOnly: isTargetedOnly)))
    }

    /// A conference has the id of its alert.
    private func conference(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("conference")
        return try await database.reading { connection in
            let row = try Alerts(connection).get(id)
            guard let row, let conference = row.details.conference else {
                throw RestError.notFound("There is no conference \(id).")
            }
            guard case .object(var fields) = conference.representation(ofAlert: row.id) else {
                return .noContent
            }
            fields["event"] = EventRepresentation(row: row).reference
            if let name = conference.bridgeId {
                fields["bridge"] = try Directory(connection).resolve(ConferenceBridge.self, name)?.wire
            }
            return .ok(.object(fields))
        }
    }

    /// `{"id": …, "status": …}`; the id as text or, as older clients send it, as a number.
    private func setStatus(_ call: RESTCall) async throws -> RESTAnswer {
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
        let event = EventRepresentation(row: history.row, escalation: try await counting(history.row))
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

extension RecordedEvent {
    /// To which of its events a look at an alert's past goes.
    fileprivate var revision: JSONValue {
        [
            "id": .string(DerivedID.uuid("revision", id)), "at": .string(recordedAt.isoWithOffset),
            "seq": .string(String(version)),
        ]
    }
}

extension ConferenceReference {
    /// - Parameter alert: Whose conference it is: it has the alert's id.
    func representation(ofAlert alert: String) -> JSONValue {
        .fields([
            "id": .string(alert), "type": .string(type.rawValue), "bridgeId": .text(bridgeId),
            "bridgeNumber": .text(bridgeNumber), "links": .links("/conferences/\(alert)"),
        ])
    }
}
