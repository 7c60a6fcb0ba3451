import AlertCore
import Foundation
import Logging
import Persistence

/// Puts what this process has published last into the spool, before all that is there: when the broker was out of reach
/// and may have lost it, when it has been found to have, and when consumers are served from the database, since what
/// they have not read of the broker is out of their reach. Consumers recognise what they have taken before.
final class SpoolAgain: @unchecked Sendable {  // `state` under `lock` only
    /// How long a publish waits for it.
    private static let patience = Duration.seconds(5)

    private struct State {
        /// The interruptions that are made good.
        var handled = 0
        var wasServing = false
    }

    private let bus: any MessageBus
    private let recent: RecentMessages
    private let parts: SpoolParts
    private let due = Signal()
    private let lock = NSLock()
    private var state = State()

    init(bus: any MessageBus, recent: RecentMessages, parts: SpoolParts) {
        self.bus = bus
        self.recent = recent
        self.parts = parts
    }

    /// Whether something has to be spooled again before anything else is published.
    var isDue: Bool {
        let interruptions = bus.interruptions
        let isServing = parts.watch.isServing
        return lock.withLock { state.handled != interruptions || isServing && !state.wasServing }
    }

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            await due.wait(upTo: parts.settings.pulse / 2)
        }
    }

    /// Returns when nothing is due any more.
    /// - Throws: ``StoreError/Code-swift.enum/unavailable`` when the database does not take it in time.
    func settle() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while isDue {
            try Task.checkCancellation()
            guard ContinuousClock.now < deadline else {
                throw StoreError(.unavailable, "what the broker may have lost is not in the spool yet")
            }
            due.notify()
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func look() async {
        let interruptions = bus.interruptions
        let isServing = parts.watch.isServing
        let cut = parts.watch.takeCuts()
        let (isInterrupted, takesAll) = lock.withLock {
            (state.handled != interruptions, state.handled != interruptions || isServing && !state.wasServing)
        }
        let sent = takesAll ? recent.take() : cut.isEmpty ? [] : recent.take(of: cut)
        if !sent.isEmpty || isInterrupted { await spool(sent, isInterrupted) }
        if Task.isCancelled { return }
        lock.withLock { (state.handled, state.wasServing) = (interruptions, isServing) }
    }

    private func spool(_ sent: [RecentMessages.Sent], _ isInterrupted: Bool) async {
        parts.logger.notice("what was published last is sent again", metadata: ["count": "\(sent.count)"])
        let byPartition = Dictionary(grouping: sent, by: \.partition).sorted { $0.key < $1.key }
        await retryingForever(logger: parts.logger, what: "sending again") { [now = parts.now] in
            try await parts.database.retrying { connection in
                for (partition, messages) in byPartition {
                    try Spool(connection).prepend(messages.map(\.message.entry), to: partition, at: now())
                }
                if isInterrupted { try BrokerContact(connection).noteInterruption(at: now()) }
            }
        }
        for (partition, messages) in byPartition { parts.watch.spooled(partition, count: messages.count) }
    }
}
