/// A limit on how many things begin within a second: tokens come evenly, and a few may be saved up. Pure.
public struct TokenBucket: Equatable, Sendable {
    /// More than 0.
    public private(set) var perSecond: Double
    private var tokens: Double
    private var filledAt: Timestamp

    /// Full at first.
    public init(perSecond: Double, at now: Timestamp) {
        precondition(perSecond > 0, "a rate is more than nothing")
        self.perSecond = perSecond
        tokens = max(1, perSecond / 10)
        filledAt = now
    }

    /// How many tokens may be saved up: a tenth of a second's worth, so that no second sees much more than its share.
    public var capacity: Double { max(1, perSecond / 10) }

    /// How long it takes until there is a token; zero when there is one.
    public func wait(at now: Timestamp) -> Duration {
        let missing = 1 - filled(at: now)
        return missing <= 0 ? .zero : .milliseconds(max(1, Int64((missing * 1000 / perSecond).rounded(.up))))
    }

    /// - Returns: Whether there was a token, which is taken.
    public mutating func take(at now: Timestamp) -> Bool {
        fill(at: now)
        guard tokens >= 1 - Self.tolerance else { return false }
        tokens -= 1
        return true
    }

    /// Another rate from now on; what is saved up stays, as far as there is room.
    public mutating func change(perSecond rate: Double, at now: Timestamp) {
        guard rate != perSecond else { return }
        fill(at: now)
        perSecond = rate
        tokens = min(tokens, capacity)
    }

    private mutating func fill(at now: Timestamp) {
        tokens = filled(at: now)
        filledAt = max(filledAt, now)
    }

    private func filled(at now: Timestamp) -> Double {
        let level = min(capacity, tokens + Double(max(0, now.since(filledAt).milliseconds)) * perSecond / 1000)
        // What is missing by rounding alone is there.
        return level >= 1 - Self.tolerance ? max(level, 1) : level
    }

    private static let tolerance = 1e-9
}

/// How often something happens, over the last minute. Pure.
public struct RateMeter: Equatable, Sendable {
    /// Half of what is looked at.
    private static let half = Duration.seconds(30)
    /// With less to go by than this, it is taken for this long.
    private static let least = Duration.seconds(10)

    private var begunAt: Timestamp?
    private var halfBegunAt = Timestamp(milliseconds: 0)
    private var before = 0
    private var current = 0

    public init() {}

    public mutating func count(at now: Timestamp) {
        if begunAt == nil {
            begunAt = now
            halfBegunAt = now
        }
        let passed = now.since(halfBegunAt)
        if passed >= Self.half {
            before = passed < Self.half * 2 ? current : 0
            current = 0
            halfBegunAt = now
        }
        current += 1
    }

    public func perSecond(at now: Timestamp) -> Double {
        guard let begunAt else { return 0 }
        let inHalf = now.since(halfBegunAt)
        guard inHalf < Self.half * 2 else { return 0 }
        let hasBefore = halfBegunAt > begunAt
        let span = hasBefore ? inHalf + Self.half : now.since(begunAt)
        return Double((hasBefore ? before : 0) + current) * 1000 / Double(max(span, Self.least).milliseconds)
    }
}
