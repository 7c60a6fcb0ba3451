/// A payload to try an integration with: that of its own trigger, made up from its form. Pure.
public struct SampleWebhook: Equatable, Sendable {
    public let details: AlertDetails
    public let payload: WebhookPayload

    /// - Parameters:
    ///   - properties: Those of the form that webhooks carry.
    ///   - person: Whoever tries it: the alert's submitter and everybody else in it.
    public init(
        trigger: Trigger, plan: NamedReference, form: NamedReference, properties: [PropertyDefinition],
        by person: PersonReference, choice: String? = nil, at now: Timestamp
    ) {
        var details = AlertDetails(
            number: 1, plan: plan, form: form, requestId: "sample", submitter: person, priority: .medium,
            properties: Dictionary(properties.map { ($0.name, $0.sampleValue) }) { first, _ in first },
            callbackProperties: properties.map(\.name),
            recipients: [AlertRecipient(id: person.id, targetName: person.targetName, recipientType: .person)])
        details.subject = "A sample"
        let event = Self.event(trigger, details, person, choice: choice, at: now)
        guard let payload = WebhookPayload(event, of: details) else {
            preconditionFailure("every trigger has an event that sets it off")
        }
        self.details = details
        self.payload = payload
    }

    private static func event(
        _ trigger: Trigger, _ details: AlertDetails, _ person: PersonReference, choice: String?, at now: Timestamp
    ) -> Alert.Event {
        let device = NamedReference(id: "sample", name: "Work Email")
        switch trigger {
        case .status: return .created(details: details, at: now)
        case .annotation: return .commented(id: "sample", by: person, text: "A sample comment", at: now)
        case .response:
            let option = ResponseOption(id: "sample", number: 1, text: choice ?? "Acknowledge", action: .assignToUser)
            let response = AlertResponse(
                id: "sample", by: person, device: device.name, option: option.id, comment: nil, source: "EMAIL")
            return .responded(response: response, option: option, at: now)
        case .deliveryStatus:
            return .deliveryRecorded(
                delivery: DeviceDelivery(
                    id: "sample", recipient: person, device: device, deviceNumber: 1, status: .delivered,
                    message: "Notification delivered"), at: now)
        case .escalation:
            return .escalated(
                report: EscalationReport(
                    id: "sample", group: NamedReference(id: "sample", name: "On-call"), shift: nil, reason: .passive,
                    type: .peer, from: details.recipients, to: details.recipients), at: now)
        case .targetedRecipientFailure:
            return .recipientsFailed(
                failure: RecipientsFailure(
                    id: "sample", failureType: .allFailed, targeted: details.recipients), at: now)
        }
    }
}

extension PropertyDefinition {
    /// A value that the property could have, for tries.
    public var sampleValue: JSONValue {
        switch propertyType {
        case .boolean: true
        case .number: .integer(Int64((minimum ?? 1).rounded(.up).clamped(to: -1e15...1e15)))
        case .multiSelect: .array([.string(items?.first ?? "")])
        case .singleSelect: .string(items?.first ?? "")
        case .hierarchy: .array([])
        case .text, .password: .string("A \(name.lowercased())")
        }
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
