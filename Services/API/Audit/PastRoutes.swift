import AlertCore
import Persistence

// What anything was like at a moment of the past.
extension RESTServices {
    var pastRoutes: [RESTRoute] { [.get("audit/state", permission: .audit) { try await state($0) }] }

    /// Kinds of which a state can be asked for.
    private static let subjects = ["alert", "person", "group", "workflow", "on-call"]

    /// `of=person:mary&at=2026-03-09T14:00:00Z`: names are those of today, or ids.
    private func state(_ call: RESTCall) async throws -> RESTAnswer {
        guard let of = call.query["of"], !of.isEmpty else { throw RestError.missingField("of") }
        let parts = of.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, Self.subjects.contains(parts[0]) else {
            let valid = Self.subjects.map { "\($0):<id or name>" }
            throw RestError.invalidChoice("of", of, valid: valid)
        }
        let at = try call.query.time("at") ?? now()
        let state = try await state(parts[0], parts[1], at: at, for: call.caller)
        return .ok(.fields(["of": .string(of), "at": .string(at.iso), "state": state]))
    }

    private func state(
        _ subject: String, _ name: String, at: Timestamp, for caller: Caller
    ) async throws -> JSONValue {
        switch subject {
        case "alert": return try await alertState(name, at: at)
        case "on-call": return try await onCallState(name, at: at, for: caller)
        default: break
        }
        let present = try await view()
        return try await database.reading { connection in
            switch subject {
            case "person":
                let id = try AuditNames(directory: present, connection: connection).one(Person.self, name)
                return try Self.past(
                    Person.kind, id,
                    with: [(Device.kind, "owner", "devices"), (TemporaryAbsence.kind, "member", "absences")],
                    at: at, in: connection)
            case "group":
                let id = try AuditNames(directory: present, connection: connection).one(Group.self, name)
                return try Self.past(Group.kind, id, with: [(Shift.kind, "group", "shifts")], at: at, in: connection)
            default:
                let id = try AuditNames(directory: present, connection: connection).one(Plan.self, name)
                return try Self.past(Plan.kind, id, with: Self.partsOfPlans, at: at, in: connection)
            }
        }
    }

    private static let partsOfPlans = [
        (Form.kind, "plan", "forms"), (Integration.kind, "plan", "integrations"),
        (PropertyDefinition.kind, "plan", "propertyDefinitions"), (Constant.kind, "plan", "constants"),
        (Endpoint.kind, "plan", "endpoints"), (SharedLibrary.kind, "plan", "sharedLibraries"),
        (ScriptStep.kind, "plan", "scriptSteps"), (Canvas.kind, "plan", "canvases"),
        (TriggerFilter.kind, "plan", "triggerFilters"),
    ]

    /// An entry and what belonged to it.
    /// - Parameter parts: Of each kind the field that names what it belongs to, and what the answer calls them.
    /// - Throws: 404 when it was not there.
    private static func past(
        _ kind: String, _ id: String, with parts: [(kind: String, field: String, name: String)], at: Timestamp,
        in connection: any SQLConnection
    ) throws -> JSONValue {
        let entries = try DirectoryHistory(connection).entries(of: Set(parts.map(\.kind) + [kind]), at: at)
        guard let entry = entries.first(where: { $0.kind == kind && $0.id == id }) else {
            throw RestError.notFound("There was no \(kind) \(id) at \(at.iso).")
        }
        var fields: [String: JSONValue] = [kind == Plan.kind ? "workflow" : kind: entry.document]
        for part in parts {
            let own = entries.filter { $0.kind == part.kind && $0.document[part.field]?.string == id }
            fields[part.name] = .array(own.map(\.document))
        }
        return .object(fields)
    }

    private func alertState(_ name: String, at: Timestamp) async throws -> JSONValue {
        let directory = try await view()
        return try await database.reading { connection in
            let row = try EventServices.alert(name, in: connection)
            guard let history = try AlertHistory(of: row, in: connection).asOf(at) else {
                throw RestError.notFound("There was no event \(name) at \(at.iso).")
            }
            let event = EventRepresentation(row: history.row, directory: directory)
            var fields = event.full(notificationCount: history.notifications.count)
            fields["properties"] = event.properties
            fields["annotations"] = event.annotationsPage(history.events)
            fields["recipients"] = .embeddedPage(
                event.recipients(history, isTargetedOnly: false), path: "\(RESTPath.base)/events/\(row.id)/recipients")
            return .object(fields)
        }
    }

    private func onCallState(_ name: String, at: Timestamp, for caller: Caller) async throws -> JSONValue {
        let state = try await onCall(at: at)
        guard let group = try state.group(name, for: caller) else {
            throw RestError.notFound("There was no group \(name) at \(at.iso).")
        }
        let rows = state.roster.onCall(group: group.id, at: at).flatMap { shift in
            zip(shift.members, shift.escalationLevels).compactMap { member, level in
                state.view.summary(member, level: level, of: shift, in: group)
            }
        }
        return .array(rows)
    }
}

extension AuditNames {
    /// - Throws: 404 when there is, and was, nothing of the name.
    func one<Entry: DirectoryEntry>(_ type: Entry.Type, _ name: String) throws -> String {
        let field: AuditQuery.Field =
            switch Entry.kind {
            case Person.kind: .person
            case Group.kind: .group
            default: .workflow
            }
        let query = try resolve(AuditQuery(.isAny(field, [name])))
        guard case .isAny(_, let ids) = query.condition, let id = ids.first else {
            throw RestError.notFound("There is no \(Entry.kind) \(name).")
        }
        return id
    }
}
