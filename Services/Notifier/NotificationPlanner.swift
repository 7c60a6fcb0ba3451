import AlertCore
import Messaging
import Persistence

/// Follows the alerts of one partition: what happens to an alert is a command to its escalation.
struct NotificationPlanner: MessageHandler {
    static let dueKind = "notification"

    let directory: DirectoryCache
    let now: Clock
    /// Called with what came of some events.
    let moved: @Sendable (EscalationWriter.Moved) -> Void

    func effects(of messages: [Received<AlertEventMessage>], partition: Int) async throws -> Effects {
        // As it is now: who was put on call before the alert is told of it.
        let writer = EscalationWriter(try await directory.refreshed(), partition: partition, at: now())
        return Effects { [moved] connection in
            let outcome = try writer.follow(messages.map(\.payload), in: connection)
            return { moved(outcome) }
        }
    }
}

extension AlertEventMessage {
    func origin(of causation: String) -> Origin {
        Origin(actor: "<notifier>", causation: causation, correlation: origin.correlation)
    }
}
