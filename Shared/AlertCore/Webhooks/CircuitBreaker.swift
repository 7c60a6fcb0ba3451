/// Keeps attempts away from a target that does not work. Pure: the time is a parameter.
///
/// After five failures in a row over at least ten seconds it opens: nothing is sent until a pause is over. Then one
/// attempt probes; when that fails, too, the next pause is twice as long. A burst of failures alone does not open it.
public struct CircuitBreaker: Equatable, Sendable {
    public static let failureLimit = 5
    public static let failureTime = Duration.seconds(10)
    public static let firstPause = Duration.seconds(15)
    public static let longestPause = Duration.seconds(300)

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
        guard let openUntil else { return .allowed }
        guard now >= openUntil, !isProbing else {
            return .refused(until: max(openUntil, now.advanced(by: .seconds(1))))
        }
        isProbing = true
        return .allowed
    }

    /// When nothing may be sent; `nil` when attempts are allowed.
    public func refusedUntil(at now: Timestamp) -> Timestamp? {
        guard let openUntil else { return nil }
        if now < openUntil { return openUntil }
        return isProbing ? now.advanced(by: .seconds(1)) : nil
    }

    public mutating func succeeded() { self = CircuitBreaker() }

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
