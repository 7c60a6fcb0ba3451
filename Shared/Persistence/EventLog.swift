import AlertCore

/// How many events a stream holds; also the version of its last event.
public typealias Version = Int64
/// An event's place in its log partition, from 1, without gaps, in commit order.
public typealias Position = Int64

/// A part of the log with one order: a category and a number, as in `alert/3`.
public struct LogPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let category: String
    public let number: Int

    public init(_ category: String, _ number: Int) {
        self.category = category
        self.number = number
    }

    /// `nil` for what is no name of a partition.
    public init?(named name: String) {
        guard let slash = name.lastIndex(of: "/"), let number = Int(name[name.index(after: slash)...]) else {
            return nil
        }
        self.init(String(name[..<slash]), number)
    }

    public var description: String { "\(category)/\(number)" }

    public static func < (left: LogPartition, right: LogPartition) -> Bool {
        (left.category, left.number) < (right.category, right.number)
    }
}

/// Who did something and what led to it.
public struct Origin: Hashable, Sendable, Codable {
    /// A person's target name, or a service's name in angle brackets, as in `<alert-engine>`.
    public var actor: String
    /// The id of the message or event that led to this one.
    public var causation: String
    /// The id of the request with which the whole chain began.
    public var correlation: String
    /// The id of the person who acts, if a person does; absent in older records.
    public var person: String?

    public init(actor: String, causation: String, correlation: String, person: String? = nil) {
        self.actor = actor
        self.causation = causation
        self.correlation = correlation
        self.person = person
    }
}

public struct NewEvent: Sendable {
    public let stream: String
    /// The version that the stream has after this event.
    public let version: Version
    /// `<category>.<event>`, as in `alert.created`.
    public let type: String
    /// JSON.
    public let data: String
    public let origin: Origin
    public let recordedAt: Timestamp
    /// What in it says something about a person: sealed before it is stored.
    public let personal: [PersonalText]

    public init(
        stream: String, version: Version, type: String, data: String, origin: Origin, recordedAt: Timestamp,
        personal: [PersonalText] = []
    ) {
        self.stream = stream
        self.version = version
        self.type = type
        self.data = data
        self.origin = origin
        self.recordedAt = recordedAt
        self.personal = personal
    }
}

public struct RecordedEvent: Equatable, Sendable {
    public let partition: String
    public let position: Position
    public let stream: String
    public let version: Version
    public let type: String
    public let data: String
    public let origin: Origin
    public let recordedAt: Timestamp
    /// Of the row as it is stored, in which what is personal is sealed.
    public let hash: String

    /// Unique and stable: derived ids are made from it.
    public var id: String { "\(partition):\(position)" }
}

/// The append-only event log, within one transaction.
///
/// On a connection that has a ``PersonVault``, what is personal is sealed where events become rows, and opened where
/// rows become events: nobody else knows of it. Where a person's key is destroyed, `erased-` and the beginning of the
/// person's id is read instead.
public struct EventLog {
    let connection: any SQLConnection
    private let isAsStored: Bool

    /// - Parameter asStored: Whether events are read as they stand in their rows, sealed, which is what their hashes
    ///   are made of.
    public init(_ connection: any SQLConnection, asStored: Bool = false) {
        self.connection = connection
        isAsStored = asStored
    }

    /// The events of rows that were selected by ``RecordedEvent/select``.
    func events(_ rows: [SQLRow]) throws(StoreError) -> [RecordedEvent] {
        let events = rows.map(RecordedEvent.init)
        guard !isAsStored, let vault = connection.vault else { return events }
        return try vault.opened(events, in: connection)
    }

    private func sealed(
        _ events: [NewEvent], in partition: LogPartition, after before: Position
    ) throws(StoreError) -> [NewEvent] {
        guard let vault = connection.vault else { return events }
        return try vault.sealed(events, in: partition, after: before, in: connection)
    }

    /// Appends `events` to `partition` in their order, or nothing at all.
    ///
    /// The update of the partition's row is held until the commit. It puts all appends of the partition in
    /// one order, so that a reader that has seen position `n` never finds a smaller one later.
    ///
    /// - Throws: ``StoreError/Code-swift.enum/versionConflict`` when a stream is not at the version before the
    ///   first of its events.
    /// - Returns: The position of the last event; 0 when there was nothing to append.
    @discardableResult
    public func append(_ events: [NewEvent], to partition: LogPartition) throws(StoreError) -> Position {
        guard !events.isEmpty else { return 0 }
        let (before, previousHash) = try advance(partition, by: events.count)
        try checkVersions(of: events)
        var chain = HashChain(head: previousHash)
        var rows: [[SQLValue]] = []
        rows.reserveCapacity(events.count)
        for (index, event) in try sealed(events, in: partition, after: before).enumerated() {
            let position = before + Position(index) + 1
            let hash = chain.add(event, partition: partition, position: position)
            rows.append(event.row(partition: partition, position: position, hash: hash))
        }
        try connection.insert(rows, into: "events", columns: NewEvent.columns)
        try connection.execute(
            "UPDATE log_partitions SET hash = \(chain.head) WHERE partition_name = \(partition.description)")
        return before + Position(events.count)
    }

    /// Appends one event as the next of its stream, whatever version that is at: for records of what has
    /// happened, which nothing is decided upon.
    public func record(
        type: String, data: String, on stream: String, in partition: LogPartition, origin: Origin, at now: Timestamp,
        personal: [PersonalText] = []
    ) throws(StoreError) {
        let (before, previousHash) = try advance(partition, by: 1)
        let version = try versions(of: [stream])[stream, default: 0] + 1
        let event = NewEvent(
            stream: stream, version: version, type: type, data: data, origin: origin, recordedAt: now,
            personal: personal)
        let stored = try sealed([event], in: partition, after: before)[0]
        var chain = HashChain(head: previousHash)
        let hash = chain.add(stored, partition: partition, position: before + 1)
        try connection.insert(
            [stored.row(partition: partition, position: before + 1, hash: hash)], into: "events",
            columns: NewEvent.columns)
        try connection.execute(
            "UPDATE log_partitions SET hash = \(hash) WHERE partition_name = \(partition.description)")
    }

    /// Takes the partition's lock and `count` positions: the last position and hash before them.
    private func advance(_ partition: LogPartition, by count: Int) throws(StoreError) -> (Position, String) {
        let name = partition.description
        let head = try connection.execute(
            """
            INSERT INTO log_partitions (partition_name, position, hash) VALUES (\(name), \(count), '')
            ON CONFLICT (partition_name) DO UPDATE SET position = log_partitions.position + excluded.position
            RETURNING position, hash
            """)[0]
        return (head.integer(0) - Position(count), head.text(1))
    }

    /// For a new stream the unique index on stream and version says the same without being asked: an event of version 1
    /// that is there already breaks it.
    private func checkVersions(of events: [NewEvent]) throws(StoreError) {
        let first = Dictionary(events.map { ($0.stream, $0.version) }) { earlier, _ in earlier }
            .filter { $0.value > 1 }
        guard !first.isEmpty else { return }
        let actual = try versions(of: Array(first.keys))
        for (stream, version) in first where actual[stream, default: 0] != version - 1 {
            throw StoreError(
                .versionConflict, "\(stream) is at \(actual[stream, default: 0]), expected \(version - 1)")
        }
    }

    /// Says the months, too, so that PostgreSQL looks into their tables only.
    static func which(_ streams: [String]) -> SQL {
        "stream IN \(list: streams) AND month IN \(list: LogMonth.of(streams))"
    }

    /// The versions of those of the streams that exist.
    public func versions(of streams: [String]) throws(StoreError) -> [String: Version] {
        let rows = try connection.execute(
            "SELECT stream, max(version) FROM events WHERE \(Self.which(streams)) GROUP BY stream")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.integer(1)) })
    }

    /// The whole history of some streams; within each stream oldest first.
    public func read(streams: [String]) throws(StoreError) -> [RecordedEvent] {
        try events(
            connection.execute(
                "\(RecordedEvent.select) WHERE \(Self.which(streams)) ORDER BY stream, version"))
    }

    /// Up to `limit` events of a partition after `position`, oldest first.
    public func read(
        _ partition: LogPartition, after position: Position, limit: Int
    ) throws(StoreError) -> [RecordedEvent] {
        try events(
            connection.execute(
                """
                \(RecordedEvent.select) WHERE partition_name = \(partition.description) AND position > \(position)
                ORDER BY position LIMIT \(limit)
                """))
    }

    /// The position of the first event that was recorded since then, of the last `limit` ones; the next position to be
    /// given when there is none.
    public func position(
        of partition: LogPartition, recordedSince start: Timestamp, limit: Int
    ) throws(StoreError) -> Position {
        let rows = try connection.execute(
            """
            SELECT position, recorded_at FROM events WHERE partition_name = \(partition.description)
            ORDER BY position DESC LIMIT \(limit)
            """)
        let end = rows.first.map { $0.integer(0) + 1 } ?? 1
        return rows.prefix { $0.integer(1) >= start.milliseconds }.last?.integer(0) ?? end
    }

    /// Everything that one request led to, in the order of time.
    public func read(correlation: String, limit: Int) throws(StoreError) -> [RecordedEvent] {
        try events(
            connection.execute(
                """
                \(RecordedEvent.select) WHERE correlation = \(correlation)
                ORDER BY recorded_at, partition_name, position LIMIT \(limit)
                """))
    }
}

extension NewEvent {
    static let columns = [
        "partition_name", "position", "stream", "version", "type", "data", "actor", "causation", "correlation",
        "recorded_at", "hash", "month",
    ]

    func row(partition: LogPartition, position: Position, hash: String) -> [SQLValue] {
        [
            .text(partition.description), .integer(position), .text(stream), .integer(version), .text(type),
            .text(data), .text(origin.actor), .text(origin.causation), .text(origin.correlation),
            .integer(recordedAt.milliseconds), .text(hash), .integer(LogMonth.of(stream)),
        ]
    }
}

extension RecordedEvent {
    static let select: SQL = """
        SELECT partition_name, position, stream, version, type, data, actor, causation, correlation,
        recorded_at, hash FROM events
        """

    init(_ row: SQLRow) {
        self.init(
            partition: row.text(0), position: row.integer(1), stream: row.text(2), version: row.integer(3),
            type: row.text(4), data: row.text(5),
            origin: Origin(actor: row.text(6), causation: row.text(7), correlation: row.text(8)),
            recordedAt: Timestamp(milliseconds: row.integer(9)), hash: row.text(10))
    }
}
