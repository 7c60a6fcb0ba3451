/// What an event of an alert looks like to scripts of the newer style: the objects that they find as globals, and
/// that expressions of flows name (spec §1.10).
public struct TriggerOutputs: Equatable, Sendable {
    /// By the name of the global: `event`, `alert`, `statusChanged`, ….
    public let globals: [String: JSONValue]

    /// `nil` for an event that sets off no integration.
    /// - Parameters:
    ///   - id: Of the alert.
    ///   - startedAt: When the alert began.
    ///   - current: The alert's status, `ACTIVE` or another, for events that do not change it.
    public init?(
        _ event: Alert.Event, of details: AlertDetails, id: String, startedAt: Timestamp, status current: String
    ) {
        var globals: [String: JSONValue]
        var status = current
        switch event {
        case .created(_, let at):
            status = "ACTIVE"
            globals = Self.statusChanged("EVENT_CREATED", by: details.submitter, at)
        case .suspended(let person, let at):
            status = "SUSPENDED"
            globals = Self.statusChanged("EVENT_SUSPENDED", by: person, at)
        case .resumed(let person, let at):
            status = "ACTIVE"
            globals = Self.statusChanged("EVENT_RESUMED", by: person, at)
        case .terminated(let person, let reason, let at):
            status = "TERMINATED"
            globals = Self.statusChanged(
                reason == .completed ? "EVENT_COMPLETED" : "EVENT_TERMINATED", by: person, at)
        case .commented(_, let author, let text, let at):
            globals = [
                "annotation": [
                    "comment": .string(text), "author": author.output, "at": .string(at.iso),
                    "response": ["response": .null],
                ]
            ]
        case .responded(let response, let option, let at):
            globals = [
                "respondedTo": ["at": .string(at.iso), "by": response.by.output],
                "response": [
                    "response": .string(option.text), "deviceName": .string(response.device),
                    "action": .string(option.action.rawValue),
                ],
                "annotation": ["comment": response.comment.map { .string($0) } ?? .null],
            ]
        case .deliveryRecorded(let delivery, let at):
            globals = Self.delivery(delivery, at)
        case .escalated(let report, let at):
            var escalation = report.representation.object ?? [:]
            escalation["at"] = .string(at.iso)
            globals = ["escalation": .object(escalation)]
        case .recipientsFailed(let failure, let at):
            var members = failure.representation
            members["at"] = .string(at.iso)
            globals = ["targetedRecipientFailure": .object(members)]
        case .suppressed, .notificationSuppressed, .responseRejected:
            return nil
        }
        globals["event"] = Self.event(details, id, status, startedAt)
        globals["alert"] = globals["event"]
        self.globals = globals
    }

    private static func statusChanged(
        _ auditType: String, by person: PersonReference?, _ at: Timestamp
    ) -> [String: JSONValue] {
        // An alert that expired was ended by nobody: the members are there, and empty.
        let by = person ?? PersonReference(id: "", targetName: "", firstName: "", lastName: "")
        return [
            "statusChanged": [
                "at": .string(at.iso), "by": by.output, "auditType": .string(auditType),
            ]
        ]
    }

    private static func delivery(_ delivery: DeviceDelivery, _ at: Timestamp) -> [String: JSONValue] {
        let isDelivered = delivery.status == .delivered
        return [
            "deliveryStatusUpdated": [
                "at": .string(at.iso),
                "auditType": .string(isDelivered ? "NOTIFICATION_DELIVERED" : "NOTIFICATION_FAILED"),
            ],
            "notification": [
                "deliveryStatus": .string(isDelivered ? "DELIVERED" : "FAILED"),
                "recipient": [
                    "id": .string(delivery.device.id), "name": .string(delivery.device.name),
                    "targetName": .string("\(delivery.recipient.targetName)|\(delivery.device.name)"),
                    "owner": delivery.recipient.output,
                ],
            ],
        ]
    }

    private static func event(
        _ details: AlertDetails, _ id: String, _ status: String, _ startedAt: Timestamp
    ) -> JSONValue {
        let number = JSONValue.string(String(details.number))
        let recipients = details.recipients.map(\.targetName).joined(separator: ",")
        return [
            "id": .string(id), "eventId": number, "eventID": number, "alertId": number,
            "status": .string(status), "priority": .string(details.priority.rawValue),
            "properties": .object(details.properties), "startTime": .string(startedAt.iso),
            "startDate": .string(String(startedAt.iso.prefix(10))), "targetedRecipients": .string(recipients),
        ]
    }
}

extension PersonReference {
    fileprivate var output: JSONValue {
        [
            "id": .string(id), "targetName": .string(targetName), "firstName": .string(firstName),
            "lastName": .string(lastName),
        ]
    }
}
