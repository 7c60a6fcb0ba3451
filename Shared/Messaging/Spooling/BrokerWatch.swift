import AlertCore
import Foundation
import Logging
import Metrics
import Persistence

/// What this process knows of the broker and of the spool; looked after every ``SpoolSettings/pulse``.
final class BrokerWatch: @unchecked Sendable {  // `state` under `lock` only
    /// An unanswered question can be this process's own haste.
    private static let failuresAllowed = 1
    /// For how long a publish that was confirmed is as good as an answer.
    private static let publishFreshness = Duration.seconds(2)
    private static let noteInterval = Duration.seconds(3)
    private static let reminderInterval = Duration.seconds(60)
    /// For how long a loss of the broker's is worth a word.
    private static let cutMemory = Duration.seconds(3600)
    private static let longestHoldOff = Duration.seconds(30)

    private struct State {
        var failure: String?
        var awaySince: Timestamp?
        var unanswered = 0
        /// Publishes that failed one after the other, and until when no other is tried.
        var failedPublishes = 0
        var heldOffUntil: ContinuousClock.Instant?
        var publishedAt: ContinuousClock.Instant?
        var notedAt: Timestamp?
        var remindedAt: Timestamp?
        var seenAt: Timestamp?
        var content = Spool.Content()
        /// How often this process has added to the spool: what was read before that is out of date.
        var additions = 0
        var isServing = false
        /// Until when cuts have been looked at, and those that nobody has acted upon.
        var cutsSeen: Timestamp?
        var newCuts: Set<String> = []
        var lastCut: (partition: String, at: Timestamp)?
    }

    private let bus: any MessageBus
    private let database: any SQLDatabase
    private let settings: SpoolSettings
    private let now: Clock
    private let logger: Logger
    private let lock = NSLock()
    private var state = State()

    init(
        _ bus: any MessageBus, database: any SQLDatabase, settings: SpoolSettings, now: @escaping Clock, logger: Logger
    ) {
        self.bus = bus
        self.database = database
        self.settings = settings
        self.now = now
        self.logger = logger
    }

    /// Whether nothing waits, and the broker takes what comes: the way of nearly every message.
    var isClear: Bool { lock.withLock { mayPublishLocked && state.content.messages.isEmpty } }

    var mayPublish: Bool { lock.withLock { mayPublishLocked } }

    /// Whether the consumers of all processes are served from the database.
    var isServing: Bool { lock.withLock { state.isServing } }

    /// When the broker last answered some process.
    var seenAt: Timestamp? { lock.withLock { state.seenAt } }

    var content: Spool.Content { lock.withLock { state.content } }

    var degradation: String? {
        lock.withLock {
            let waiting = state.content.count
            guard let failure = state.failure else {
                if waiting > 0 { return "\(waiting) messages in the spool are on their way to the broker" }
                guard let cut = state.lastCut, now().since(cut.at) < Self.cutMemory else { return nil }
                return "the broker has lost messages of \(cut.partition) at \(cut.at.iso)"
            }
            let since = state.awaySince.map { " since \($0.iso)" } ?? ""
            return "the broker is away\(since) (\(failure)); \(waiting) messages are in the spool"
        }
    }

    /// The partitions that the broker was found to have lost messages of, since the last time this was asked.
    func takeCuts() -> Set<String> {
        lock.withLock {
            defer { state.newCuts = [] }
            return state.newCuts
        }
    }

    func isOccupied(_ partition: String) -> Bool { lock.withLock { state.content.messages[partition] != nil } }

    private var mayPublishLocked: Bool {
        state.failure == nil && (state.heldOffUntil.map { $0 <= .now } ?? true)
    }

    // MARK: - What others see

    func published() {
        lock.withLock {
            state.publishedAt = .now
            state.failedPublishes = 0
        }
    }

    /// From now on nothing is tried for some time, longer with each failure in a row.
    func publishFailed(_ error: any Error) {
        let at = now()
        lock.withLock {
            state.publishedAt = nil
            // Those that failed together count once.
            if state.heldOffUntil.map({ $0 <= .now }) ?? true {
                let pause = Duration.seconds(1 << min(state.failedPublishes, 5))
                state.failedPublishes += 1
                state.heldOffUntil = .now + min(pause, Self.longestHoldOff)
            }
            becomeAway("\(error)", at: at)
        }
    }

    func spooled(_ partition: String, count: Int) {
        lock.withLock {
            state.additions += 1
            state.content.messages[partition, default: 0] += count
        }
    }

    var additions: Int { lock.withLock { state.additions } }

    /// - Parameter additions: Those before it was found; when this process has made more, it may be empty no more.
    func foundEmpty(_ partition: String, after additions: Int) {
        lock.withLock { if additions == state.additions { state.content.messages[partition] = nil } }
    }

    // MARK: - The pulse

    /// Looks after the broker and the spool until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await pulse()
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: settings.pulse)
        }
    }

    func pulse() async {
        let isFresh = lock.withLock { state.publishedAt.map { $0 + Self.publishFreshness > .now } ?? false }
        var failure: String?
        if !isFresh {
            do {
                try await bus.checkReadiness()
            } catch {
                failure = "\(error)"
            }
        }
        guard !Task.isCancelled else { return }
        let at = now()
        let hasAnswered = failure == nil
        lock.withLock {
            if let failure {
                state.unanswered += 1
                if state.unanswered > Self.failuresAllowed { becomeAway(failure, at: at) }
            } else {
                state.unanswered = 0
                // Whatever the database says, or does not: it is the broker that gives partitions.
                endServing()
                if state.heldOffUntil.map({ $0 <= .now }) ?? true { becomeBack(at: at) }
            }
        }
        do {
            try await look(hasAnswered: hasAnswered, at: at)
        } catch {
            // The database's own check says so; what was known of the spool still holds.
            logger.debug("the spool was not looked at", metadata: ["error": "\(error)"])
        }
        show(at: at)
    }

    /// Reads what is in the spool, before something depends on it.
    /// - Returns: `false` when the database does not say, or this process has added to it meanwhile.
    func refresh() async -> Bool {
        let additions = lock.withLock { state.additions }
        // The caller tries again; the pulse says what is wrong.
        guard let content = try? await database.reading({ try Spool($0).content() }) else { return false }
        return lock.withLock { take(content, additions) }
    }

    @discardableResult
    private func take(_ content: Spool.Content, _ additions: Int) -> Bool {
        guard additions == state.additions else { return false }
        state.content = content
        return true
    }

    private func look(hasAnswered: Bool, at: Timestamp) async throws {
        let (isNoteDue, additions) = lock.withLock {
            (state.notedAt.map { at.since($0) >= Self.noteInterval } ?? true, state.additions)
        }
        var seen: Timestamp?
        let content: Spool.Content
        if hasAnswered, isNoteDue {
            content = try await database.transaction { connection in
                try BrokerContact(connection).note(at: at)
                return try Spool(connection).content()
            }
            seen = at
            lock.withLock { state.notedAt = at }
        } else {
            (content, seen) = try await database.reading { connection in
                (try Spool(connection).content(), try BrokerContact(connection).seenAt())
            }
            if seen == nil {
                // Nobody has ever seen it: the waiting begins now.
                try await database.transaction { try BrokerContact($0).note(at: at) }
                seen = at
            }
        }
        try await lookForCuts(at: at)
        let isServing = !hasAnswered && seen.map { at.since($0) > settings.patience } ?? false
        lock.withLock {
            take(content, additions)
            state.seenAt = seen
            guard isServing else { return endServing() }
            if !state.isServing {
                logger.notice("consumers are served from the database: no process has seen the broker")
            }
            state.isServing = true
        }
    }

    private func endServing() {
        if state.isServing { logger.notice("consumers are served by the broker again") }
        state.isServing = false
    }

    /// A cut is noted with its notice's own time, by clocks that differ a little.
    private func lookForCuts(at: Timestamp) async throws {
        let seen = lock.withLock { state.cutsSeen } ?? Timestamp(milliseconds: max(0, at.milliseconds - 10_000))
        let cuts = try await database.reading { try BrokerCuts($0).partitions(after: seen) }
        lock.withLock {
            state.cutsSeen = cuts.last?.noticedAt ?? seen
            state.newCuts.formUnion(cuts.map(\.name))
            if let last = cuts.last { state.lastCut = (last.name, last.noticedAt) }
        }
    }

    private func becomeAway(_ failure: String, at: Timestamp) {
        if state.failure == nil {
            state.awaySince = at
            state.remindedAt = at
            logger.error("the broker is away: messages go to the spool", metadata: ["reason": "\(failure)"])
        }
        state.failure = failure
    }

    private func becomeBack(at: Timestamp) {
        guard state.failure != nil else { return }
        let seconds = state.awaySince.map { at.since($0).milliseconds / 1000 } ?? 0
        logger.notice("the broker is back", metadata: ["away": "\(seconds) s"])
        (state.failure, state.awaySince, state.heldOffUntil) = (nil, nil, nil)
    }

    private func show(at: Timestamp) {
        let (state, isReminderDue) = lock.withLock {
            let isDue =
                self.state.failure != nil
                && (self.state.remindedAt.map { at.since($0) >= Self.reminderInterval } ?? true)
            if isDue { self.state.remindedAt = at }
            return (self.state, isDue)
        }
        let age = state.content.oldest.map { Double(max(0, at.since($0).milliseconds)) / 1000 } ?? 0
        Gauge(label: "tocsin_broker_up").record(state.failure == nil ? 1 : 0)
        Gauge(label: "tocsin_spool_messages").record(state.content.count)
        Gauge(label: "tocsin_spool_bytes").record(state.content.bytes)
        Gauge(label: "tocsin_spool_oldest_seconds").record(age)
        if isReminderDue {
            logger.error(
                "the broker is still away",
                metadata: ["spooled": "\(state.content.count)", "reason": "\(state.failure ?? "")"])
        }
    }
}
