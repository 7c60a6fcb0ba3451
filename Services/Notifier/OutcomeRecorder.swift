import AlertCore
import Foundation
import Logging
import Messaging
import Metrics
import Persistence

/// What came of one notification, to be written.
struct NotificationRecord: Sendable {
    /// `nil` for one that had its end before, and may have to be reported.
    let command: Notification.Command?
    let row: NotificationRow
    let provider: NotificationProvider?
    /// What its stream had come to when the command was made.
    let known: (state: Notification.State, version: Version)?
}

/// Writes the outcomes of one partition in batches, then reports those that have ended, a batch at a time, and only
/// then lets go of their due work: a crash in between leads to a second report, which the alert knows.
final class OutcomeRecorder: @unchecked Sendable {  // `inbox` and `isFinished` under `lock` only
    private static let batchLimit = 500

    private let parts: SenderParts
    private let partition: Int
    private let reports: NotificationReports
    private let inHand: NotificationsInHand
    /// Given when an attempt has been scheduled anew.
    private let scheduled: Signal
    private let lock = NSLock()
    private let pending = Signal()
    private var inbox: [NotificationRecord] = []
    private var isFinished = false

    init(
        parts: SenderParts, partition: Int, reports: NotificationReports, inHand: NotificationsInHand,
        scheduled: Signal
    ) {
        self.parts = parts
        self.partition = partition
        self.reports = reports
        self.inHand = inHand
        self.scheduled = scheduled
    }

    func add(_ records: [NotificationRecord]) {
        guard !records.isEmpty else { return }
        lock.withLock { inbox += records }
        pending.notify()
    }

    /// Writes until ``finish()``, and then what is left; or until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let batch = lock.withLock {
                defer { inbox.removeFirst(min(inbox.count, Self.batchLimit)) }
                return Array(inbox.prefix(Self.batchLimit))
            }
            guard !batch.isEmpty else {
                if lock.withLock({ isFinished && inbox.isEmpty }) { return }
                await pending.wait(upTo: .seconds(1))
                continue
            }
            await retryingForever(logger: parts.logger, what: "outcomes of notifications/\(partition)") {
                try await self.write(batch)
            }
            inHand.written(batch.map(\.row.plan.id))
            scheduled.notify()
        }
    }

    /// What has been added is still written.
    func finish() {
        lock.withLock { isFinished = true }
        pending.notify()
    }

    private func write(_ batch: [NotificationRecord]) async throws {
        let done = batch.filter { $0.command != nil }
        if !done.isEmpty {
            let outcomes = try await record(done)
            for (record, outcome) in zip(done, outcomes) { note(record, outcome) }
        }
        try await reports.report(batch.map(\.row.plan.id))
    }

    /// Whoever has moved a notification on meanwhile, as a provider with a word about it, was first: ours is decided on
    /// after theirs.
    private func record(_ batch: [NotificationRecord]) async throws -> [CommandOutcome<Notification>] {
        do {
            return try await parts.database.transaction { try self.execute(batch, knowing: true, in: $0) }
        } catch let error as StoreError where error.isRetryable {
            return try await parts.database.retrying { try self.execute(batch, knowing: false, in: $0) }
        }
    }

    private func execute(
        _ batch: [NotificationRecord], knowing: Bool, in connection: any SQLConnection
    ) throws -> [CommandOutcome<Notification>] {
        let now = parts.now()
        let commands = batch.compactMap { record in
            record.command.map { command in
                AddressedCommand<Notification>(
                    command, on: record.row.plan.id,
                    by: Origin(
                        actor: "<notifier>", causation: record.row.plan.id,
                        correlation: record.row.plan.correlation))
            }
        }
        let known = batch.compactMap { record in record.known.map { (record.row.plan.id, $0) } }
        let outcomes = try EventLog(connection).execute(
            commands, in: LogPartition(Notification.category, partition), at: now,
            knowing: knowing ? Dictionary(known) { first, _ in first } : [:])
        try Notifications(connection).apply(outcomes, at: now)
        let work = DueWork(connection)
        for (record, outcome) in zip(batch, outcomes) {
            if let due = outcome.events.last?.nextAttempt(at: now) {
                try work.postpone([outcome.id], kind: NotificationPlanner.dueKind, until: due)
            }
            guard case .delivered(let receipt, _) = outcome.events.last, let provider = record.provider,
                provider.kind.reportsReceipts
            else { continue }
            try NotificationReceipts(connection).add(
                receipt, of: outcome.id, by: provider.id, partition: partition, at: now)
        }
        return outcomes
    }

    private func note(_ record: NotificationRecord, _ outcome: CommandOutcome<Notification>) {
        guard let name = outcome.events.last?.outcomeName else { return }
        let provider = record.provider?.name ?? ""
        Counter(label: "tocsin_notifications_total", dimensions: [("outcome", name)]).increment()
        parts.logger.info(
            "notification",
            metadata: [
                "id": "\(record.row.plan.id)", "alert": "\(record.row.plan.alertNumber)",
                "device": "\(record.row.plan.device.name)", "person": "\(record.row.plan.recipient.targetName)",
                "provider": "\(provider)", "outcome": "\(name)",
            ])
    }
}

extension Notification.Event {
    /// When the message is taken up again, if it is.
    fileprivate func nextAttempt(at now: Timestamp) -> Timestamp? {
        switch self {
        case .attemptFailed(_, let retryAt, _): retryAt
        case .leftInDoubt(_, let until, _): until
        case .failedOver: now
        case .planned, .attemptBegun, .delivered, .failed, .cancelled, .suppressed, .held, .collapsed, .confirmed,
            .refused:
            nil
        }
    }

    fileprivate var outcomeName: String {
        switch self {
        case .planned: "planned"
        case .attemptBegun: "begun"
        case .delivered, .confirmed: "delivered"
        case .attemptFailed, .failed, .refused: "failed"
        case .failedOver: "failedOver"
        case .leftInDoubt: "inDoubt"
        case .cancelled: "cancelled"
        case .suppressed: "suppressed"
        case .held: "held"
        case .collapsed: "collapsed"
        }
    }
}
