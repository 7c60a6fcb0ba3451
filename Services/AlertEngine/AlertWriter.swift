import AlertCore
import Messaging
import Persistence

/// Carries out commands on the alerts of one partition: events, read model, timers and answers in one transaction.
struct AlertWriter: Sendable {
    static let timerKind = "alert-expiry"

    let partition: Int
    /// Past which alerts are suppressed; `nil` for none.
    let flood: FloodLimit?
    let now: Clock

    /// Writes what `messages` lead to, in their order.
    /// - Returns: When the earliest work that was scheduled is due; `nil` when there is none.
    @discardableResult
    func write(_ messages: [AlertCommandMessage], in connection: any SQLConnection) throws -> Timestamp? {
        let at = now()
        let fresh = try unanswered(messages, in: connection)
        let (messages, floods) = try FloodGate(limit: flood, connection: connection).admit(fresh, at: at)
        try FloodNotices.schedule(floods, partition: partition, at: at, in: connection)
        let commands = messages.map { message in
            AddressedCommand<Alert>(message.command, on: message.alert, by: message.origin)
        }
        let outcomes = try EventLog(connection).execute(
            commands, in: LogPartition(Alert.category, partition), at: at)
        try Alerts(connection).apply(changes(outcomes))
        for (message, outcome) in zip(messages, outcomes) where message.wantsResult {
            try CommandResults(connection).put(message.commandId, rejection: outcome.refusal, at: at)
        }
        let timer = try setTimers(outcomes, in: connection)
        return floods.isEmpty ? timer : at
    }

    /// Without those that somebody has had an answer to: a command whose publish was in doubt can come again, when
    /// others have come after it.
    private func unanswered(
        _ messages: [AlertCommandMessage], in connection: any SQLConnection
    ) throws -> [AlertCommandMessage] {
        var seen = try CommandResults(connection).known(messages.filter(\.wantsResult).map(\.commandId))
        return messages.filter { !$0.wantsResult || seen.insert($0.commandId).inserted }
    }

    /// The outcomes alert by alert, each alert once, with its last version.
    private func changes(
        _ outcomes: [CommandOutcome<Alert>]
    ) -> [(id: String, version: Version, events: [Alert.Event])] {
        var order: [String] = []
        var changes: [String: (version: Version, events: [Alert.Event])] = [:]
        for outcome in outcomes where !outcome.events.isEmpty {
            if changes[outcome.id] == nil { order.append(outcome.id) }
            changes[outcome.id, default: (0, [])].events += outcome.events
            changes[outcome.id]?.version = outcome.version
        }
        return order.map { ($0, changes[$0]?.version ?? 0, changes[$0]?.events ?? []) }
    }

    private func setTimers(
        _ outcomes: [CommandOutcome<Alert>], in connection: any SQLConnection
    ) throws -> Timestamp? {
        var earliest: Timestamp?
        var ended: [String] = []
        for outcome in outcomes {
            for event in outcome.events {
                switch event {
                case .created(let details, let at):
                    let due = at.advanced(by: .seconds(details.expirationInMinutes * 60))
                    try DueWork(connection).schedule(
                        outcome.id, kind: Self.timerKind, partition: partition, payload: details.requestId, at: due)
                    earliest = min(earliest ?? due, due)
                case .terminated: ended.append(outcome.id)
                case .commented, .responded, .deliveryRecorded, .suspended, .resumed, .suppressed,
                    .notificationSuppressed, .responseRejected, .escalated, .recipientsFailed:
                    break
                }
            }
        }
        try DueWork(connection).finish(ended, kind: Self.timerKind)
        return earliest
    }
}
