import AlertCore

/// How the deliveries of one lane go out.
struct LaneSettings: Equatable, Sendable {
    /// How many attempts run at the same time.
    var concurrency = DeliverySettings.usualConcurrency
    /// How many attempts begin within a second at most.
    var perSecond: Double?
    /// Whether those of one alert go one after the other.
    var isOrdered = true
    /// When somebody put the integration back into service.
    var inServiceSince: Timestamp?
    /// How long an attempt may take in all; the server's setting as a rule.
    var timeout: Duration?
}

extension LaneSettings {
    init(_ integration: Integration) {
        let delivery = integration.delivery ?? DeliverySettings()
        concurrency = delivery.concurrency ?? concurrency
        perSecond = delivery.requestsPerSecond
        isOrdered = delivery.order != DeliverySettings.Order.none
        inServiceSince = integration.inServiceSince
        timeout = delivery.timeoutSeconds.map { .seconds($0) }
    }
}
