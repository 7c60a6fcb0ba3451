import Foundation

/// Wakes whoever waits. A signal that comes while nobody waits is kept for the next to come, once.
public final class Signal: @unchecked Sendable {  // everything mutable is touched under `lock` only
    private let lock = NSLock()
    private var kept = false
    private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextWaiter = 0

    public init() {}

    /// Whether a signal is kept.
    public var isSet: Bool { lock.withLock { kept } }

    public func notify() {
        let woken = lock.withLock {
            defer { waiters = [:] }
            kept = waiters.isEmpty
            return waiters
        }
        woken.values.forEach { $0.resume() }
    }

    /// Returns at the next signal, when the time is over, or when the task is cancelled.
    public func wait(upTo limit: Duration) async {
        let number = lock.withLock {
            nextWaiter += 1
            return nextWaiter
        }
        let alarm = Task {
            // Cancelled when the signal was first; then there is nobody left to wake.
            try? await Task.sleep(for: limit)
            wake(number)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = lock.withLock {
                    guard !kept, !Task.isCancelled, !alarm.isCancelled else {
                        kept = false
                        return true
                    }
                    waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            alarm.cancel()
            wake(number)
        }
        alarm.cancel()
    }

    private func wake(_ number: Int) {
        lock.withLock { waiters.removeValue(forKey: number) }?.resume()
    }
}
