/// What an event of an alert looks like to outbound integrations (spec §1.3 to §1.9).
public struct WebhookPayload: Equatable, Sendable {
    public let trigger: Trigger
    public let body: JSONValue

    /// `nil` for an event that sets off no integration.
    public init?(_ event: Alert.Event, of details: AlertDetails) {
        switch event {
        case .created(_, let at):
            self.init(status: "active", by: details.submitter, details, at)
        case .suspended(let person, let at):
            self.init(status: "suspended", by: person, details, at)
        case .resumed(let person, let at):
            self.init(status: "active", by: person, details, at)
        case .terminated(let person, _, let at):
            // `terminated`: ended by the system. The user is then the one who began the alert.
            self.init(
                status: person == nil ? "terminated" : "terminated_external", by: person ?? details.submitter, details,
                at)
        case .commented(_, let author, let text, let at):
            self.init(
                .annotation, details, at,
                [
                    "author": [
                        "id": .string(author.id), "targetName": .string(author.targetName),
                        "firstName": .string(author.firstName), "lastName": .string(author.lastName),
                        "recipientType": "PERSON",
                    ],
                    "comment": .string(text),
                    "response": ["response": .null],
                ])
        case .responded(let response, let option, let at):
            self.init(
                .response, details, at,
                [
                    "recipient": .string(response.by.targetName), "device": .string(response.device),
                    "response": .string(option.text),
                    // The text "null" where there is no comment: scripts compare with it (spec §8.1).
                    "annotation": .string(response.comment ?? "null"),
                ])
        case .deliveryRecorded(let delivery, let at):
            self.init(delivery, details, at)
        case .escalated(let report, let at):
            self.init(.escalation, details, at, ["escalation": report.representation])
        case .recipientsFailed(let failure, let at):
            self.init(.targetedRecipientFailure, details, at, failure.representation)
        case .suppressed, .notificationSuppressed, .responseRejected:
            return nil
        }
    }

    private init(status: String, by person: PersonReference, _ details: AlertDetails, _ at: Timestamp) {
        self.init(.status, details, at, ["status": .string(status), "username": .string(person.targetName)])
    }

    private init(_ delivery: DeviceDelivery, _ details: AlertDetails, _ at: Timestamp) {
        let eventType =
            delivery.status == .delivered
            ? "LIVE_NOTIFICATION_PROVIDER_DELIVERED" : "LIVE_NOTIFICATION_DELIVERY_FAILED"
        self.init(
            .deliveryStatus, details, at,
            [
                "recipient": .string(delivery.recipient.targetName), "device": .string(delivery.device.name),
                "deviceId": .integer(delivery.deviceNumber), "deliveryStatus": .string(delivery.status.rawValue),
                "eventType": .string(eventType), "message": .string(delivery.message),
            ])
    }

    private init(_ trigger: Trigger, _ details: AlertDetails, _ at: Timestamp, _ fields: [String: JSONValue]) {
        self.trigger = trigger
        var body = fields
        body["eventIdentifier"] = .integer(details.number)
        body["date"] = .string(at.webhookDate)
        // An array of objects with one key each (spec §8.2).
        body["eventProperties"] = .array(
            details.callbackProperties.compactMap { name in
                details.properties[name].map { .object([name: $0]) }
            })
        self.body = .object(body)
    }
}
