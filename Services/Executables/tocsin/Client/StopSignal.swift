import Foundation

/// Whether somebody has asked for an end: SIGINT or SIGTERM. A second one ends at once.
final class StopSignal: @unchecked Sendable {  // `given` under `lock` only
    private let lock = NSLock()
    private var given = false
    private var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in
                if self?.give() == true { Foundation.exit(128 + number) }
            }
            source.resume()
            sources.append(source)
        }
    }

    var isGiven: Bool { lock.withLock { given } }

    /// - Returns: Whether it was given before.
    private func give() -> Bool {
        lock.withLock {
            defer { given = true }
            return given
        }
    }
}
