import AlertCore
import Foundation
import Logging
import Persistence

/// Lets many messages of one partition be worked on at the same time, and writes what came of them in batches,
/// together with a checkpoint that follows the lowest message still open.
///
/// After a crash, the messages from the checkpoint on come again, whether or not they were finished: their worker
/// has to recognise what is recorded already.
public actor PartitionRecorder<Record: Sendable> {
    nonisolated let feed: any PartitionFeed
    private let group: ConsumerGroup
    nonisolated let database: any SQLDatabase
    nonisolated let logger: Logger
    private let openLimit: Int
    private let write: @Sendable ([Record], any SQLConnection) throws -> Void
    private let written: @Sendable ([Record]) -> Void
    private let pending = Signal()
    private let room = Signal()
    private var tracker = OffsetTracker(next: 0)
    private var saved: Int64 = 0
    private let inbox = RecordInbox<Record>()
    private var records: [Record] = []
    private var finishing: [Int64] = []

    private static var batchLimit: Int { 1000 }

    /// - Parameters:
    ///   - openLimit: How many messages may be open before reading pauses.
    ///   - write: Writes some records, in the order in which they came, in one transaction. It can be called
    ///     again with records that were written already, when the outcome of a commit was in doubt: it has to pass
    ///     over those.
    ///   - written: Called after that transaction.
    public init(
        feed: any PartitionFeed, as group: ConsumerGroup, database: any SQLDatabase, openLimit: Int, logger: Logger,
        write: @escaping @Sendable ([Record], any SQLConnection) throws -> Void,
        written: @escaping @Sendable ([Record]) -> Void = { _ in }
    ) {
        self.feed = feed
        self.group = group
        self.database = database
        self.openLimit = openLimit
        self.logger = logger
        self.write = write
        self.written = written
    }

    private var partitionName: String { feed.checkpointName }

    /// Reads the partition from its checkpoint and gives each batch to `admit`, which calls ``finish(_:with:)`` for
    /// every message sooner or later. Returns when the feed has ended and everything is written.
    public func run(batchLimit: Int = 500, admit: @escaping @Sendable ([Message]) async throws -> Void) async throws {
        // Due work may have led to records already: an error that passes is no reason to forget them.
        let mark = await retryingForever(logger: logger, what: partitionName) { _ in try await self.readCheckpoint() }
        guard let mark, !Task.isCancelled else { return }
        try await feed.start(at: saved, after: mark)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.writeUntilCancelled() }
            while let batch = try await nextBatch(batchLimit) {
                await begin(batch)
                await retryingForever(logger: logger, what: partitionName) { try await admit(batch) }
                if Task.isCancelled { break }
            }
            await drain()
            tasks.cancelAll()
        }
    }

    /// The message, if there is one, needs no further work once `records` are written. Records are written in the
    /// order of these calls.
    public nonisolated func finish(_ offset: Int64?, with records: [Record]) {
        inbox.add(offset, records)
        pending.notify()
    }

    private func nextBatch(_ limit: Int) async throws -> [Message]? {
        while true {
            do {
                return try await feed.next(max: limit)
            } catch let cut as LogCut {
                // What is open has the offsets that others will have: it is brought to its end first.
                while tracker.openCount > 0, !Task.isCancelled { await drain() }
                saved = try await feed.goBack(to: cut, as: group, database: database, logger: logger)
                tracker = OffsetTracker(next: saved)
            }
        }
    }

    /// - Returns: The mark of the message before it.
    private func readCheckpoint() async throws -> String? {
        let place = try await place()
        saved = place.next
        tracker = OffsetTracker(next: saved)
        return place.mark
    }

    private func begin(_ batch: [Message]) async {
        batch.forEach { tracker.begin($0.offset) }
        while tracker.openCount > openLimit, !Task.isCancelled { await room.wait(upTo: .seconds(1)) }
    }

    /// Waits until what is open is finished and written, but no longer than 10 s: the rest comes again.
    private func drain() async {
        let deadline = ContinuousClock.now + .seconds(10)
        while tracker.openCount > 0 || !records.isEmpty || !inbox.isEmpty, ContinuousClock.now < deadline,
            !Task.isCancelled
        {
            await room.wait(upTo: .milliseconds(100))
        }
    }

    private func writeUntilCancelled() async {
        while !Task.isCancelled {
            await pending.wait(upTo: .seconds(1))
            await retryingForever(logger: logger, what: "records of \(partitionName)") { try await self.flush() }
        }
    }

    private func flush() async throws {
        while true {
            let (newRecords, offsets) = inbox.take()
            records += newRecords
            finishing += offsets
            guard !records.isEmpty || !finishing.isEmpty else { return }
            try await flushBatch()
        }
    }

    private func flushBatch() async throws {
        let batch = Array(records.prefix(Self.batchLimit))
        // An offset is done once all records that were there with it are written.
        let offsets = batch.count == records.count ? finishing : []
        var after = tracker
        offsets.forEach { after.finish($0) }
        do {
            try await commit(batch, next: after.lowWaterMark)
        } catch {
            // The commit may have gone through, or another owner may have moved on: theirs is the truth.
            saved = try await place().next
            throw error
        }
        records.removeFirst(batch.count)
        finishing.removeFirst(offsets.count)
        offsets.forEach { tracker.finish($0) }
        written(batch)
        room.notify()
    }

    private func commit(_ batch: [Record], next: Int64) async throws {
        let expected = saved
        let mark = feed.mark(before: next)
        guard next > expected || !batch.isEmpty else { return }
        try await database.transaction { [write, group, partitionName] connection in
            if !batch.isEmpty { try write(batch, connection) }
            guard next > expected else { return }
            try Checkpoint(group: group.name, partition: partitionName, in: connection)
                .save(next: next, expecting: expected, mark: mark)
        }
        saved = max(next, expected)
        feed.commit(next: saved)
    }

    private func place() async throws -> (next: Int64, mark: String?) {
        try await database.reading { [group, partitionName] connection in
            try Checkpoint(group: group.name, partition: partitionName, in: connection).place()
        }
    }
}

/// What came in since the last write.
private final class RecordInbox<Record: Sendable>: @unchecked Sendable {  // everything mutable under `lock` only
    private let lock = NSLock()
    private var records: [Record] = []
    private var offsets: [Int64] = []

    var isEmpty: Bool { lock.withLock { records.isEmpty && offsets.isEmpty } }

    func add(_ offset: Int64?, _ records: [Record]) {
        lock.withLock {
            self.records.append(contentsOf: records)
            if let offset { offsets.append(offset) }
        }
    }

    func take() -> ([Record], [Int64]) {
        lock.withLock {
            defer { (records, offsets) = ([], []) }
            return (records, offsets)
        }
    }
}
