import Foundation

/// How much is done of what has no known end, and how fast; on the error stream of a terminal, nowhere else.
final class Throughput: @unchecked Sendable {  // everything mutable under `lock` only
    private static let interval = Duration.milliseconds(200)

    private let lock = NSLock()
    private let what: String
    private let start = ContinuousClock.now
    private var count: Int64 = 0
    private var shownAt: ContinuousClock.Instant?

    /// - Parameter what: As in "events verified".
    init(_ what: String) { self.what = what }

    func add(_ more: Int) {
        let line: String? = lock.withLock {
            count += Int64(more)
            let now = ContinuousClock.now
            guard Terminal.hasErrors, now - (shownAt ?? start) >= Self.interval else { return nil }
            shownAt = now
            return "\r\(count) \(what), \(Int64(Double(count) / max(0.001, (now - start) / .seconds(1)))) a second"
        }
        if let line { FileHandle.standardError.write(Data(line.utf8)) }
    }

    /// Leaves the line to what comes.
    func end() {
        guard lock.withLock({ shownAt }) != nil else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}
