import AlertCore
import Foundation

/// Messages that the broker could not take, kept in the database in one order for each partition of a topic.
public struct Spool {
    /// What may be in it, of all partitions together.
    public struct Limits: Sendable {
        public var messages: Int
        public var bytes: Int

        public init(messages: Int, bytes: Int) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    public struct Entry: Equatable, Sendable {
        public let key: String
        public let headers: [String: String]
        public let body: String

        public init(key: String, headers: [String: String], body: String) {
            self.key = key
            self.headers = headers
            self.body = body
        }

        var bytes: Int {
            headers.reduce(key.utf8.count + body.utf8.count) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        }
    }

    public struct Numbered: Equatable, Sendable {
        public let number: Int64
        public let entry: Entry
    }

    /// What is in it now.
    public struct Content: Equatable, Sendable {
        /// By the name of the partition; those with none are left out.
        public var messages: [String: Int] = [:]
        public var bytes = 0
        public var oldest: Timestamp?

        public init() {}

        public var count: Int { messages.values.reduce(0, +) }
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// A consumer's checkpoint in the spool of a partition has this name.
    public static func checkpointName(of partition: String) -> String { "\(partition)@spool" }

    /// Adds messages behind those that are there. The update of the partition's row is held until the commit, so a
    /// reader that has seen a number never finds a smaller one later.
    /// - Parameter onlyBehindOthers: Adds nothing when the partition is empty.
    /// - Returns: Whether they were added.
    /// - Throws: ``SpoolFull`` when they would be too many.
    public func append(
        _ entries: [Entry], to partition: String, limits: Limits, onlyBehindOthers: Bool = false, at now: Timestamp
    ) throws -> Bool {
        guard !entries.isEmpty else { return true }
        let bytes = entries.reduce(0) { $0 + $1.bytes }
        let total = try connection.execute(
            """
            SELECT CAST(coalesce(sum(messages), 0) AS BIGINT), CAST(coalesce(sum(bytes), 0) AS BIGINT)
            FROM spool_partitions WHERE messages > 0
            """)[0]
        guard total.integer(0) + Int64(entries.count) <= limits.messages,
            total.integer(1) + Int64(bytes) <= limits.bytes
        else { throw SpoolFull(messages: Int(total.integer(0)), bytes: Int(total.integer(1))) }
        guard let next = try advance(partition, by: entries.count, bytes: bytes, onlyBehindOthers) else { return false }
        try insert(entries, into: partition, from: next - Int64(entries.count), at: now)
        return true
    }

    /// Adds messages before those that are there, which get new numbers: a reader may be told of them again, and none
    /// of the added ones is behind it. Has no limit: each process does so with no more than it keeps in memory.
    public func prepend(_ entries: [Entry], to partition: String, at now: Timestamp) throws {
        guard !entries.isEmpty else { return }
        let count = Int64(entries.count)
        let bytes = entries.reduce(0) { $0 + $1.bytes }
        guard let next = try advance(partition, by: entries.count, bytes: bytes, false) else { return }
        let end = next - count
        let first = try connection.execute(
            "SELECT min(number) FROM spooled_messages WHERE partition_name = \(partition)")[0].optionalInteger(0)
        if let first {
            // By more than there are: no number is given to two on the way.
            let shift = end - first + count
            try connection.execute(
                "UPDATE spooled_messages SET number = number + \(shift) WHERE partition_name = \(partition)")
            try connection.execute(
                """
                UPDATE spool_partitions SET next_number = \(end + shift) WHERE partition_name = \(partition)
                """)
        }
        try insert(entries, into: partition, from: end, at: now)
    }

    private func insert(_ entries: [Entry], into partition: String, from number: Int64, at now: Timestamp) throws {
        let rows: [[SQLValue]] = try entries.enumerated().map { index, entry in
            [
                .text(partition), .integer(number + Int64(index)), .text(entry.key),
                .text(try JSON.encode(entry.headers)), .text(entry.body), .integer(Int64(entry.bytes)),
                .integer(now.milliseconds),
            ]
        }
        try connection.insert(
            rows, into: "spooled_messages",
            columns: ["partition_name", "number", "message_key", "headers", "body", "bytes", "spooled_at"])
    }

    private func advance(
        _ partition: String, by count: Int, bytes: Int, _ onlyBehindOthers: Bool
    ) throws(StoreError) -> Int64? {
        if onlyBehindOthers {
            return try connection.execute(
                """
                UPDATE spool_partitions SET next_number = next_number + \(count), messages = messages + \(count),
                bytes = bytes + \(bytes) WHERE partition_name = \(partition) AND messages > 0 RETURNING next_number
                """
            ).first?.integer(0)
        }
        return try connection.execute(
            """
            INSERT INTO spool_partitions (partition_name, next_number, messages, bytes)
            VALUES (\(partition), \(count), \(count), \(bytes))
            ON CONFLICT (partition_name) DO UPDATE SET
            next_number = spool_partitions.next_number + excluded.next_number,
            messages = spool_partitions.messages + excluded.messages,
            bytes = spool_partitions.bytes + excluded.bytes RETURNING next_number
            """
        ).first?.integer(0)
    }

    /// Up to `limit` messages of a partition from `number` on, in their order.
    public func read(_ partition: String, from number: Int64, limit: Int) throws -> [Numbered] {
        try connection.execute(
            """
            SELECT number, message_key, headers, body FROM spooled_messages
            WHERE partition_name = \(partition) AND number >= \(number) ORDER BY number LIMIT \(limit)
            """
        ).map { row in
            Numbered(
                number: row.integer(0),
                entry: Entry(key: row.text(1), headers: try JSON.decode(row.text(2)), body: row.text(3)))
        }
    }

    /// Removes what is before `number`. Doing so again changes nothing.
    public func remove(_ partition: String, before number: Int64) throws(StoreError) {
        let gone = try connection.execute(
            """
            DELETE FROM spooled_messages WHERE partition_name = \(partition) AND number < \(number) RETURNING bytes
            """)
        guard !gone.isEmpty else { return }
        let bytes = gone.reduce(0) { $0 + $1.integer(0) }
        try connection.execute(
            """
            UPDATE spool_partitions SET messages = messages - \(gone.count), bytes = bytes - \(bytes)
            WHERE partition_name = \(partition)
            """)
    }

    /// The first message of a partition that some consumer of it has not taken.
    public func firstWanted(of partition: String) throws(StoreError) -> Int64 {
        try connection.execute(
            "SELECT min(next_offset) FROM checkpoints WHERE partition_name = \(Self.checkpointName(of: partition))"
        ).first?.optionalInteger(0) ?? 0
    }

    public func content() throws(StoreError) -> Content {
        var content = Content()
        let rows = try connection.execute(
            "SELECT partition_name, messages, bytes FROM spool_partitions WHERE messages > 0")
        for row in rows {
            content.messages[row.text(0)] = Int(row.integer(1))
            content.bytes += Int(row.integer(2))
        }
        guard !rows.isEmpty else { return content }
        content.oldest = try connection.execute("SELECT min(spooled_at) FROM spooled_messages")[0]
            .optionalInteger(0).map(Timestamp.init(milliseconds:))
        return content
    }
}

/// The spool has as much as it may have: what is to be kept has to be refused.
public struct SpoolFull: Error, CustomStringConvertible {
    public let messages: Int
    public let bytes: Int

    public var description: String { "the spool is full: \(messages) messages of \(bytes) bytes wait for the broker" }
}
