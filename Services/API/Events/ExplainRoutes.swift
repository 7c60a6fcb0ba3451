import AlertCore
import Persistence

// Why somebody was notified, or was not, and what would happen: ours, for whoever asks.
extension EventServices {
    /// The most lines of an answer; the newest are left out, and `isTruncated` says so.
    private static let linesMax = 5000
    /// A week, in minutes.
    private static let longestSimulation = 10_080
    private static let standardSimulation = 180

    var explainRoutes: [RESTRoute] {
        [
            .get("events/{event}/explain") { try await explain($0) },
            RESTRoute(method: .post, path: "events/simulate", permission: .readConfiguration) {
                try await simulate($0)
            },
        ]
    }

    private func explain(_ call: RESTCall) async throws -> RESTAnswer {
        let row = try await alert(call.parameter("event"))
        var explanation = try await explanation(of: row)
        if let name = call.query["person"], !name.isEmpty {
            explanation = explanation.about(try await person(name, in: explanation))
        }
        var fields = Self.fields(explanation)
        fields["event"] = EventRepresentation(row: row).reference
        fields["state"] = .string(explanation.stateName)
        fields["nextAt"] = explanation.state.nextDue.map { .string($0.iso) } ?? .null
        fields["directoryVersion"] = explanation.directory.map { .integer($0) } ?? .null
        return .ok(.object(fields))
    }

    /// Of the escalation's events and of what came of its notifications.
    func explanation(of row: AlertRow) async throws -> Explanation {
        try await database.reading { connection in
            let log = EventLog(connection)
            let events = try log.read(streams: ["\(AlertEscalation.category)-\(row.id)"])
                .map { try EventCodec<AlertEscalation.Event>.decode($0.data) }
            let notifications = try Notifications(connection).ofAlert(row.id)
            return Explanation(events).adding(notifications.compactMap(\.outcome))
        }
    }

    /// What has been counted; `nil` for an alert that does not count responses.
    func counting(_ row: AlertRow) async throws -> AlertEscalation.State? {
        guard row.details.responseCountsEnabled else { return nil }
        return try await database.reading { connection in
            let id = row.id
            return try EventLog(connection).read(streams: ["\(AlertEscalation.category)-\(id)"])
                .map { try EventCodec<AlertEscalation.Event>.decode($0.data) }
                .reduce(AlertEscalation.initial, AlertEscalation.evolve)
        }
    }

    /// Somebody whom the explanation names, or who is in the directory.
    private func person(_ idOrName: String, in explanation: Explanation) async throws -> PersonReference {
        let key = idOrName.lowercased()
        let named = explanation.people.first { $0.person.id == key || $0.person.targetName.lowercased() == key }
        if let named { return named.person }
        guard let person = try await cache.current().person(idOrName) else {
            throw RestError.invalidValue("person", "there is no person \(idOrName).")
        }
        return PersonReference(person)
    }

    private static func fields(_ explanation: Explanation) -> [String: JSONValue] {
        [
            "lines": .array(explanation.lines.prefix(linesMax).map(\.representation)),
            "people": .array(explanation.people.map(\.representation)),
            "isTruncated": .bool(explanation.lines.count > linesMax),
        ]
    }
}

// MARK: - What if

extension EventServices {
    private func simulate(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let begin = try Self.time(fields, "at") ?? now()
        let view = try await cache.current()
        let form = try fields.reference("form").map { reference in
            guard let form = view.forms[reference.lowercased()] else {
                throw RestError.invalidValue("form", "there is no form \(reference).")
            }
            return form
        }
        let (past, roster) = try await directory(at: begin, view)
        var request: AlertRequest
        let targets: [AlertRecipient]
        do {
            request = try AlertRequest(.object(fields.values))
            if request.recipients == nil, let form { request.recipients = form.recipients.map { .init($0) } }
            guard let recipients = request.recipients else { throw RestError.missingField("recipients") }
            targets = try RecipientLookup(past).recipients(recipients)
        } catch let problem as FieldProblem {
            throw RestError(
                400, "The field \(problem).", subcode: "validation.common.field.invalid", arguments: [problem.field])
        }
        let minutes =
            try fields.integer("minutes", in: 1...Self.longestSimulation) ?? form?.expirationInMinutes
            ?? Self.standardSimulation
        let until = begin.advanced(by: .seconds(60 * min(minutes, Self.longestSimulation)))
        let simulation = EscalationSimulation(
            Self.terms(request, form), targets: targets, roster, at: begin, until: until)
        let explanation = Explanation(simulation.events)
        var answer = Self.fields(explanation)
        answer["at"] = .string(begin.iso)
        answer["until"] = .string(until.iso)
        answer["directoryVersion"] = .integer(roster.version)
        answer["notifications"] = .array(
            explanation.lines.filter { $0.kind == .notified }.prefix(Self.linesMax).map(\.representation))
        if simulation.isTruncated { answer["isTruncated"] = true }
        return .ok(.object(answer))
    }

    /// Of a past moment what there was then, otherwise what there is.
    private func directory(at moment: Timestamp, _ view: DirectoryView) async throws -> (DirectoryView, Roster) {
        guard moment < now() else {
            var roster = view.roster
            roster.alertCounts = try await database.reading { try RotationCounts($0).current() }
            return (view, roster)
        }
        return try await database.reading { connection in
            let past = try DirectoryHistory(connection).view(at: moment)
            var roster = past.roster
            roster.alertCounts = try RotationCounts(connection).counts(at: moment)
            return (past, roster)
        }
    }

    private static func terms(_ request: AlertRequest, _ form: Form?) -> AlertEscalation.Terms {
        var terms = AlertEscalation.Terms()
        terms.alert = "simulation"
        terms.priority = request.priority ?? form?.priority ?? .medium
        terms.overrideDeviceRestrictions =
            request.overrideDeviceRestrictions ?? form?.handling.overrideDeviceRestrictions ?? false
        terms.escalationOverride = request.escalationOverride ?? form?.handling.escalationOverride ?? false
        terms.targetDeviceNames =
            request.targetAllDevices ? [] : request.targetDeviceNames ?? form?.targetDeviceNames ?? []
        return terms
    }

    private static func time(_ fields: RequestFields, _ name: String) throws(RestError) -> Timestamp? {
        guard let text = try fields.text(name) else { return nil }
        guard let time = Timestamp(iso: text) else {
            throw .invalidValue(name, "it has to be a time of ISO 8601, as in 2026-03-09T14:00:00Z.")
        }
        return time
    }
}

// MARK: - On the wire

extension NotificationRow {
    /// What came of it; `nil` while that is open.
    fileprivate var outcome: Explanation.Line? {
        let text: String
        switch status {
        case .delivered: text = "the provider has it"
        case .failed: text = "it could not be delivered"
        case .cancelled: text = "it was taken back before it was sent"
        case .suppressed: text = "the person has had enough: suppressed by a limit on notifications"
        default: return nil
        }
        var line = Explanation.Line(at: updatedAt, kind: .delivery, text: text)
        line.rule = status.rawValue.uppercased()
        line.person = plan.recipient
        line.device = plan.device
        line.deviceType = Device.Kind(rawValue: plan.deviceType)
        line.notification = plan.id
        return line
    }
}

extension Explanation.Summary {
    fileprivate var representation: JSONValue {
        [
            "person": person.representation, "outcome": .string(isNotified ? "NOTIFIED" : "NOT_NOTIFIED"),
            "text": .string(text), "notified": .integer(Int64(notified)),
        ]
    }
}

extension Explanation.Line {
    /// Every field is there; what does not apply is null.
    fileprivate var representation: JSONValue {
        func named(_ reference: NamedReference?) -> JSONValue {
            reference.map { ["id": .string($0.id), "name": .string($0.name)] } ?? .null
        }
        func number(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
        let device: JSONValue =
            self.device.map { device in
                [
                    "id": .string(device.id), "name": .string(device.name),
                    "deviceType": deviceType.map { .string($0.rawValue) } ?? .null,
                ]
            } ?? .null
        let target: JSONValue =
            self.target.map { target in
                [
                    "id": .string(target.id), "targetName": .string(target.targetName),
                    "recipientType": .string(target.recipientType.rawValue),
                ]
            } ?? .null
        return [
            "at": .string(at.iso), "kind": .string(kind.rawValue), "rule": rule.map { .string($0) } ?? .null,
            "text": .string(text), "person": person?.representation ?? .null, "device": device, "target": target,
            "group": named(group), "shift": named(shift), "step": number(step), "round": number(round),
            "directoryVersion": directory.map { .integer($0) } ?? .null,
            "notification": notification.map { .string($0) } ?? .null,
        ]
    }
}
