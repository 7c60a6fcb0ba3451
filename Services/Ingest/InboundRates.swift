import AlertCore
import Foundation

/// How many requests a minute the door takes. Each process counts for itself.
public struct InboundRateLimits: Sendable {
    /// Requests a minute; `nil` for no limit.
    public var perIntegration: Int?
    public var perPlan: Int?

    public init(perIntegration: Int? = 600_000, perPlan: Int? = nil) {
        self.perIntegration = perIntegration
        self.perPlan = perPlan
    }
}

/// What each integration and workflow has sent lately.
final class InboundRates: @unchecked Sendable {  // `buckets` is touched under `lock` only
    /// Counted at once; past that, the full ones are forgotten.
    private static let bucketLimit = 10_000

    private let limits: InboundRateLimits
    private let lock = NSLock()
    private var buckets: [String: RateBucket] = [:]

    init(_ limits: InboundRateLimits) { self.limits = limits }

    /// Counts one request.
    /// - Parameters:
    ///   - source: An id, with the words that an answer names it by.
    /// - Throws: 429 with `Retry-After`.
    func admit(
        source: (id: String, name: String), plan: (id: String, name: String), at now: Timestamp
    ) throws(RestError) {
        let checks: [(key: String, name: String, limit: Int?)] = [
            ("source/\(source.id)", source.name, limits.perIntegration),
            ("plan/\(plan.id)", "the workflow \(plan.name)", limits.perPlan),
        ]
        let refusal = lock.withLock { () -> RestError? in
            var taken: [(String, RateBucket)] = []
            for (key, name, limit) in checks {
                guard let limit else { continue }
                var bucket = buckets[key] ?? RateBucket(perMinute: limit, at: now)
                if let pause = bucket.take(at: now) { return Self.refusal(name, limit, pause) }
                taken.append((key, bucket))
            }
            for (key, bucket) in taken { buckets[key] = bucket }
            if buckets.count > Self.bucketLimit { buckets = buckets.filter { !$0.value.isFull(at: now) } }
            return nil
        }
        if let refusal { throw refusal }
    }

    private static func refusal(_ name: String, _ limit: Int, _ pause: Duration) -> RestError {
        RestError(
            429, "There are too many requests to \(name): at most \(limit) a minute are taken. It was not kept.",
            subcode: "request.rate_limited", arguments: [name, String(limit)],
            headers: ["Retry-After": String(max(1, (pause.milliseconds + 999) / 1000))])
    }
}
