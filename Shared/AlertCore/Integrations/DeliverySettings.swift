/// How an outbound integration delivers; what is `nil` is as usual.
public struct DeliverySettings: Codable, Hashable, Sendable {
    public enum Order: String, Codable, CaseIterable, Sendable {
        /// What happens to one alert goes out in that order, one after the other.
        case alert = "ALERT"
        /// Everything goes out as soon as it can.
        case none = "NONE"
    }

    /// Seconds.
    public static let timeoutRange = 1...60
    public static let concurrencyRange = 1...32
    public static let usualConcurrency = 16
    /// Requests a second.
    public static let rateRange = 0.01...1000
    /// The payloads that this version makes; the first is the usual one.
    public static let payloadVersions = [1]

    /// How long an attempt may take in all; the server's setting as a rule.
    public var timeoutSeconds: Int?
    /// How many attempts run at the same time.
    public var concurrency: Int?
    /// How many attempts begin within a second at most; no limit as a rule.
    public var requestsPerSecond: Double?
    public var order: Order?
    /// See ``Filter``; what does not meet it is not delivered.
    public var filter: String?
    /// Which payload the receiver was made for: a later version of this program goes on with it.
    public var payloadVersion: Int?

    public init(
        timeoutSeconds: Int? = nil, concurrency: Int? = nil, requestsPerSecond: Double? = nil, order: Order? = nil,
        filter: String? = nil, payloadVersion: Int? = nil
    ) {
        self.timeoutSeconds = timeoutSeconds
        self.concurrency = concurrency
        self.requestsPerSecond = requestsPerSecond
        self.order = order
        self.filter = filter
        self.payloadVersion = payloadVersion
    }

    public var isUsual: Bool { self == DeliverySettings() }
}

extension Integration {
    /// Reads its filter: what asks it about many deliveries keeps the result. `nil` when there is none, and when it
    /// cannot be read, as one from a later version of this program: it keeps nothing back.
    public func readFilter() -> Filter? {
        guard let text = delivery?.filter, !text.isEmpty else { return nil }
        return try? Filter(text)  // see above
    }
}

extension Filter {
    /// Why a delivery is kept back, for people; `nil` when it is to be delivered.
    public func refusal(of payload: WebhookPayload, alert: String, _ details: AlertDetails) -> String? {
        let subject = Subject(payload: payload, alert: alert, details: details)
        return accepts(subject) ? nil : reason(against: subject)
    }
}
