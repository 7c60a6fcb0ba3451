import Foundation
import Logging

/// Says what happens many times once a period, and how often it did: an outage is no reason to write a line for every
/// request.
public final class PacedLog: @unchecked Sendable {  // `kept` under `lock` only
    /// Different texts that are kept apart, at most; further ones are counted as one.
    private static let textLimit = 50

    private struct Kept {
        var saidAt: ContinuousClock.Instant
        var untold = 0
    }

    private let logger: Logger
    private let period: Duration
    private let lock = NSLock()
    private var kept: [String: Kept] = [:]

    public init(_ logger: Logger, period: Duration = .seconds(10)) {
        self.logger = logger
        self.period = period
    }

    /// - Parameter text: What makes two happenings the same. The metadata said is that of the one that is said.
    public func log(_ level: Logger.Level, _ text: String, metadata: @autoclosure () -> Logger.Metadata = [:]) {
        let now = ContinuousClock.now
        let untold: Int? = lock.withLock {
            let key = kept[text] != nil || kept.count < Self.textLimit ? text : ""
            if var known = kept[key], now < known.saidAt + period {
                known.untold += 1
                kept[key] = known
                return nil
            }
            let untold = kept[key]?.untold ?? 0
            kept[key] = Kept(saidAt: now)
            return untold
        }
        guard let untold else { return }
        var metadata = metadata()
        if untold > 0 { metadata["alsoSinceTheLast"] = "\(untold)" }
        logger.log(level: level, "\(text)", metadata: metadata)
    }
}
