import AlertCore
import Persistence

/// Why each integration got each event of an alert, or did not.
struct DeliveryWhy: Sendable {
    /// One event at one integration.
    struct Line: Sendable {
        let sequence: Int64
        /// When the event was recorded.
        let at: Timestamp
        /// As in `alert.created`.
        let kind: String
        /// `nil` for an event that sets off no integration.
        let trigger: Trigger?
        let integration: NamedReference
        /// Of the integration's configuration at present; `nil` when it is gone.
        let currentVersion: Int64?
        let verdict: DeliveryVerdict
    }

    let lines: [Line]

    /// - Parameters:
    ///   - integration: Only that one, and then events that never concern it as well; `nil` for each event's own.
    init(
        _ alert: AlertRow, integration: String?, _ directory: DirectoryView, now: Timestamp,
        in connection: any SQLConnection
    ) throws {
        let log = EventLog(connection)
        let events = try AlertHistory.events(of: alert.id, in: connection)
        let rows = try WebhookDeliveries(connection).ofAlert(alert.id).filter {
            integration == nil || $0.integration == integration
        }
        // In the order of the alert: the first that waits is the next.
        let ahead = Dictionary(rows.filter { $0.status == .parked }.map { ($0.integration, $0.id) }) { first, _ in first
        }
        let records = Dictionary(grouping: rows, by: \.sequence).mapValues {
            Dictionary(grouping: $0, by: \.integration)
        }
        var since: [String: Timestamp] = [:]
        var lines: [Line] = []
        for entry in events {
            let sequence = entry.recorded.version
            let subject = DeliveryVerdict.Subject(
                event: entry.event, recordedAt: entry.recorded.recordedAt, details: alert.details)
            let payload = WebhookPayload(entry.event, of: alert.details)
            func add(_ integration: NamedReference, _ verdict: DeliveryVerdict) {
                lines.append(
                    Line(
                        sequence: sequence, at: subject.recordedAt, kind: entry.recorded.type,
                        trigger: payload?.trigger, integration: integration,
                        currentVersion: directory.integrationVersions[integration.id], verdict: verdict))
            }
            let own = records[sequence] ?? [:]
            var concerned = Set(own.keys)
            if let integration {
                concerned = [integration]
            } else if let trigger = payload?.trigger {
                let wanting = directory.outboundIntegrations(form: alert.details.form.id, trigger: trigger)
                concerned.formUnion(wanting.map(\.id))
            }
            for id in concerned.sorted() {
                let rows = own[id] ?? []
                guard let integration = directory.integrations[id] else {
                    // What is gone, and callbacks, which have no integration: what is recorded says all.
                    for row in rows {
                        let name = DeliveryRowRepresentation(row, directory).name
                        add(
                            NamedReference(id: id, name: name),
                            DeliveryVerdict(row.verdictRecord, ahead: ahead[id]))
                    }
                    continue
                }
                if rows.isEmpty, since[id] == nil {
                    since[id] = try log.first(of: "config-\(Integration.kind)-\(id)")?.recordedAt
                }
                add(
                    NamedReference(id: id, name: integration.name),
                    DeliveryVerdict(
                        of: subject, at: integration, since: since[id], records: rows.map(\.verdictRecord),
                        ahead: ahead[id], now: now))
            }
        }
        self.lines = lines
    }
}

extension WebhookDeliveryRow {
    var verdictRecord: DeliveryVerdict.Record {
        DeliveryVerdict.Record(
            delivery: id, phase: status, reason: reason, detail: detail, until: until, attempts: attempts,
            configuration: configuration, requestedAt: createdAt, replay: replay)
    }
}

// Why an integration got an event, or did not: ours, for whoever asks.
extension EventServices {
    var whyRoutes: [RESTRoute] {
        [
            .get("events/{event}/why") { try await why($0) },
            .get("integrations/{integration}/configurations") { try await configurations($0) },
        ]
    }

    private func why(_ call: RESTCall) async throws -> RESTAnswer {
        let row = try await alert(call.parameter("event"))
        let directory = try await cache.current()
        let wanted = call.query["integration"].flatMap { $0.isEmpty ? nil : $0 }
        let integration = try wanted.map { name in
            try directory.integrations[name.lowercased()]?.id
                ?? directory.integrations.values.first { $0.name.lowercased() == name.lowercased() }?.id
                ?? { throw RestError.notFound("There is no integration \(name).") }()
        }
        let sequence = try call.query["sequence"].map { text in
            guard let number = Int64(text) else { throw RestError.invalidValue("sequence", "it must be a number.") }
            return number
        }
        let why = try await why(row, integration: integration)
        let lines = why.lines.filter { sequence == nil || $0.sequence == sequence }
        return .ok(try call.page(of: lines.map(\.representation)))
    }

    func why(_ row: AlertRow, integration: String? = nil) async throws -> DeliveryWhy {
        let (directory, now) = (try await cache.current(), now())
        return try await database.reading { connection in
            try DeliveryWhy(row, integration: integration, directory, now: now, in: connection)
        }
    }

    /// Every version of an integration's configuration, newest first, without secrets.
    private func configurations(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("integration").lowercased()
        let events = try await database.reading {
            try EventLog($0).read(streams: ["config-\(Integration.kind)-\(id)"])
        }
        guard !events.isEmpty else { throw RestError.notFound("There is no integration \(id).") }
        let rows = try events.reversed().map { event -> JSONValue in
            let data: JSONValue = try JSON.decode(event.data)
            return [
                "version": data["version"] ?? .null, "at": .string(event.recordedAt.iso),
                "by": .string(event.origin.actor), "configuration": data["after"] ?? .null,
            ]
        }
        return .ok(try call.page(of: rows))
    }
}

extension DeliveryWhy.Line {
    var representation: JSONValue {
        var fields: [String: JSONValue] = [
            "sequence": .integer(sequence), "at": .string(at.iso), "kind": .string(kind),
            "integration": ["id": .string(integration.id), "name": .string(integration.name)],
            "outcome": .string(verdict.outcome.rawValue), "text": .string(verdict.text),
        ]
        fields["triggeredBy"] = trigger.map { .string($0.rawValue) }
        if !verdict.reason.isEmpty { fields["reason"] = .string(verdict.reason) }
        fields["until"] = verdict.until.map { .string($0.iso) }
        fields["delivery"] = verdict.delivery.map { .string($0) }
        fields["behind"] = verdict.behind.map { .string($0) }
        fields["configurationVersion"] = verdict.configuration.map { .integer($0) }
        fields["currentVersion"] = currentVersion.map { .integer($0) }
        return .object(fields)
    }
}
