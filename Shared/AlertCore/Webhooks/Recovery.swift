import Foundation

/// How a lane goes back to work when its target has come back: from one attempt at a time, one more with each success,
/// and at no more than twice the rate at which deliveries come. So what has piled up goes out without a storm. Pure.
public struct Recovery: Equatable, Sendable {
    /// Attempts a second that are allowed however little comes.
    public static let leastPerSecond = 5.0
    /// It is over when it has kept nothing back for so long.
    public static let calm = Duration.seconds(30)

    /// How many attempts may run at the same time.
    public private(set) var concurrency = 1
    private var bucket: TokenBucket
    private var keptBackAt: Timestamp

    /// - Parameter steady: How many deliveries come within a second.
    public init(steady: Double, at now: Timestamp) {
        bucket = TokenBucket(perSecond: Self.limit(steady: steady), at: now)
        keptBackAt = now
    }

    /// Attempts a second on the average: with what the bucket saves up, no second has more than twice the steady rate.
    public static func limit(steady: Double) -> Double { max(leastPerSecond, 1.8 * steady) }

    /// At which rate deliveries that wait come back, so that there is room for those that come meanwhile.
    public static func returnRate(steady: Double) -> Double { limit(steady: steady) - steady }

    /// Zero when an attempt may begin now, as far as the rate goes.
    public mutating func wait(steady: Double, at now: Timestamp) -> Duration {
        bucket.change(perSecond: Self.limit(steady: steady), at: now)
        let wait = bucket.wait(at: now)
        if wait > .zero { keptBackAt = max(keptBackAt, now) }
        return wait
    }

    /// An attempt begins.
    public mutating func began(at now: Timestamp) { _ = bucket.take(at: now) }

    public mutating func succeeded() { concurrency += 1 }

    public func isOver(at now: Timestamp) -> Bool { now.since(keptBackAt) >= Self.calm }
}

/// How many attempts end within a second, over the last few. Pure.
public struct AttemptPace: Equatable, Sendable {
    /// How fast what was is forgotten.
    private static let memory = 2.0

    /// Attempts of the past, each counted the less the longer ago it was.
    private var level = 0.0
    private var began: Timestamp?
    private var at = Timestamp(milliseconds: 0)

    public init() {}

    public mutating func ended(at now: Timestamp) {
        level = level(at: now) + 1
        began = began ?? now
        at = max(at, now)
    }

    /// Zero before the first.
    public func perSecond(at now: Timestamp) -> Double {
        guard let began else { return 0 }
        let seconds = max(0.1, Double(now.since(began).milliseconds) / 1000)
        return level(at: now) / (Self.memory * (1 - exp(-seconds / Self.memory)))
    }

    private func level(at now: Timestamp) -> Double {
        level * exp(-Double(max(0, now.since(at).milliseconds)) / 1000 / Self.memory)
    }
}

/// Times for deliveries that wait, one after the other at a rate, so that they do not come back all at once. Pure.
public struct ReturnTimes: Equatable, Sendable {
    /// Nobody waits longer for their turn: those behind share the time with those before.
    private let longest: Duration
    /// Milliseconds since 1970.
    private var last = 0.0

    public init(longest: Duration = .seconds(3600)) { self.longest = longest }

    /// The next free time at or after `earliest`.
    public mutating func next(notBefore earliest: Timestamp, perSecond: Double) -> Timestamp {
        let start = Double(earliest.milliseconds)
        last = max(last + 1000 / perSecond, start)
        if last > start + Double(longest.milliseconds) { last = start }
        return Timestamp(milliseconds: Int64(last.rounded(.up)))
    }
}
