/// Why an integration does not get an event that its form and its kind of trigger match.
public struct DeliveryRefusal: Equatable, Sendable {
    public enum Reason: String, Codable, CaseIterable, Sendable {
        /// It is not in service.
        case notDeployed
        /// It waits for another answer.
        case answer
        /// Its filter says no.
        case filter
        /// This version cannot run it.
        case notExecuted
    }

    public let reason: Reason
    /// The rule, for people.
    public let detail: String

    public init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}

extension Integration {
    /// Why the event is not sent to the integration, given that its form and kind of trigger match; `nil` when it is.
    /// - Parameters:
    ///   - filter: The integration's own, as ``Integration/readFilter()`` gives it.
    ///   - ignoringDeployment: For what is asked for by a person, and parked until the integration is deployed.
    public func refusal(
        of event: Alert.Event, _ payload: WebhookPayload, _ details: AlertDetails, alert: String, filter: Filter?,
        ignoringDeployment: Bool = false
    ) -> DeliveryRefusal? {
        if !deployed, !ignoringDeployment {
            return DeliveryRefusal(.notDeployed, "the integration was not deployed")
        }
        if let notExecuted { return DeliveryRefusal(.notExecuted, notExecuted) }
        if !isSetOff(by: event), let responseChoice {
            return DeliveryRefusal(.answer, "the integration waits for the answer “\(responseChoice)” only")
        }
        return filter?.refusal(of: payload, alert: alert, details).map { DeliveryRefusal(.filter, $0) }
    }
}

extension WebhookDelivery {
    /// An event that an integration did not get, although its form and kind of trigger match: kept, with the rule.
    public struct Skip: Codable, Equatable, Sendable {
        /// Of the record; no delivery has it.
        public var id: String
        public var integration: NamedReference
        public var trigger: Trigger
        public var alert: String
        public var alertNumber: Int64
        /// The event's place in its alert's history.
        public var sequence: Int64
        public var reason: DeliveryRefusal.Reason
        /// The rule, for people.
        public var detail: String
        /// The version of the integration's configuration that decided.
        public var configuration: Int64?

        public init(
            id: String, integration: NamedReference, trigger: Trigger, alert: String, alertNumber: Int64,
            sequence: Int64, refusal: DeliveryRefusal, configuration: Int64?
        ) {
            self.id = id
            self.integration = integration
            self.trigger = trigger
            self.alert = alert
            self.alertNumber = alertNumber
            self.sequence = sequence
            reason = refusal.reason
            detail = refusal.detail
            self.configuration = configuration
        }
    }
}
