import AlertCore
import Foundation
import Persistence

/// How many calls a minute each person and each API key has left. Each process counts for itself.
public final class CallRates: @unchecked Sendable {  // `buckets` is touched under `lock` only
    /// Counted at once; past that, the full ones are forgotten, and then all.
    private static let bucketLimit = 10_000

    /// Calls a minute; a minute's worth may come at once.
    private let perMinute: Int
    private let now: Clock
    private let lock = NSLock()
    private var buckets: [String: RateBucket] = [:]

    /// - Returns: `nil` when there is no limit.
    public init?(perMinute: Int?, now: @escaping Clock) {
        guard let perMinute, perMinute > 0 else { return nil }
        self.perMinute = perMinute
        self.now = now
    }

    /// Counts one call.
    /// - Throws: 429 with `Retry-After`.
    func admit(_ caller: Caller) throws(RestError) {
        let now = now()
        let pause = lock.withLock { () -> Duration? in
            var bucket = buckets[caller.id] ?? RateBucket(perMinute: perMinute, at: now)
            let pause = bucket.take(at: now)
            buckets[caller.id] = bucket
            if buckets.count > Self.bucketLimit { buckets = buckets.filter { !$0.value.isFull(at: now) } }
            if buckets.count > Self.bucketLimit { buckets = [:] }
            return pause
        }
        guard let pause else { return }
        throw RestError(
            429, "There are too many requests by \(caller.words): at most \(perMinute) a minute are answered.",
            subcode: "request.rate_limited", arguments: [String(perMinute)],
            headers: ["Retry-After": String(max(1, (pause.milliseconds + 999) / 1000))])
    }
}

extension Caller {
    /// Whose calls are counted together, and whose idempotency keys they are.
    var id: String { apiKey ?? person.id }

    fileprivate var words: String { apiKey.map { "the API key \($0)" } ?? "the user \(person.targetName)" }
}
