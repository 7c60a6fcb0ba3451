import AlertCore
import Foundation
import Persistence

/// Sends commands to alerts and waits for what becomes of them: the alert engine decides, elsewhere.
public struct CommandGateway: Sendable {
    /// How long a sender waits at most.
    public static let patience = Duration.seconds(10)
    private static let firstPause = Duration.milliseconds(2)
    private static let longestPause = Duration.milliseconds(50)

    let database: any SQLDatabase
    public let bus: any MessageBus
    let patience: Duration

    public init(database: any SQLDatabase, bus: any MessageBus, patience: Duration = CommandGateway.patience) {
        self.database = database
        self.bus = bus
        self.patience = patience
    }

    /// Returns once the command has been carried out, which includes that there was nothing left to do.
    /// - Parameters:
    ///   - actor: The target name of whoever sends it.
    ///   - correlation: The id of the request with which the alert began.
    /// - Throws: A ``RestError`` with 404, 409 or 400 when the alert refuses it. With 503 when nobody has decided
    ///   within ``patience``: the command may still be carried out, and its message has the command's id.
    public func send(
        _ command: Alert.Command, to alert: String, by actor: String, correlation: String
    ) async throws {
        let commandId = UUID().uuidString.lowercased()
        let message = AlertCommandMessage(
            commandId: commandId, alert: alert, command: command,
            origin: Origin(actor: actor, causation: commandId, correlation: correlation), wantsResult: true)
        try await bus.publish([message.outgoing()], to: .alertCommands)
        let rejection = try await waitForResult(of: commandId)
        if let rejection { throw Self.error(for: rejection) }
    }

    /// - Returns: The rejection; `nil` when the command was carried out.
    private func waitForResult(of commandId: String) async throws -> String? {
        let deadline = ContinuousClock.now + patience
        var pause = Self.firstPause
        while ContinuousClock.now < deadline {
            let result = try await database.reading { connection in
                try CommandResults(connection).get(commandId)
            }
            if let result { return result.rejection }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
        throw RestError(
            503, "The command \(commandId) has been accepted but is not carried out yet.",
            subcode: "alert.command.pending", arguments: [commandId], headers: ["Retry-After": "5"])
    }

    private static func error(for rejection: String) -> RestError {
        switch rejection {
        case "unknown": .notFound("There is no such alert.")
        case "terminated": .conflict("The alert has ended.", subcode: "alert.terminated")
        case "noSuchResponse": .invalidValue("response", "the alert does not offer this answer.")
        default: RestError(400, "The command was refused: \(rejection).", subcode: "alert.command.refused")
        }
    }
}
