import AlertCore
import Logging
import Messaging
import Persistence

/// What moves the escalations of one partition on besides the alerts themselves: time, and what they report.
struct EscalationLoops: Sendable {
    /// Longer than one transaction can take.
    private static let lease = Duration.seconds(60)

    private let steps: DueWorkLoop
    private let reports: LogRelay
    /// Wakes those who go on with what has come of something.
    let notify: @Sendable (EscalationWriter.Moved) -> Void

    /// - Parameter scheduled: Given when notifications have been planned, here or by the planner.
    init(_ notifier: Notifier, partition: Int, scheduled: Signal) {
        let (database, directory, now) = (notifier.database, notifier.directory, notifier.now)
        let (due, appended) = (Signal(), Signal())
        let notify: @Sendable (EscalationWriter.Moved) -> Void = { moved in
            if moved.plans { scheduled.notify() }
            if moved.reports { appended.notify() }
            if let step = moved.due { due.notify(due: step, at: now()) }
        }
        self.notify = notify
        steps = DueWorkLoop(
            kind: EscalationWriter.dueKind, partition: partition, lease: Self.lease, database: database,
            signal: due, now: now, logger: notifier.logger
        ) { items in
            let writer = EscalationWriter(try await directory.current(), partition: partition, at: now())
            notify(try await database.retrying { try writer.reach(items, in: $0) })
        }
        reports = LogRelay(
            LogPartition(AlertEscalation.category, partition), to: .alertCommands, bus: notifier.bus,
            database: database, signal: appended, logger: notifier.logger
        ) { try Self.report($0)?.outgoing() }
    }

    /// Runs until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await steps.run() }
            tasks.addTask { await reports.run() }
        }
    }

    /// What an event of an escalation is to its alert; `nil` for one that is nothing to it.
    private static func report(_ recorded: RecordedEvent) throws -> AlertCommandMessage? {
        let types = ["escalated", "recipientsFailed", "completed"].map { "\(AlertEscalation.category).\($0)" }
        guard types.contains(recorded.type) else { return nil }  // not even decoded: others can be large
        let alert = String(recorded.stream.dropFirst(AlertEscalation.category.count + 1))
        let command: Alert.Command
        switch try EventCodec<AlertEscalation.Event>.decode(recorded.data) {
        case .escalated(let report, _): command = .recordEscalation(report)
        case .recipientsFailed(let failure, _): command = .recordRecipientsFailure(failure)
        case .completed: command = .complete
        default: return nil
        }
        return AlertCommandMessage(
            commandId: "escalation-\(recorded.id)", alert: alert, command: command,
            origin: Origin(
                actor: "<notifier>", causation: recorded.id, correlation: recorded.origin.correlation))
    }
}
