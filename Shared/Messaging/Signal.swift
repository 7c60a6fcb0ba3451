import Foundation

/// Wakes whoever waits. A signal that comes while nobody waits is kept for the next to come, once.
public final class Signal: @unchecked Sendable {  // everything mutable is touched under `lock` only
    private struct Waiter {
        let continuation: CheckedContinuation<Bool, Never>
        /// Wakes it when its time is over.
        let alarm: Task<Void, Never>

        func resume(_ isGiven: Bool) {
            alarm.cancel()
            continuation.resume(returning: isGiven)
        }
    }

    private let lock = NSLock()
    private var kept = false
    private var waiters: [Int: Waiter] = [:]
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
        woken.values.forEach { $0.resume(true) }
    }

    /// Returns at the next signal, when the time is over, or when the task is cancelled.
    /// - Returns: Whether there was a signal.
    @discardableResult
    public func wait(upTo limit: Duration) async -> Bool {
        let number: Int? = lock.withLock {
            defer { kept = false }
            if kept { return nil }
            nextWaiter += 1
            return nextWaiter
        }
        guard let number else { return true }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isGiven = lock.withLock { add(continuation, as: number, upTo: limit) }
                if let isGiven { continuation.resume(returning: isGiven) }
            }
        } onCancel: {
            wake(number)
        }
    }

    /// - Returns: What the waiter is told at once; `nil` when it waits.
    private func add(_ continuation: CheckedContinuation<Bool, Never>, as number: Int, upTo limit: Duration) -> Bool? {
        defer { kept = false }
        if kept { return true }
        if Task.isCancelled { return false }
        let alarm = Task {
            // Cancelled when the signal was first; then there is nobody left to wake.
            try? await Task.sleep(for: limit)
            wake(number)
        }
        waiters[number] = Waiter(continuation: continuation, alarm: alarm)
        return nil
    }

    private func wake(_ number: Int) {
        lock.withLock { waiters.removeValue(forKey: number) }?.resume(false)
    }
}
