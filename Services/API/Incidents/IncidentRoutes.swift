import AlertCore
import Foundation
import Persistence

/// Incidents and their timelines (spec §4.8).
extension RESTServices {
    /// The longest note in bytes.
    private static let noteLimit = 4000

    var incidentRoutes: [RESTRoute] {
        [
            .get("incidents", listIncidents),
            .post("incidents", permission: .handleAlerts) { try await saveIncident($0) },
            .get("incidents/{incident}", getIncident),
            .post("incidents/{incident}", permission: .handleAlerts) { try await saveIncident($0) },
            .get("incidents/{incident}/timeline-entries", listEntries),
            .post("incidents/{incident}/timeline-entries", permission: .comment) { try await addEntry($0) },
        ]
    }

    private func listIncidents(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let view = try await view()
        let filter = try IncidentQuery.filter(call.query, view)
        return try await database.reading { connection in
            let (total, rows) = try Incidents(connection).list(filter, offset: paging.offset, limit: paging.limit)
            return .ok(call.page(rows.map(view.wire), total: total, paging))
        }
    }

    private func getIncident(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        return try await database.reading { connection in
            .ok(view.wire(try Incidents(connection).required(call.parameter("incident"))))
        }
    }

    private func saveIncident(_ call: RESTCall) async throws -> RESTAnswer {
        let request = IncidentRequest(fields: try call.fields())
        let ((incident, isNew), view) = try await change(call) { edit in
            let incidents = Incidents(edit.directory.connection)
            let wanted = try call.parameters["incident"] ?? request.identifier()
            let existing = try wanted.map { try incidents.required($0) }
            let incident = try request.incident(existing, edit)
            try incidents.put(incident, by: edit.origin, at: edit.now)
            for (place, turn) in incident.turns(from: existing).enumerated() {
                try edit.add(turn.type, turn.text, to: incident, place: place)
            }
            return (incident, existing == nil)
        }
        return .saved(view.wire(incident), isNew: isNew)
    }

    // MARK: Timelines

    private func listEntries(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let view = try await view()
        return try await database.reading { connection in
            let incidents = Incidents(connection)
            let incident = try incidents.required(call.parameter("incident"))
            let (total, rows) = try incidents.entries(of: incident.id, offset: paging.offset, limit: paging.limit)
            return .ok(call.page(rows.map { view.wire($0, of: incident) }, total: total, paging))
        }
    }

    /// `{"entryType": …, "text": …}`. A type is a name of the caller's; without one it is a note.
    private func addEntry(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let text = try fields.requiredName("text", or: nil, limit: Self.noteLimit)
        let type = try fields.text("entryType", limit: 50)?.uppercased() ?? IncidentEntry.note
        guard type.wholeMatch(of: /[A-Z][A-Z0-9_]*/) != nil else {
            throw RestError.invalidValue("entryType", "it must be a name of letters, digits and _, as NOTE is.")
        }
        let ((entry, incident), view) = try await change(call) { edit in
            let incidents = Incidents(edit.directory.connection)
            let incident = try incidents.required(call.parameter("incident"))
            return (try edit.add(type, text, to: incident), incident)
        }
        return .saved(view.wire(entry, of: incident), isNew: true)
    }
}

extension DirectoryEdit {
    /// Adds to the timeline, as whoever asks.
    /// - Parameter place: Among those of one moment, which stay in this order: their ids say it.
    @discardableResult
    fileprivate func add(
        _ type: String, _ text: String, to incident: Incident, place: Int = 0
    ) throws -> IncidentEntry {
        let id = DerivedID.timeOrdered(at: now, chance: [UInt8(place)] + RandomSecret.bytes(9))
        let entry = IncidentEntry(
            id: id, incident: incident.id, at: now, entryType: type, text: text,
            addedBy: PersonReference(call.caller.person))
        try Incidents(directory.connection).add(entry, to: incident, by: origin)
        return entry
    }
}

extension Incident {
    /// What a change puts on the timeline: how status and severity turned.
    fileprivate func turns(from before: Incident?) -> [(type: String, text: String)] {
        guard let before else { return [] }
        var turns: [(type: String, text: String)] = []
        if before.status != status {
            turns.append(("STATUS_CHANGED", "\(before.status.rawValue) → \(status.rawValue)"))
        }
        if before.severity != severity {
            turns.append(("SEVERITY_CHANGED", "\(before.severity.rawValue) → \(severity.rawValue)"))
        }
        return turns
    }
}

extension Incidents {
    /// - Throws: 404.
    fileprivate func required(_ idOrIdentifier: String) throws -> Incident {
        guard let incident = try get(idOrIdentifier) else {
            throw RestError.notFound("There is no incident \(idOrIdentifier).")
        }
        return incident
    }
}

// MARK: - What incidents look like

extension DirectoryView {
    func wire(_ incident: Incident) -> JSONValue {
        let path = "/incidents/\(incident.id)"
        return .fields([
            "id": .string(incident.id), "incidentIdentifier": .string(incident.identifier),
            "summary": .string(incident.summary), "description": .string(incident.description),
            "severity": ["name": .string(incident.severity.rawValue), "level": .whole(incident.severity.level)],
            "status": ["name": .string(incident.status.rawValue), "level": .whole(incident.status.level)],
            "initiatedBy": wire(person: incident.initiatedBy),
            "commander": incident.commander.map(wire(person:)), "reporter": incident.reporter.map(wire(person:)),
            "requestId": .text(incident.requestId),
            "impactedServices": .array(incident.impactedServices.map(wire(service:))),
            "resolvers": .array(incident.resolvers.map(wire(resolver:))),
            "createdAt": .string(incident.createdAt.iso), "updatedAt": .string(incident.updatedAt.iso),
            "acknowledgedAt": incident.acknowledgedAt.map { .string($0.iso) },
            "resolvedAt": incident.resolvedAt.map { .string($0.iso) }, "links": .links(path),
        ])
    }

    func wire(_ entry: IncidentEntry, of incident: Incident) -> JSONValue {
        let path = "/incidents/\(incident.id)"
        return [
            "id": .string(entry.id),
            "incident": [
                "id": .string(incident.id), "incidentIdentifier": .string(incident.identifier), "links": .links(path),
            ],
            "at": .string(entry.at.iso), "entryType": .string(entry.entryType), "text": .string(entry.text),
            "addedBy": wire(person: entry.addedBy), "links": .links("\(path)/timeline-entries"),
        ]
    }

    /// Somebody as a record named them: as the person is now, or was called then.
    func wire(person reference: PersonReference) -> JSONValue {
        guard let person = people[reference.id], case .object(var fields) = PersonReference(person).representation
        else { return reference.representation }
        fields["licenseType"] = .string(person.licenseType)
        fields["status"] = .string(person.status.rawValue)
        return .object(fields)
    }

    private func wire(resolver reference: NamedReference) -> JSONValue {
        groups[reference.id]?.reference
            ?? ["id": .string(reference.id), "targetName": .string(reference.name), "recipientType": "GROUP"]
    }
}
