import AlertCore
import Persistence

/// A webhook delivery with every attempt, for `GET /events/{id}/deliveries`. Ours: the platform has no such call.
struct DeliveryRepresentation {
    /// How much of a payload is shown, in bytes.
    static let payloadLimit = 64 << 10

    let delivery: AlertHistory.DeliveryHistory

    /// With all that happened to it, for `GET /deliveries/{id}`.
    func complete(_ directory: DirectoryView) -> JSONValue {
        var fields = DeliveryRowRepresentation(delivery.row, directory).fields
        fields.merge(value.object ?? [:]) { $1 }
        fields["history"] = .array(delivery.entries.map { Self.line($0.event, $0.recorded.recordedAt) })
        if let payload = fields["payload"]?.string, payload.utf8.count > Self.payloadLimit {
            fields["payload"] = .string(String(decoding: payload.utf8.prefix(Self.payloadLimit), as: UTF8.self))
            fields["payloadTruncated"] = true
        }
        return .object(fields)
    }

    private static func line(_ event: WebhookDelivery.Event, _ at: Timestamp) -> JSONValue {
        var fields: [String: JSONValue]
        switch event {
        case .requested(let request, _):
            fields = ["kind": "REQUESTED"]
            fields["configurationVersion"] = request.configuration.map { .integer($0) }
            fields["replay"] = request.replay.map { .string($0) }
        case .parked(let parking, _):
            fields = [
                "kind": "PARKED", "reason": .string(parking.reason.rawValue), "detail": .string(parking.detail),
            ]
            fields["until"] = parking.until.map { .string($0.iso) }
        case .attempted(let attempt, _):
            fields = ["kind": "ATTEMPTED", "attempt": Self.attempt(attempt)]
        case .delivered: fields = ["kind": "DELIVERED"]
        case .exhausted: fields = ["kind": "EXHAUSTED"]
        case .redriven(let person, let cause, _):
            fields = ["kind": "REDRIVEN", "by": person.representation, "cause": .string(cause)]
        case .cancelled(let person, let cause, _):
            fields = ["kind": "CANCELLED", "by": person.representation, "cause": .string(cause)]
        case .skipped(let skip, _):
            fields = ["kind": "SKIPPED", "reason": .string(skip.reason.rawValue), "detail": .string(skip.detail)]
            fields["configurationVersion"] = skip.configuration.map { .integer($0) }
        }
        fields["at"] = .string(at.iso)
        return .object(fields)
    }

    var value: JSONValue {
        let row = delivery.row
        var fields: [String: JSONValue] = [
            "id": .string(row.id), "status": .string(row.status.rawValue.uppercased()),
            "sequence": .integer(row.sequence), "failedAttempts": .integer(Int64(row.attempts)),
            "updated": .string(row.updatedAt.iso), "attempts": .array(delivery.attempts.map(Self.attempt)),
        ]
        if let request = delivery.request {
            fields["integration"] = ["id": .string(request.integration.id), "name": .string(request.integration.name)]
            fields["triggeredBy"] = .string(request.trigger.rawValue)
            fields["payload"] = .string(request.payload)
        }
        fields["configurationVersion"] = row.configuration.map { .integer($0) }
        if row.status == .skipped {
            (fields["reason"], fields["detail"]) = (.string(row.reason), .string(row.detail))
        }
        if let parking = delivery.parking {
            fields["reason"] = .string(parking.reason.rawValue)
            fields["detail"] = .string(parking.detail)
            fields["nextAttempt"] = parking.until.map { .string($0.iso) }
        }
        return .object(fields)
    }

    private static func attempt(_ attempt: WebhookDelivery.Attempt) -> JSONValue {
        var fields: [String: JSONValue] = [
            "number": .integer(Int64(attempt.number)),
            "at": .string(attempt.startedAt.iso), "durationMilliseconds": .integer(attempt.durationMilliseconds),
            "inDoubt": .bool(attempt.isInDoubt),
        ]
        if !attempt.url.isEmpty { (fields["url"], fields["method"]) = (.string(attempt.url), "POST") }
        fields["scriptCompleted"] = attempt.hasCompleted.map { .bool($0) }
        fields["status"] = attempt.status.map { .integer(Int64($0)) }
        fields["responseBody"] = attempt.responseBody.map { .string($0) }
        if attempt.isBodyTruncated { fields["responseBodyTruncated"] = true }
        fields["error"] = attempt.error.map { .string($0) }
        fields["retryAfterSeconds"] = attempt.retryAfter.map { .integer(Int64($0)) }
        return .object(fields)
    }
}

extension AlertHistory.DeliveryHistory {
    /// All of one delivery.
    init(_ row: WebhookDeliveryRow, in connection: any SQLConnection) throws {
        let stream = "\(WebhookDelivery.category)-\(row.id)"
        self.init(
            row: row,
            entries: try EventLog(connection).read(streams: [stream]).map { recorded in
                AlertHistory.Entry(recorded: recorded, event: try EventCodec.decode(recorded.data))
            })
    }

    /// What is to be sent.
    var request: WebhookDelivery.Request? {
        entries.lazy.compactMap { entry -> WebhookDelivery.Request? in
            if case .requested(let request, _) = entry.event { request } else { nil }
        }.first
    }

    var attempts: [WebhookDelivery.Attempt] {
        entries.compactMap { entry in
            if case .attempted(let attempt, _) = entry.event { attempt } else { nil }
        }
    }

    /// Why it waits; `nil` when it does not, or has only just been requested.
    var parking: WebhookDelivery.Parking? {
        guard row.status == .parked else { return nil }
        return entries.reversed().lazy.compactMap { entry -> WebhookDelivery.Parking? in
            if case .parked(let parking, _) = entry.event { parking } else { nil }
        }.first
    }
}
