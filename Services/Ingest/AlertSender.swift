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

    /// One that was added.
    struct Receipt: Equatable, Sendable {
        fileprivate let reservation: String
        /// Ends with the reservations of those that were not sent.
        fileprivate let batch: Task<Set<String>, any Error>

        /// Returns when it is durable, together with others that wait.
        /// - Throws: For all of them when the database or the bus fails. For those under whose reservation an earlier
        ///   run has fixed another number, ``StoreError/Code-swift.enum/versionConflict``: they are not sent. Each is
        ///   made again then, with what ``AlertNumbers/reserve(_:)`` says.
        func wait() async throws {
            guard try await batch.value.contains(reservation) else { return }
            throw StoreError(.versionConflict, "another number is fixed for \(reservation)")
        }
    }

    /// How many go into one transaction and one publish.
    private static let batchLimit = 500

    private let numbers: AlertNumbers
    private let bus: any MessageBus
    private let lock = NSLock()
    private var waiting: [Sending] = []
    /// The batch that takes what waits once the one before it is sent.
    private var next: Task<Set<String>, any Error>?
    private var last: Task<Set<String>, any Error>?

    init(numbers: AlertNumbers, bus: any MessageBus) {
        self.numbers = numbers
        self.bus = bus
    }

    func add(_ sending: Sending) -> Receipt {
        lock.withLock {
            waiting.append(sending)
            if let next { return Receipt(reservation: sending.reservation, batch: next) }
            let task = Task { [before = last] in
                _ = await before?.result
                return try await send(take())
            }
            next = task
            return Receipt(reservation: sending.reservation, batch: task)
        }
    }

    private func take() -> [Sending] {
        lock.withLock {
            defer { (waiting, last, next) = ([], next, nil) }
            return waiting
        }
    }

    /// - Returns: The reservations of those whose number was fixed differently, which are not sent.
    private func send(_ all: [Sending]) async throws -> Set<String> {
        var rest = all[...]
        var conflicts: Set<String> = []
        while !rest.isEmpty {
            let batch = rest.prefix(Self.batchLimit)
            rest = rest.dropFirst(batch.count)
            let taken = try await numbers.fix(batch.map { ($0.reservation, $0.number) })
            conflicts.formUnion(taken)
            let free = batch.filter { !taken.contains($0.reservation) }
            try await bus.publish(try free.map { try $0.command.outgoing() }, to: .alertCommands)
        }
        return conflicts
    }
}
