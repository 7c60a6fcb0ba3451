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
    private let moved: [Signal]

    /// - Parameter scheduled: Given when something has been scheduled, here or by the planner.
    init(_ notifier: Notifier, partition: Int, scheduled: Signal) {
        let (database, directory, now) = (notifier.database, notifier.directory, notifier.now)
        let (due, appended) = (Signal(), Signal())
        moved = [due, appended]
        steps = DueWorkLoop(
            kind: EscalationWriter.dueKind, partition: partition, lease: Self.lease, database: database,
            signal: due, now: now, logger: notifier.logger
        ) { items in
            let writer = EscalationWriter(try await directory.current(), partition: partition, at: now())
            try await database.retrying { try writer.reach(items, in: $0) }
            scheduled.notify()
            appended.notify()
        }
        reports = LogRelay(
            LogPartition(AlertEscalation.category, partition), to: .alertCommands, bus: notifier.bus,
            database: database, signal: appended, logger: notifier.logger
        ) { try Self.report($0)?.outgoing() }
    }

    /// Wakes those who wait for new steps and reports.
    func notify() { moved.forEach { $0.notify() } }

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
        guard types.contains(recorded.type) else { return nil }  // others can be large
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
