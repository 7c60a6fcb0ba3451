/// A token bucket: a minute's worth at once, and refilled evenly. Pure.
public struct RateBucket: Equatable, Sendable {
    /// Requests a minute, at least 1.
    public let perMinute: Int
    /// `perMinute` units come in a millisecond; 60,000 of them are one request.
    private var level: Int64
    private var filledAt: Timestamp

    public init(perMinute: Int, at now: Timestamp) {
        self.perMinute = perMinute
        level = Int64(perMinute) * Self.cost
        filledAt = now
    }

    private static let cost: Int64 = 60_000

    /// Takes one. - Returns: `nil`, or how long it takes until there is one again.
    public mutating func take(at now: Timestamp) -> Duration? {
        level = filled(at: now)
        filledAt = max(filledAt, now)
        guard level < Self.cost else {
            level -= Self.cost
            return nil
        }
        return .milliseconds((Self.cost - level + Int64(perMinute) - 1) / Int64(perMinute))
    }

    public func isFull(at now: Timestamp) -> Bool { filled(at: now) == Int64(perMinute) * Self.cost }

    private func filled(at now: Timestamp) -> Int64 {
        let passed = min(max(0, now.since(filledAt).milliseconds), Self.cost)
        return min(Int64(perMinute) * Self.cost, level + passed * Int64(perMinute))
    }
}
