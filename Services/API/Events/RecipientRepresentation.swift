import AlertCore
import Persistence

// Whom an alert was for, `recipients` on the wire (spec §4.2).
extension EventRepresentation {
    /// Those whom the request named, then everybody else who was notified because of them.
    /// - Parameter isTargetedOnly: Leaves the others out.
    func recipients(_ history: AlertHistory, isTargetedOnly: Bool) -> [JSONValue] {
        let people = Dictionary(grouping: history.notifications, by: \.plan.recipient.id)
        let targeted = row.details.recipients.map { recipient -> JSONValue in
            switch recipient.recipientType {
            case .person: person(recipient, people[recipient.id] ?? [], history)
            case .device: device(recipient, history.notifications.filter { $0.plan.device.id == recipient.id }, history)
            case .group: group(recipient)
            }
        }
        guard !isTargetedOnly else { return targeted }
        let named = Set(row.details.recipients.map(\.id))
        let others = people.filter { !named.contains($0.key) }
            .sorted { $0.value[0].plan.recipient.targetName < $1.value[0].plan.recipient.targetName }
        return targeted
            + others.map { id, notifications in
                var fields = notifications[0].plan.recipient.fields
                fields.merge(present(person: id)) { $1 }
                fields["targeted"] = false
                fields["deliveryStatus"] = .string(history.deliveryStatus(of: notifications).rawValue)
                return .object(fields)
            }
    }

    private func person(
        _ recipient: AlertRecipient, _ notifications: [AlertHistory.NotificationHistory], _ history: AlertHistory
    ) -> JSONValue {
        var fields = notifications.first?.plan.recipient.fields ?? [:]
        fields.merge(present(person: recipient.id)) { $1 }
        fields["deliveryStatus"] = .string(history.deliveryStatus(of: notifications).rawValue)
        return common(recipient, "people", fields)
    }

    private func device(
        _ recipient: AlertRecipient, _ notifications: [AlertHistory.NotificationHistory], _ history: AlertHistory
    ) -> JSONValue {
        var fields: [String: JSONValue] = [
            "deliveryStatus": .string(history.deliveryStatus(of: notifications).rawValue)
        ]
        if let device = directory?.devices[recipient.id] {
            fields["name"] = .string(device.name)
            fields["deviceType"] = .string(device.deviceType.rawValue)
            fields["description"] = .string(device.description)
            fields["status"] = .string(device.status.rawValue)
            fields["externallyOwned"] = .bool(device.externallyOwned)
            fields["owner"] = directory?.people[device.owner]?.reference
        }
        return common(recipient, "devices", fields)
    }

    private func group(_ recipient: AlertRecipient) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        if let group = directory?.groups[recipient.id] {
            fields["groupType"] = .string(group.groupType.rawValue)
            fields["description"] = .string(group.description)
            fields["status"] = .string(group.status.rawValue)
            fields["externallyOwned"] = .bool(group.externallyOwned)
            fields["allowDuplicates"] = .bool(group.allowDuplicates)
            fields["useDefaultDevices"] = .bool(group.useDefaultDevices)
            fields["observedByAll"] = .bool(group.observedByAll)
        }
        if row.details.responseCountsEnabled {
            fields["responseCount"] = escalation.map { .whole($0.responseCount(of: recipient.id)) }
        }
        return common(recipient, "groups", fields)
    }

    private func common(
        _ recipient: AlertRecipient, _ collection: String, _ others: [String: JSONValue]
    ) -> JSONValue {
        var fields = others
        fields["id"] = .string(recipient.id)
        fields["targetName"] = .string(recipient.targetName)
        fields["recipientType"] = .string(recipient.recipientType.rawValue)
        fields["targeted"] = true
        let threshold =
            escalation?.targets.first { $0.id == recipient.id }?.responseCountThreshold
            ?? recipient.responseCountThreshold
        fields["responseCountThreshold"] = threshold.map { .whole($0) }
        fields["links"] = .links("/\(collection)/\(recipient.id)")
        return .object(fields)
    }

    /// As the person is today; empty when it is gone.
    private func present(person id: String) -> [String: JSONValue] {
        guard let directory, let person = directory.people[id] else { return [:] }
        var fields = person.wireFields.compactMapValues { $0 }
        fields["site"] = directory.siteReference(of: person)
        return fields
    }
}

extension DirectoryView {
    /// `id`, `name` and `links` of the person's site.
    func siteReference(of person: Person) -> JSONValue? {
        person.site.flatMap { sites[$0] }.map { site in
            ["id": .string(site.id), "name": .string(site.name), "links": .links("/sites/\(site.id)")]
        }
    }
}
