import CLibRDKafka
import Foundation

/// What others want of a membership's thread. It sleeps until there is something.
final class MembershipInbox: @unchecked Sendable {  // All mutable state is under `condition`.
    enum Command {
        /// Something may have happened: librdkafka has news, a feed was released.
        case look
        case start(KafkaPartitionFeed, Int64)
        /// The broker has answered one partition's fetches with an error.
        case report(KafkaPartitionFeed, KafkaError)
        case close
    }

    private let condition = NSCondition()
    private var commands: [Command] = []

    func post(_ command: Command) {
        condition.lock()
        // Looking once is enough, however often it was asked for.
        if case .look = command, !commands.isEmpty {} else { commands.append(command) }
        condition.signal()
        condition.unlock()
    }

    /// All commands since the last time, in their order; none when there are none until `deadline`.
    func take(waitingUntil deadline: ContinuousClock.Instant) -> [Command] {
        condition.lock()
        defer { condition.unlock() }
        while commands.isEmpty {
            let left = (deadline - .now) / .seconds(1)
            guard left > 0, condition.wait(until: Date(timeIntervalSinceNow: left)) else { break }
        }
        defer { commands = [] }
        return commands
    }
}

/// The moment when something is over, for which tasks can wait.
final class Completion: @unchecked Sendable {  // All mutable state is under `lock`.
    private let lock = NSLock()
    private var isComplete = false
    private var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    private var tickets = 0

    func complete() {
        let all = lock.withLock {
            isComplete = true
            defer { waiting = [:] }
            return waiting.values
        }
        for continuation in all { continuation.resume(returning: true) }
    }

    /// - Returns: Whether it was over within `timeout`.
    func wait(atMost timeout: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let ticket: Int? = lock.withLock {
                guard !isComplete else { return nil }
                tickets += 1
                waiting[tickets] = continuation
                return tickets
            }
            guard let ticket else { return continuation.resume(returning: true) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(timeout.wholeMilliseconds)) {
                self.lock.withLock { self.waiting.removeValue(forKey: ticket) }?.resume(returning: false)
            }
        }
    }
}
