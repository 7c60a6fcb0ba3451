extension Integration {
    /// Why this version does not run the integration although it is configured; `nil` when it does.
    public var notExecuted: String? {
        guard integrationType == .outbound else { return nil }
        switch operation {
        case .sendWebhook: break
        case .runScript:
            if script?.isEmpty ?? true { return "It begins a flow; flows are not executed by this version." }
        case .sendToAgent: return "SEND_TO_IA needs an Integration Agent, which this version does not talk to."
        case .createAlert, .transformAndCreateAlert: return "An outbound integration cannot create alerts."
        }
        switch triggeredBy {
        case .escalation, .targetedRecipientFailure:
            return "This version has no events that set off \(triggeredBy?.rawValue ?? "")."
        case .status, .annotation, .deliveryStatus, .response, nil: return nil
        }
    }

    /// Whether the event sets off the integration, given that its form and kind of trigger do: one that waits for a
    /// certain answer minds only that one, by the option's text, ignoring case.
    public func isSetOff(by event: Alert.Event) -> Bool {
        guard let responseChoice, case .responded(_, let option, _) = event else { return true }
        return option.text.lowercased() == responseChoice.lowercased()
    }
}
