import AlertCore
import Foundation
import Logging
import Persistence

/// What came of a batch, to be written in the transaction that moves the checkpoint.
public struct Effects: Sendable {
    public typealias AfterCommit = @Sendable () -> Void

    let apply: @Sendable (any SQLConnection) throws -> AfterCommit

    /// - Parameter apply: Gives what is called once the effects are durable, to wake whoever waits for them. Not called
    ///   after a crash: what it does must be found by somebody else then.
    public init(_ apply: @escaping @Sendable (any SQLConnection) throws -> AfterCommit) { self.apply = apply }

    public static let none = Effects { _ in {} }
}

/// A message whose body was understood.
public struct Received<Payload: Sendable>: Sendable {
    public let message: Message
    public let payload: Payload

    public init(message: Message, payload: Payload) {
        self.message = message
        self.payload = payload
    }
}

/// What a service does with the messages of a topic.
public protocol MessageHandler: Sendable {
    associatedtype Payload: Decodable & Sendable

    /// Outside of any transaction: may publish and ask others. Called again with the same messages when
    /// anything fails before their checkpoint is saved, so all that it does must bear repetition.
    func effects(of messages: [Received<Payload>], partition: Int) async throws -> Effects
}

/// Gives the messages of one partition to a handler, in order, effectively once: effects and checkpoint commit
/// together, and a message that arrives again finds the checkpoint past its offset. A message that cannot be
/// decoded goes to the dead letters with the reason.
public struct ConsumerLoop<Handler: MessageHandler>: Sendable {
    let feed: any PartitionFeed
    let group: ConsumerGroup
    let database: any SQLDatabase
    let handler: Handler
    let now: Clock
    let logger: Logger

    private static var batchLimit: Int { 500 }

    public init(
        _ handler: Handler, feed: any PartitionFeed, as group: ConsumerGroup, database: any SQLDatabase,
        now: @escaping Clock, logger: Logger
    ) {
        self.feed = feed
        self.group = group
        self.database = database
        self.handler = handler
        self.now = now
        self.logger = logger
    }

    private var partitionName: String { feed.checkpointName }

    /// Returns when the feed has ended.
    public func run() async throws {
        let start = try await place()
        var next = start.next
        try await feed.start(at: next, after: start.mark)
        while let batch = try await nextBatch(&next) {
            // After an error, somebody else may have moved on, or the commit may have gone through.
            let after = await retryingForever(logger: logger, what: partitionName) { [next] tries in
                try await handle(batch, from: tries == 0 ? next : place().next)
            }
            guard let after, !Task.isCancelled else { return }
            next = after
            feed.commit(next: next)
        }
    }

    /// - Parameter next: Goes back with the checkpoint when the broker's log was cut.
    private func nextBatch(_ next: inout Int64) async throws -> [Message]? {
        while true {
            do {
                return try await feed.next(max: Self.batchLimit)
            } catch let cut as LogCut {
                next = try await feed.goBack(to: cut, as: group, database: database, now: now, logger: logger)
            }
        }
    }

    private func place() async throws -> (next: Int64, mark: String?) {
        try await database.reading { [group, partitionName] connection in
            try Checkpoint(group: group.name, partition: partitionName, in: connection).place()
        }
    }

    /// - Parameter next: The checkpoint.
    /// - Returns: The checkpoint that was saved.
    private func handle(_ batch: [Message], from next: Int64) async throws -> Int64 {
        let fresh = batch.drop { $0.offset < next }
        guard let last = fresh.last else { return next }
        let (payloads, letters) = decode(fresh)
        let effects = try await handler.effects(of: payloads, partition: feed.partition)
        let mark = feed.mark(before: last.offset + 1)
        let afterCommit = try await database.transaction { [group, partitionName] connection in
            let afterCommit = try effects.apply(connection)
            for letter in letters { try DeadLetters(connection).add(letter) }
            try Checkpoint(group: group.name, partition: partitionName, in: connection)
                .save(next: last.offset + 1, expecting: next, mark: mark)
            return afterCommit
        }
        afterCommit()
        return last.offset + 1
    }

    private func decode(_ messages: ArraySlice<Message>) -> ([Received<Handler.Payload>], [DeadLetter]) {
        var letters: [DeadLetter] = []
        let payloads = messages.compactMap { message -> Received<Handler.Payload>? in
            do {
                return Received(message: message, payload: try message.decode())
            } catch {
                logger.error("message put aside", metadata: ["topic": "\(partitionName)", "reason": "\(error)"])
                letters.append(message.deadLetter(feed, reason: "\(error)", at: now()))
                return nil
            }
        }
        return (payloads, letters)
    }
}

extension Message {
    public func deadLetter(_ feed: any PartitionFeed, reason: String, at now: Timestamp) -> DeadLetter {
        DeadLetter(
            topic: feed.topic.name + feed.offsetsOf, partition: feed.partition, offset: offset, key: key, body: body,
            reason: reason,
            recordedAt: now)
    }
}

extension OutgoingMessage {
    public init(key: String, encoding payload: some Encodable & Sendable, headers: [String: String] = [:]) throws {
        self.init(key: key, body: try JSON.encode(payload), headers: headers, payload: payload)
    }
}
