import AlertCore

/// What happened to an alert as rows of `GET /audits` (spec §4.3).
struct AuditRepresentation {
    static let types = [
        "EVENT_ANNOTATED", "EVENT_CREATED", "EVENT_SUSPENDED", "EVENT_RESUMED", "EVENT_COMPLETED", "EVENT_TERMINATED",
        "RESPONSE_RECEIVED", "NOTIFICATION_DELIVERED", "NOTIFICATION_FAILED",
    ]

    /// What the platform has no audits of: given to those who ask for them by name, since clients may know the
    /// platform's types only.
    static let ownTypes = ["EVENT_ESCALATED", "RECIPIENTS_FAILED", "RESPONSE_REJECTED"]

    let history: AlertHistory
    private let event: EventRepresentation

    init(_ history: AlertHistory) {
        self.history = history
        event = EventRepresentation(row: history.row)
    }

    /// Oldest first.
    /// - Parameters:
    ///   - types: Only these; empty for all.
    ///   - range: Only what happened from its first up to, not including, its second time.
    func rows(types: [String], from: Timestamp? = nil, to: Timestamp? = nil) -> [JSONValue] {
        let responses = Dictionary(history.responses.map { ($0.response.id, $0) }) { first, _ in first }
        return history.events.compactMap { entry in
            let at = entry.event.at
            if let from, at < from { return nil }
            if let to, at >= to { return nil }
            let (type, content) = content(of: entry.event, responses)
            guard types.isEmpty ? !Self.ownTypes.contains(type) : types.contains(type) else { return nil }
            var fields = content
            fields["id"] = .string(DerivedID.uuid("audit", entry.recorded.id))
            fields["orderId"] = .string(String(entry.recorded.position))
            fields["type"] = .string(type)
            fields["at"] = .string(at.iso)
            return .object(fields)
        }
    }

    private func content(
        of event: Alert.Event, _ responses: [String: RecordedResponse]
    ) -> (type: String, fields: [String: JSONValue]) {
        switch event {
        case .created(let details, _), .suppressed(let details, _, _): ("EVENT_CREATED", about(by: details.submitter))
        case .suspended(let person, _): ("EVENT_SUSPENDED", about(by: person))
        case .resumed(let person, _): ("EVENT_RESUMED", about(by: person))
        case .terminated(_, .completed, _): ("EVENT_COMPLETED", about(by: nil))
        case .terminated(let person, _, _): ("EVENT_TERMINATED", about(by: person))
        case .escalated(let report, _):
            ("EVENT_ESCALATED", about(by: report.by).merging(["escalation": report.representation]) { $1 })
        case .recipientsFailed(let failure, _):
            ("RECIPIENTS_FAILED", about(by: nil).merging(failure.representation) { $1 })
        case .responseRejected(let response, let reason, let at):
            (
                "RESPONSE_REJECTED",
                [
                    "event": self.event.reference,
                    "response": [
                        "recipient": response.by.representation, "device": .string(response.device),
                        "option": .string(response.option), "received": .string(at.iso),
                        "comment": response.comment.map { .string($0) } ?? .null, "source": .string(response.source),
                        "reason": .string(reason.rawValue),
                    ],
                ]
            )
        case .commented: ("EVENT_ANNOTATED", ["annotation": self.event.annotation(event) ?? .null])
        case .responded(let response, let option, let at):
            (
                "RESPONSE_RECEIVED",
                ["response": self.response(response, option, at, responses[response.id]?.notification)]
            )
        case .notificationSuppressed(let record, let at):
            ("NOTIFICATION_FAILED", ["notification": notification(record, at)])
        case .deliveryRecorded(let delivery, let at):
            (
                delivery.status == .delivered ? "NOTIFICATION_DELIVERED" : "NOTIFICATION_FAILED",
                ["notification": notification(delivery, at)]
            )
        }
    }

    /// - Parameter person: `nil` when the system did it.
    private func about(by person: PersonReference?) -> [String: JSONValue] {
        var fields: [String: JSONValue] = ["event": event.reference]
        fields["by"] = person?.representation
        return fields
    }

    private func deviceType(_ notification: String) -> String {
        history.notifications.first { $0.plan.id == notification }?.plan.deviceType ?? ""
    }

    private func notification(_ delivery: DeviceDelivery, _ at: Timestamp) -> JSONValue {
        [
            "id": .string(delivery.id), "category": "DEVICE",
            "recipient": delivery.device.recipient(of: delivery.recipient, type: deviceType(delivery.id)),
            "deliveryStatus": .string((delivery.status == .delivered ? DeliveryStatus.delivered : .failed).rawValue),
            "message": .string(delivery.message), "created": .string(at.iso), "event": event.reference,
        ]
    }

    private func notification(_ record: NotificationSuppression, _ at: Timestamp) -> JSONValue {
        [
            "id": .string(record.id), "category": "DEVICE",
            "recipient": record.device.recipient(of: record.recipient, type: deviceType(record.id)),
            "deliveryStatus": .string(DeliveryStatus.failed.rawValue),
            "message": .string("Suppressed. \(record.suppression.rule), until \(record.suppression.until.iso)"),
            "created": .string(at.iso), "event": event.reference,
        ]
    }

    private func response(
        _ response: AlertResponse, _ option: ResponseOption, _ at: Timestamp, _ notification: String?
    ) -> JSONValue {
        var answered: [String: JSONValue] = [
            "category": "PERSON", "recipient": response.by.representation,
            "deliveryStatus": .string(DeliveryStatus.responded.rawValue), "event": event.reference,
        ]
        if let found = history.notifications.first(where: { $0.plan.id == notification }) {
            answered.merge(found.reference) { _, last in last }
            answered["created"] = found.entries.first.map { .string($0.recorded.recordedAt.iso) }
        }
        var fields: [String: JSONValue] = [
            "notification": .object(answered), "option": option.representation(), "received": .string(at.iso),
            "response": .string(option.text), "source": .string(response.source),
        ]
        fields["comment"] = response.comment.map { .string($0) }
        return .object(fields)
    }
}
