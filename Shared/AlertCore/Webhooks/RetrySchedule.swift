/// When a failed delivery is tried again.
public struct RetrySchedule: Codable, Hashable, Sendable {
    /// Seconds to wait after the first, second, … failed attempt. When the list is used up, the delivery is
    /// exhausted.
    public var delays: [Int]

    /// - Parameter delays: 0 to 50 pauses of 1 to 86,400 seconds.
    public init(delays: [Int]) { self.delays = delays }

    /// The pauses that Standard Webhooks recommends: ten attempts over about 28 hours.
    public static let standard = RetrySchedule(delays: [5, 300, 1800, 7200, 18000, 36000, 36000])

    /// How long to wait after `attempts` failed attempts; `nil` when there is to be no further one.
    ///
    /// The pause of the schedule is spread by ±20 %, so that deliveries that failed together do not come back
    /// together. A target's `Retry-After` can make it longer, up to 24 hours, never shorter.
    /// - Parameter chance: A random number from 0 up to, not including, 1.
    public func pause(afterAttempts attempts: Int, chance: Double, retryAfter: Duration? = nil) -> Duration? {
        precondition(attempts >= 1)
        guard attempts <= delays.count else { return nil }
        let spread = Int64(Double(delays[attempts - 1]) * 1000 * (0.8 + 0.4 * chance))
        return max(.milliseconds(spread), min(retryAfter ?? .zero, .seconds(86400)))
    }
}
