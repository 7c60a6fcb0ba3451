import AlertCore

/// `GET /events/{id}/user-deliveries`: who was told about an alert, on which devices, and what they answered
/// (spec §4.2).
struct UserDeliveries {
    let history: AlertHistory
    private let event: EventRepresentation
    private var path: String { "/events/\(history.row.id)/user-deliveries" }

    init(_ history: AlertHistory) {
        self.history = history
        event = EventRepresentation(row: history.row)
    }

    /// One row for each person, in the order of their target names.
    /// - Parameter statuses: Only these; empty for all.
    func rows(statuses: [String]) -> [JSONValue] {
        let people = Dictionary(grouping: history.notifications, by: \.plan.recipient)
        return people.sorted { $0.key.targetName < $1.key.targetName }.compactMap { person, notifications in
            let status = history.deliveryStatus(of: notifications).rawValue
            guard statuses.isEmpty || statuses.contains(status) else { return nil }
            return row(person, notifications, status)
        }
    }

    private func row(
        _ person: PersonReference, _ notifications: [AlertHistory.NotificationHistory], _ status: String
    ) -> JSONValue {
        let responses = history.responses.filter { $0.response.by.id == person.id }
        var fields: [String: JSONValue] = [
            "event": event.reference, "person": person.representation, "deliveryStatus": .string(status),
            "notifications": .embeddedPage(
                notifications.map { notification($0, responses) }, path: RESTPath.base + path),
            "links": .links(path),
        ]
        fields["response"] = responses.last.map(Self.representation)
        return .object(fields)
    }

    private func notification(
        _ notification: AlertHistory.NotificationHistory, _ responses: [RecordedResponse]
    ) -> JSONValue {
        let answers = responses.filter { $0.notification == notification.plan.id }
        var fields = notification.reference
        fields["deliveryStatus"] = .string(history.deliveryStatus(of: notification).rawValue)
        for entry in notification.entries {
            switch entry.event {
            case .planned(_, let at): fields["created"] = .string(at.iso)
            case .attemptBegun(_, _, _, let at): fields["deliveryAttempted"] = .string(at.iso)
            case .delivered(_, let at), .confirmed(_, let at): fields["delivered"] = .string(at.iso)
            case .held(let hold, _):
                fields["held"] = ["rule": .string(hold.rule), "until": .string(hold.until.iso)]
            case .suppressed(let suppression, _):
                fields["suppressed"] = [
                    "rule": .string(suppression.rule), "until": .string(suppression.until.iso),
                ]
            case .attemptFailed, .failed, .cancelled, .failedOver, .leftInDoubt, .collapsed, .refused: break
            }
        }
        fields["responded"] = answers.last.map { .string($0.at.iso) }
        fields["responses"] = .embeddedPage(
            answers.map(Self.representation), path: RESTPath.base + path)
        return .object(fields)
    }

    private static func representation(_ answer: RecordedResponse) -> JSONValue {
        var fields: [String: JSONValue] = ["text": .string(answer.option.text), "received": .string(answer.at.iso)]
        fields["notification"] = answer.notification.map { ["id": .string($0)] }
        return .object(fields)
    }
}

extension AlertHistory.NotificationHistory {
    /// `id`, `category` and the device as `recipient`.
    var reference: [String: JSONValue] {
        [
            "id": .string(plan.id), "category": "DEVICE",
            "recipient": plan.device.recipient(of: plan.recipient),
        ]
    }
}

extension NamedReference {
    /// A device as notifications name it.
    func recipient(of owner: PersonReference) -> JSONValue {
        [
            "id": .string(id), "targetName": .string("\(owner.targetName)|\(name)"), "recipientType": "DEVICE",
            "deviceType": "EMAIL", "name": .string(name), "links": .links("/devices/\(id)"),
        ]
    }
}
