import AlertCore
import Persistence

/// `GET /events/{id}/user-deliveries`: who was told about an alert, on which devices, and what they answered
/// (spec §4.2).
struct UserDeliveries {
    let history: AlertHistory
    private let event: EventRepresentation
    private let directory: DirectoryView?
    private let withProperties: Bool
    private var path: String { "/events/\(history.row.id)/user-deliveries" }

    /// - Parameters:
    ///   - directory: Where people's sites and properties stand.
    ///   - withProperties: Whether they are shown.
    init(_ history: AlertHistory, _ directory: DirectoryView? = nil, withProperties: Bool = false) {
        self.history = history
        self.directory = directory
        self.withProperties = withProperties
        event = EventRepresentation(row: history.row)
    }

    enum Order: String, CaseIterable {
        case targetName = "TARGET_NAME"
        case firstLastName = "FIRST_LAST_NAME"
        case deliveryStatus = "DELIVERY_STATUS"
    }

    /// One row for each person.
    /// - Parameter statuses: Only these; empty for all.
    func rows(statuses: [String], by order: Order = .targetName, isDescending: Bool = false) -> [JSONValue] {
        let people = Dictionary(grouping: history.notifications, by: \.plan.recipient)
        let rows = people.map { person, notifications in
            (person: person, notifications: notifications, status: history.deliveryStatus(of: notifications).rawValue)
        }.sorted { left, right in
            let keys = (Self.key(left.person, left.status, order), Self.key(right.person, right.status, order))
            return isDescending ? keys.0 > keys.1 : keys.0 < keys.1
        }
        return rows.filter { statuses.isEmpty || statuses.contains($0.status) }
            .map { row($0.person, $0.notifications, $0.status) }
    }

    private static func key(_ person: PersonReference, _ status: String, _ order: Order) -> String {
        let first =
            switch order {
            case .targetName: person.targetName
            case .firstLastName: "\(person.firstName) \(person.lastName)"
            case .deliveryStatus: status
            }
        return "\(first)\u{0}\(person.targetName)".lowercased()
    }

    /// With the site that the person has now, and the properties when they are asked for.
    private func shown(_ person: PersonReference) -> JSONValue {
        var fields = person.fields
        guard let now = directory?.people[person.id] else { return .object(fields) }
        fields["site"] = directory?.siteReference(of: now)
        if withProperties { fields["properties"] = .object(now.properties) }
        return .object(fields)
    }

    private func row(
        _ person: PersonReference, _ notifications: [AlertHistory.NotificationHistory], _ status: String
    ) -> JSONValue {
        let responses = history.responses.filter { $0.response.by.id == person.id }
        var fields: [String: JSONValue] = [
            "event": event.reference, "person": shown(person), "deliveryStatus": .string(status),
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
            "recipient": plan.device.recipient(of: plan.recipient, type: plan.deviceType),
        ]
    }
}

extension NamedReference {
    /// A device as notifications name it.
    /// - Parameter type: As ``AlertCore/Device/Kind``; empty in older records, which are of email.
    func recipient(of owner: PersonReference, type: String = "") -> JSONValue {
        [
            "id": .string(id), "targetName": .string("\(owner.targetName)|\(name)"), "recipientType": "DEVICE",
            "deviceType": .string(type.isEmpty ? Device.Kind.email.rawValue : type), "name": .string(name),
            "links": .links("/devices/\(id)"),
        ]
    }
}
