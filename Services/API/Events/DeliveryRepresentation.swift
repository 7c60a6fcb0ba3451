import AlertCore

/// A webhook delivery with every attempt, for `GET /events/{id}/deliveries`. Ours: the platform has no such call.
struct DeliveryRepresentation {
    let delivery: AlertHistory.DeliveryHistory

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
        if !attempt.url.isEmpty { fields["url"] = .string(attempt.url) }
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
