import AlertCore
import Persistence

/// A named stream of messages, split into partitions. The topics of the product are listed here.
public struct Topic: Hashable, Sendable {
    public let name: String

    public init(_ name: String) { self.name = name }

    /// Raw requests from the door to the transformer, keyed by request id.
    public static let inboundRequests = Topic("inbound-requests")
    /// What is to happen to an alert, keyed by the alert's id.
    public static let alertCommands = Topic("alert-commands")
    /// What has happened to an alert, keyed by the alert's id.
    public static let alertEvents = Topic("alert-events")
    /// What is to be sent to outbound integrations, keyed by the integration's id, in the generation of
    /// the alert.
    public static let webhookDeliveries = Topic("webhook-deliveries")

    public static let all: [Topic] = [.inboundRequests, .alertCommands, .alertEvents, .webhookDeliveries]
}

public struct OutgoingMessage: Sendable {
    /// Messages with one key arrive in the order in which they were published.
    public let key: String
    public let body: String
    /// Small texts beside the body: causation, correlation, trace.
    public let headers: [String: String]
    /// What the body was made of: readers in the same process need not decode it.
    let payload: (any Sendable)?

    public init(key: String, body: String, headers: [String: String] = [:], payload: (any Sendable)? = nil) {
        self.key = key
        self.body = body
        self.headers = headers
        self.payload = payload
    }

    func with(_ header: String, _ value: String) -> OutgoingMessage {
        let headers = headers.merging([header: value]) { _, new in new }
        return OutgoingMessage(key: key, body: body, headers: headers, payload: payload)
    }
}

public struct Message: Sendable {
    public let offset: Int64
    public let key: String
    public let body: String
    public let headers: [String: String]
    let decoded: DecodedPayload?

    public init(offset: Int64, key: String, body: String, headers: [String: String] = [:]) {
        self.offset = offset
        self.key = key
        self.body = body
        self.headers = headers
        decoded = nil
    }

    /// A message that readers get from the memory of the process that has published it.
    init(_ message: OutgoingMessage, offset: Int64) {
        self.offset = offset
        key = message.key
        body = message.body
        headers = message.headers
        decoded = DecodedPayload(message.payload)
    }
}

public struct ConsumerGroup: Hashable, Sendable {
    public let name: String

    public init(_ name: String) { self.name = name }
}

/// The transport seam: at least once, in order per key, durable once published.
public protocol MessageBus: Sendable {
    /// How many partitions every topic has, which can be raised: where a message goes follows from its key and from how
    /// old that is.
    var partitions: Partitions { get }

    /// Returns once every message would survive the loss of a broker. After a throw, any number of the
    /// messages may have been published: publish them all again.
    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws

    /// Publishes, and then writes something in a transaction: in the same one, where the messages are kept in that
    /// database. After a throw, any number of the messages may have been published; the transaction may have gone
    /// through when the outcome of a commit is in doubt.
    func publish(
        _ messages: [OutgoingMessage], to topic: Topic, in database: any SQLDatabase,
        and write: @escaping @Sendable (any SQLConnection) throws -> Void
    ) async throws

    /// Joins `group` for its share of the partitions of `topics`.
    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription

    /// Throws with the reason when messages can at present be neither published nor read.
    func checkReadiness() async throws

    /// In words: what works by other means than it should; `nil` when all is well.
    var degradation: String? { get }

    /// How often the whole broker has been out of this process's reach: what it had confirmed shortly before may be
    /// gone, as after a power cut.
    var interruptions: Int { get }

    /// Since when what was published may be lost, with the process that had published it: whoever takes over passing on
    /// what is in the event log begins again there. `nil` when nothing is in doubt.
    func doubtfulSince() async throws -> Timestamp?

    /// Makes sure that every topic has at least so many partitions; more are left as they are. Nothing is sent there
    /// before the schedule says so.
    func addPartitions(upTo count: Int) async throws

    /// After how long subscriptions have got new partitions, as a rule.
    var settlingTime: Duration { get }

    /// Sends what is still buffered, then lets go of everything. Subscriptions are closed by their owners.
    func close() async
}

extension MessageBus {
    public func publish(
        _ messages: [OutgoingMessage], to topic: Topic, in database: any SQLDatabase,
        and write: @escaping @Sendable (any SQLConnection) throws -> Void
    ) async throws {
        try await publish(messages, to: topic)
        try await database.transaction(write)
    }

    public var degradation: String? { nil }
    public var interruptions: Int { 0 }
    public func doubtfulSince() async throws -> Timestamp? { nil }
    public var settlingTime: Duration { .zero }
    public func addPartitions(upTo count: Int) async throws {}
}

/// An error that can mean that the broker is away: what was to be published may or may not have been.
public protocol OutageError: Error {
    var isOutage: Bool { get }
}

/// The broker's log of a partition ends before where its reader was, or has other messages there, as after a broker was
/// restored or has lost its disk: what was there is lost, and its offsets are those of other messages.
public struct LogCut: Error, Equatable, CustomStringConvertible {
    /// From where on it has to be read again: the log's end, or an offset that is surely before the first other
    /// message.
    public let end: Int64
    /// Where the reader was.
    public let position: Int64

    public init(end: Int64, position: Int64) {
        self.end = end
        self.position = position
    }

    public var description: String { "the broker's log is another one before \(position), from \(end) on" }
}

/// A membership in a consumer group.
public protocol Subscription: Sendable {
    /// A feed for each partition, whenever the group gives one to this member. Ends after ``close()``.
    var assignments: AsyncStream<any PartitionFeed> { get }

    /// Leaves the group: every feed ends, and the partitions go to other members at once.
    func close() async
}

/// One partition for as long as it is ours.
public protocol PartitionFeed: Sendable {
    var topic: Topic { get }
    var partition: Int { get }
    /// What tells its offsets from those that the broker gives, as in `@spool`; empty for the latter.
    var offsetsOf: String { get }

    /// Where to begin, called before the first ``next(max:)``, and again to begin anew: our checkpoint, which is the
    /// truth. The offset that the broker has for the group is a hint for its tools only. An offset before the oldest
    /// message kept begins at that one; with one that the log does not reach, ``next(max:)`` throws a ``LogCut``.
    func start(at offset: Int64) async throws

    /// The same, when the message before `offset` should be the one of this mark: if the log has another one there, it
    /// was cut and has grown again, and ``next(max:)`` throws a ``LogCut``.
    func start(at offset: Int64, after mark: String?) async throws

    /// By what the message that was handed out last before `offset` will be known again, for those since the last
    /// ``commit(next:)``; `nil` when it cannot be.
    func mark(before offset: Int64) -> String?

    /// The next messages in the order of their offsets, waiting for at least one; `nil` once the partition
    /// has been taken away or the subscription closed. Asking is the back-pressure: nothing is fetched
    /// ahead but the adapter's bounded buffer.
    ///
    /// - Throws: A ``LogCut``, once for each; what comes next has the offsets from the log's end on.
    func next(max: Int) async throws -> [Message]?

    /// Tells the broker how far the group is, for its lag tools. Never waits, never fails.
    func commit(next offset: Int64)

    /// The owner has stopped all work on this partition. Until this is called, or 10 s have passed, another
    /// member does not get it.
    func release()
}

extension PartitionFeed {
    public var offsetsOf: String { "" }

    public func start(at offset: Int64, after mark: String?) async throws { try await start(at: offset) }

    public func mark(before offset: Int64) -> String? { nil }

    /// Under which name its checkpoint is kept.
    public var checkpointName: String { "\(topic.name)/\(partition)\(offsetsOf)" }
}
