import AlertCore
import Foundation
import Logging
import Messaging
import Metrics
import Persistence

/// Hands due notifications of one partition to their providers: begins a batch of them in one transaction, sends them
/// side by side, and gives what came of each to the ``OutcomeRecorder``.
///
/// The beginning of an attempt is recorded before it, its outcome after it. When the outcome is lost in a crash,
/// the message is sent again, with the same id, and the event says that it is a repetition.
struct NotificationSender: Sendable {
    /// How long what is being sent may take when the partition is given away; less than the bus waits for us.
    private static let drainTime = Duration.seconds(8)
    private static let admissionAttempts = 6
    private static let wordTime = Duration.seconds(1)

    let parts: SenderParts
    let admission: NotificationAdmission
    let recorder: OutcomeRecorder
    let lanes: ProviderLanes
    private let jobs = AsyncStream<NotificationJob>.makeStream()
    private let inHand: NotificationsInHand

    init(
        parts: SenderParts, admission: NotificationAdmission, recorder: OutcomeRecorder, lanes: ProviderLanes,
        inHand: NotificationsInHand
    ) {
        self.parts = parts
        self.admission = admission
        self.recorder = recorder
        self.lanes = lanes
        self.inHand = inHand
    }

    /// Sends what ``take(_:)`` has begun, until ``finish()``.
    func run() async {
        await withDiscardingTaskGroup { tasks in
            for await job in jobs.stream { tasks.addTask { await send(job) } }
            let deadline = ContinuousClock.now + Self.drainTime
            while inHand.isSending, ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(20))  // cancelled: the loop's condition sees it
            }
            tasks.cancelAll()
        }
    }

    /// What has begun is brought to its end.
    func finish() { jobs.continuation.finish() }

    /// Begins what may be sent, and returns: the sending goes on meanwhile.
    func take(_ items: [DueWork.Item]) async throws {
        // A lease can end before the outcome of a long attempt is written: that one is left alone.
        let ids = items.map(\.id).filter { !inHand.has($0) }
        guard !ids.isEmpty else { return }
        let outcome = try await admit(ids)
        outcome.records.forEach { inHand.hold($0.row.plan.id) }
        recorder.add(outcome.records)
        for job in outcome.jobs {
            inHand.begin(job.row.plan.id)
            jobs.continuation.yield(job)
        }
        if let crowded = outcome.crowded { await lanes.waitForRoom(crowded) }
    }

    /// Makes those due that a provider has had a word about. What is in hand is waited for, for a second; what still is
    /// then, comes again.
    func takeUpAgain(_ items: [DueWork.Item], partition: Int) async throws {
        let deadline = ContinuousClock.now + Self.wordTime
        while items.contains(where: { inHand.has($0.id) }), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let (held, free) = (items.map(\.id).filter(inHand.has), items.map(\.id).filter { !inHand.has($0) })
        let now = parts.now()
        try await parts.database.retrying { connection in
            let work = DueWork(connection)
            for id in free {
                try work.schedule(
                    id, kind: NotificationPlanner.dueKind, partition: partition, payload: "{}", at: now)
            }
            try work.finish(free, kind: NotificationWords.wordKind)
            try work.postpone(held, kind: NotificationWords.wordKind, until: now)
        }
    }

    /// Whoever moves a notification on at the same time, as an answer does, makes the batch be looked at again.
    private func admit(_ ids: [String]) async throws -> NotificationAdmission.Outcome {
        for attempt in 1..<Self.admissionAttempts {
            do {
                return try await admission.admit(ids, lanes: lanes)
            } catch let error as StoreError where error.isRetryable {
                try await Task.sleep(for: .milliseconds(10 << attempt))
            }
        }
        return try await admission.admit(ids, lanes: lanes)
    }

    private func send(_ job: NotificationJob) async {
        let command: Notification.Command
        do {
            let message = try await parts.composer.compose(job.row.plan, job.alert)
            let channel = try await parts.registry.channel(for: job.provider)
            command = .deliver(receipt: String(try await channel.send(message).prefix(1000)))
        } catch let error as ChannelError {
            command =
                error.isInDoubt
                ? .doubt(reason: error.reason)
                : .fail(
                    reason: error.reason, isPermanent: error.isPermanent, next: job.next,
                    notBefore: error.retryAfter.map { parts.now().advanced(by: $0) })
        } catch {
            // Ours, as a database that is away: nothing has been sent.
            command = .fail(reason: "\(error)", isPermanent: false, next: job.next, notBefore: nil)
        }
        recorder.add([NotificationRecord(command: command, row: job.row, provider: job.provider, known: job.known)])
        lanes.giveBack(job.provider.id)
        inHand.sent()
    }
}

/// What the sending of all partitions has in common.
struct SenderParts: Sendable {
    let registry: any ChannelRegistry
    let database: any SQLDatabase
    let directory: DirectoryCache
    let composer: MessageComposer
    let now: Clock
    let logger: Logger
}

/// One message on its way.
struct NotificationJob: Sendable {
    let row: NotificationRow
    /// `nil` for a message that belongs to none, or one that is gone.
    let alert: AlertRow?
    let provider: NotificationProvider
    /// Who takes over when this one is given up.
    let next: NamedReference?
    /// The state after the beginning of the attempt.
    let known: (state: Notification.State, version: Version)
}

/// The notifications that are being sent, or whose outcome is not written yet.
final class NotificationsInHand: @unchecked Sendable {  // `sending` and `ids` under `lock` only
    private let lock = NSLock()
    private var sending = 0
    private var ids: Set<String> = []

    var isSending: Bool { lock.withLock { sending > 0 } }

    func has(_ id: String) -> Bool { lock.withLock { ids.contains(id) } }

    func begin(_ id: String) {
        lock.withLock {
            sending += 1
            ids.insert(id)
        }
    }

    /// Without sending it.
    func hold(_ id: String) { lock.withLock { _ = ids.insert(id) } }

    func sent() { lock.withLock { sending -= 1 } }

    func written(_ written: [String]) { lock.withLock { ids.subtract(written) } }
}

extension NotificationProvider {
    var reference: NamedReference { NamedReference(id: id, name: name) }
}
