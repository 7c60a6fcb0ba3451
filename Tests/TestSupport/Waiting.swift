import AlertCore
import Foundation

/// What was waited for did not come.
public struct NotInTime: Error, CustomStringConvertible {
    public let description: String
}

/// Waits until `condition` holds.
public func eventually(
    _ what: String = "", within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NotInTime(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A clock that a test moves by hand.
public final class TestClock: @unchecked Sendable {  // `time` under `lock` only
    private let lock = NSLock()
    private var time: Timestamp

    public init(_ start: Timestamp = Timestamp(milliseconds: 1_790_000_000_000)) { time = start }

    public var now: Timestamp { lock.withLock { time } }
    public var clock: Clock { { self.now } }

    public func advance(by duration: Duration) { lock.withLock { time = time.advanced(by: duration) } }
}
