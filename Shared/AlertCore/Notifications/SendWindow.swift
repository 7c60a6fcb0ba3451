/// When the last messages to a provider with a limit went, or will go: so many fit into its time, whenever one begins
/// to count. Pure.
public struct SendWindow: Codable, Equatable, Sendable {
    /// At most as many as the limit, oldest first.
    private var times: [Timestamp] = []

    public init() {}

    /// Takes a place for one message. - Returns: When it may go: `now`, or later.
    public mutating func reserve(_ limit: NotificationProvider.Limit, at now: Timestamp) -> Timestamp {
        let earliest =
            times.count < limit.messages
            ? now : times[times.count - limit.messages].advanced(by: .seconds(limit.seconds))
        let slot = max(now, earliest, times.last ?? now)
        times = (times + [slot]).suffix(limit.messages)
        return slot
    }
}

extension NotificationProvider.Limit {
    /// For people.
    func words(of provider: String) -> String { "\(provider) takes at most \(messages) messages in \(seconds) s" }
}

extension NotificationProvider {
    /// Why a message has to wait for its turn.
    public func hold(until: Timestamp) -> NotificationHold? {
        limit.map { NotificationHold(rule: $0.words(of: name), until: until) }
    }
}
