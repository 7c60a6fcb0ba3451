/// How many messages one device takes, in a window that begins with the first; what comes after them in it is held, and
/// told of in one message at its end.
public struct StormRule: Hashable, Sendable {
    /// At least 1.
    public let messages: Int
    public let window: Duration
    /// What is at least as urgent is never held, and not counted; `nil` for no exception.
    public let bypass: Priority?

    /// `nil` for less than one message, which is no rule.
    public init?(messages: Int, windowSeconds: Int, bypass: Priority?) {
        guard messages >= 1, windowSeconds >= 1 else { return nil }
        self.messages = messages
        window = .seconds(windowSeconds)
        self.bypass = bypass
    }

    /// For people.
    public var words: String {
        "storm: at most \(messages) messages in \(window.components.seconds) s to one device"
    }
}

/// What has gone to one device lately. Pure: the same messages at the same times are held.
public struct StormWindow: Codable, Equatable, Sendable {
    private var start: Timestamp?
    private var count = 0
    /// The id of the digest that tells of what is held; `nil` as long as nothing is.
    public private(set) var digest: String?

    public init() {}

    /// Decides on one more message to `device`, and counts it.
    /// - Returns: `nil` when it may go.
    public mutating func admit(
        device: String, priority: Priority, rule: StormRule, at now: Timestamp
    ) -> NotificationHold? {
        if let bypass = rule.bypass, priority >= bypass { return nil }
        let isOver = start.map { now.since($0) >= rule.window } ?? true
        // What is held already ends with its digest, however late that is: until then everything joins it.
        if isOver, digest == nil {
            start = now
            count = 1
            return nil
        }
        guard count >= rule.messages || digest != nil else {
            count += 1
            return nil
        }
        let begun = start ?? now
        let id = digest ?? DerivedID.uuid("digest", device, String(begun.milliseconds))
        digest = id
        return NotificationHold(rule: rule.words, until: begun.advanced(by: rule.window), digest: id)
    }

    /// The digest is on its way: a new window begins with it.
    public mutating func close(_ digest: String, at now: Timestamp) {
        guard self.digest == digest else { return }
        self.digest = nil
        start = now
        count = 1
    }

    /// From then on the window says nothing any more.
    public func expiry(_ rule: StormRule) -> Timestamp? { digest == nil ? start?.advanced(by: rule.window) : nil }
}
