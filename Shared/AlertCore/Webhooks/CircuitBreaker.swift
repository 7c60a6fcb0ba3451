/// Keeps attempts away from a target that does not work. Pure: the time is a parameter. It lives in memory only: a
/// process that starts anew begins with attempts.
///
/// After five failures in a row over at least ten seconds it opens: nothing is sent until a pause is over. Then one
/// attempt probes; when that fails, too, the next pause is twice as long. A burst of failures alone does not open it.
public struct CircuitBreaker: Equatable, Sendable {
    public static let failureLimit = 5
    public static let failureTime = Duration.seconds(10)
    public static let firstPause = Duration.seconds(15)
    public static let longestPause = Duration.seconds(300)
    /// How long others wait for a probe that is under way, at a time.
    public static let probePause = Duration.seconds(5)

    public enum Verdict: Equatable, Sendable {
        case allowed
        /// Nothing is to be sent before this time.
        case refused(until: Timestamp)
    }

    private var failures = 0
    private var failingSince: Timestamp?
    private var pause = CircuitBreaker.firstPause
    private var openUntil: Timestamp?
    private var isProbing = false

    public init() {}

    /// Whether an attempt may begin now. After a pause, it is allowed once: that attempt is the probe.
    public mutating func ask(at now: Timestamp) -> Verdict {
        if let until = refusedUntil(at: now) { return .refused(until: until) }
        isProbing = openUntil != nil
        return .allowed
    }

    /// Until when nothing may be sent; `nil` when an attempt is allowed.
    public func refusedUntil(at now: Timestamp) -> Timestamp? {
        guard let openUntil else { return nil }
        if now < openUntil { return openUntil }
        return isProbing ? now.advanced(by: Self.probePause) : nil
    }

    /// - Returns: Whether it was open: the target works again.
    public mutating func succeeded() -> Bool {
        let wasOpen = openUntil != nil
        self = CircuitBreaker()
        return wasOpen
    }

    public mutating func failed(at now: Timestamp) {
        failures += 1
        let since = failingSince ?? now
        failingSince = since
        if isProbing {
            isProbing = false
            pause = min(pause * 2, Self.longestPause)
            openUntil = now.advanced(by: pause)
        } else if failures >= Self.failureLimit, now.since(since) >= Self.failureTime, openUntil == nil {
            openUntil = now.advanced(by: pause)
        }
    }
}
