import Messaging
import Persistence

/// Makes the alerts of the system that others have decided.
struct SystemAlerts: Sendable {
    let bus: any MessageBus
    let database: any SQLDatabase
    let numbers: AlertNumbers

    func make(_ items: [DueWork.Item]) async throws {
        for item in items {
            let alert: SystemAlert = try JSON.decode(item.payload)
            let command = alert.command(number: try await numbers.reserve(alert.id))
            try await bus.publish([try command.outgoing()], to: .alertCommands)
            try await database.retrying { try DueWork($0).finish([item.id], kind: SystemAlert.dueKind) }
        }
    }
}
