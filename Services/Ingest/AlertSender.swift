import AlertCore
import Foundation
import Messaging
import Persistence

/// Sends what runs have made, that of all runs together: the alerts' numbers are fixed in one transaction, then the
/// commands are published.
///
/// A run does not wait for each of its alerts, so a script does not hold its worker for two commits at each
/// `form.post`. Nothing is bounded here: runs wait for what they have sent before they end, and runs and the alerts of
/// one run are bounded.
final class AlertSender: @unchecked Sendable {  // everything mutable under `lock` only
    struct Sending: Sendable {
        /// Under which the number is fixed.
        let reservation: String
        let number: Int64
        let command: AlertCommandMessage
    }

    /// How many go into one transaction and one publish.
    private static let batchLimit = 500

    private let numbers: AlertNumbers
    private let bus: any MessageBus
    private let lock = NSLock()
    private var waiting: [Sending] = []
    /// The batch that takes what waits once the one before it is sent.
    private var next: Task<Void, any Error>?
    private var last: Task<Void, any Error>?

    init(numbers: AlertNumbers, bus: any MessageBus) {
        self.numbers = numbers
        self.bus = bus
    }

    /// - Returns: Ends when it is durable, together with others that wait. Fails for all of them when the database or
    ///   the bus fails, or a number was fixed differently by an earlier run: each is made again then, with what
    ///   ``AlertNumbers/reserve(_:)`` says.
    func add(_ sending: Sending) -> Task<Void, any Error> {
        lock.withLock {
            waiting.append(sending)
            if let next { return next }
            let task = Task { [before = last] in
                _ = await before?.result
                try await send(take())
            }
            next = task
            return task
        }
    }

    private func take() -> [Sending] {
        lock.withLock {
            defer { (waiting, last, next) = ([], next, nil) }
            return waiting
        }
    }

    private func send(_ all: [Sending]) async throws {
        var rest = all[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.batchLimit)
            rest = rest.dropFirst(batch.count)
            try await numbers.fix(batch.map { ($0.reservation, $0.number) })
            try await bus.publish(try batch.map { try $0.command.outgoing() }, to: .alertCommands)
        }
    }
}
