import AlertCore
import Persistence

/// An alert by which the system itself tells people something. Decided in a transaction with what it is about, and
/// made after it by the alert engine, once however often that is tried: nobody is told of what did not happen, and
/// what happened is told.
public struct SystemAlert: Codable, Equatable, Sendable {
    public static let dueKind = "system-alert"
    /// Where the work waits: the owner of this partition of commands does it.
    private static let partition = 0

    /// The alert's id.
    public var id: String
    /// Its number is given when it is made.
    public var details: AlertDetails
    public var origin: Origin

    public init(id: String, details: AlertDetails, origin: Origin) {
        self.id = id
        self.details = details
        self.origin = origin
    }

    public func schedule(at now: Timestamp, in connection: any SQLConnection) throws {
        try DueWork(connection).schedule(
            id, kind: Self.dueKind, partition: Self.partition, payload: try JSON.encode(self), at: now)
    }

    /// The command that makes it.
    public func command(number: Int64) -> AlertCommandMessage {
        var details = details
        details.number = number
        return AlertCommandMessage(commandId: "create-\(id)", alert: id, command: .create(details), origin: origin)
    }
}
