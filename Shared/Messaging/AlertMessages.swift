import AlertCore
import Foundation
import Persistence

/// On `alert-commands`, keyed by the alert's id.
public struct AlertCommandMessage: Codable, Sendable {
    /// The same for each try to send the command.
    public var commandId: String
    public var alert: String
    public var command: Alert.Command
    public var origin: Origin
    /// Whether somebody waits for the outcome in `CommandResults`.
    public var wantsResult: Bool

    public init(
        commandId: String, alert: String, command: Alert.Command, origin: Origin, wantsResult: Bool = false
    ) {
        self.commandId = commandId
        self.alert = alert
        self.command = command
        self.origin = origin
        self.wantsResult = wantsResult
    }

    public func outgoing() throws -> OutgoingMessage { try OutgoingMessage(key: alert, encoding: self) }
}

/// On `alert-events`, keyed by the alert's id, in the order of the alert's history.
public struct AlertEventMessage: Codable, Sendable {
    /// The event's id in the log: the same however often the message comes.
    public var id: String
    public var alert: String
    /// The event's place in the alert's history, from 1.
    public var version: Version
    public var event: Alert.Event
    public var origin: Origin

    public init(id: String, alert: String, version: Version, event: Alert.Event, origin: Origin) {
        self.id = id
        self.alert = alert
        self.version = version
        self.event = event
        self.origin = origin
    }

    public func outgoing() throws -> OutgoingMessage { try OutgoingMessage(key: alert, encoding: self) }

    public init(_ recorded: RecordedEvent) throws {
        self.init(
            id: recorded.id, alert: Self.alert(of: recorded), version: recorded.version,
            event: try EventCodec.decode(recorded.data), origin: recorded.origin)
    }

    private static func alert(of recorded: RecordedEvent) -> String {
        String(recorded.stream.dropFirst(Alert.category.count + 1))
    }

    /// The message for an event of the log, whose JSON is taken as it is.
    public static func outgoing(of recorded: RecordedEvent) throws -> OutgoingMessage {
        let alert = alert(of: recorded)
        let body = """
            {"alert":\(try JSON.encode(alert)),"event":\(recorded.data),"id":\(try JSON.encode(recorded.id)),\
            "origin":\(try JSON.encode(recorded.origin)),"version":\(recorded.version)}
            """
        return OutgoingMessage(key: alert, body: body)
    }
}

/// On `inbound-requests`, keyed by the request's id: a request as it came, after its sender was recognised.
public struct InboundRequestMessage: Codable, Sendable {
    public var requestId: String
    /// Empty for a request to a form.
    public var integration: String
    public var receivedAt: Timestamp
    public var method: String
    /// Without credentials, names in canonical case.
    public var headers: [String: String]
    /// Of the query and of a form-encoded body, without the key.
    public var parameters: [String: String]
    public var body: String
    public var remoteAddress: String
    /// The id of the person as whom the request acts.
    public var person: String
    /// How many requests in a row have led here, each set off by the script of the one before; absent for none.
    public var depth: Int?
    /// The id of the form that the request was sent to, without an integration.
    public var form: String?
    /// `nil` for a request that came from outside.
    public var run: RequestedRun?
    /// The generation of partitions that its id says, which the ids of its alerts say, too; `nil` for a request that an
    /// earlier version took.
    public var generation: Int?

    public init(
        requestId: String, integration: String, receivedAt: Timestamp, method: String, headers: [String: String],
        parameters: [String: String], body: String, remoteAddress: String, person: String, depth: Int? = nil,
        run: RequestedRun? = nil, generation: Int? = nil
    ) {
        self.requestId = requestId
        self.integration = integration
        self.receivedAt = receivedAt
        self.method = method
        self.headers = headers
        self.parameters = parameters
        self.body = body
        self.remoteAddress = remoteAddress
        self.person = person
        self.depth = depth
        self.run = run
        self.generation = generation
    }

    public func outgoing() throws -> OutgoingMessage { try OutgoingMessage(key: requestId, encoding: self) }

    /// `content-type` → `Content-Type`: how scripts look headers up.
    public static func canonicalName(_ header: String) -> String {
        header.split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }.joined(separator: "-")
    }
}
