extension Integration {
    /// Why this version does not run the integration although it is configured; `nil` when it does.
    public var notExecuted: String? {
        guard integrationType == .outbound else { return nil }
        switch operation {
        case .sendWebhook: return nil
        case .runScript:
            return script?.isEmpty ?? true ? "It begins a flow; flows are not executed by this version." : nil
        case .sendToAgent: return "SEND_TO_IA needs an Integration Agent, which this version does not talk to."
        case .createAlert, .transformAndCreateAlert: return "An outbound integration cannot create alerts."
        }
    }

    /// Whether the event sets off the integration, given that its form and kind of trigger do: one that waits for a
    /// certain answer minds only that one, by the option's text, ignoring case.
    public func isSetOff(by event: Alert.Event) -> Bool {
        guard let responseChoice, case .responded(_, let option, _) = event else { return true }
        return option.text.lowercased() == responseChoice.lowercased()
    }
}
