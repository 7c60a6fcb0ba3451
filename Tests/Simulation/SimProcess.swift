import AlertCore
import Messaging

/// One run of one service's process: from its start to its end. Everything that leaves it goes through ``gate()``, so
/// that nothing it does has any effect once it is dead, and nothing happens while it is paused.
final class SimProcess: @unchecked Sendable {  // one thread
    /// What a dead process gets for whatever it still tries. Loops that go on after any other error end.
    struct Dead: FatalError {
        var isFatal: Bool { true }
    }

    /// As in `notifier-2`.
    let name: String
    /// As in `notifier-2#3`: its third run.
    let run: String
    private(set) var isDead = false
    /// Whether it is being stopped in an orderly way.
    var isStopping = false
    /// Whether it alone does not reach the broker.
    var isCutOff = false
    /// How far its wall clock is from the real time.
    var clockOffset = Duration.zero
    /// It dies at the so many-th effect from now, before it or after it; `nil` for not at all. Between two effects it
    /// makes no difference when it dies.
    var effectsLeft: Int?
    /// Called once, when it dies by itself.
    var died: () -> Void = {}
    private var pausedUntil: Int64 = 0
    private let executor = VirtualExecutor.shared

    init(name: String, run: Int) {
        self.name = name
        self.run = "\(name)#\(run)"
    }

    func kill() {
        guard !isDead else { return }
        isDead = true
        died()
    }

    /// Nothing of it happens for that long, and it does not know.
    func pause(_ duration: Duration) { pausedUntil = executor.now + duration.nanoseconds }

    var isPaused: Bool { executor.now < pausedUntil }

    /// Passed before and after whatever leaves the process or comes to it.
    /// - Parameter isEffect: Whether it changes anything outside.
    func gate(isEffect: Bool = false) async throws {
        if isEffect, let left = effectsLeft {
            effectsLeft = left - 1
            if left <= 1 { kill() }
        }
        while isPaused, !isDead { await executor.pause(.nanoseconds(pausedUntil - executor.now)) }
        guard !isDead else { throw Dead() }
    }

    /// As ``gate()``, after a time that passes whether or not the task is cancelled.
    func gate(after delay: Duration, isEffect: Bool = false) async throws {
        await executor.pause(delay)
        try await gate(isEffect: isEffect)
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
