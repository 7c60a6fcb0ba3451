import AlertCore

/// One row of the log with its columns exactly as they are stored: what the chain is made over, and what an export
/// carries. Nothing in it is opened, decoded or taken for granted: a row that somebody has damaged is read, too.
public struct StoredEvent: Codable, Equatable, Sendable {
    public let partition: String
    public var position: Position
    public let stream: String
    public let version: Version
    public let type: String
    public let data: String
    public let actor: String
    public let causation: String
    public let correlation: String
    /// Milliseconds since 1970.
    public let recordedAt: Int64
    public let hash: String

    /// Those of ``row``: the month, which no hash covers, follows from the stream.
    static let columns = NewEvent.columns

    static let select: SQL = """
        SELECT partition_name, position, stream, version, type, data, actor, causation, correlation,
        recorded_at, hash FROM events
        """

    /// A value of the wrong kind, which only SQLite can hold, becomes one that breaks the chain.
    init(_ row: SQLRow) {
        func text(_ column: Int) -> String { row.optionalText(column) ?? "" }
        func integer(_ column: Int) -> Int64 { row.optionalInteger(column) ?? .min }
        partition = text(0)
        position = integer(1)
        stream = text(2)
        version = integer(3)
        type = text(4)
        data = text(5)
        actor = text(6)
        causation = text(7)
        correlation = text(8)
        recordedAt = integer(9)
        hash = text(10)
    }

    var row: [SQLValue] {
        [
            .text(partition), .integer(position), .text(stream), .integer(version), .text(type), .text(data),
            .text(actor), .text(causation), .text(correlation), .integer(recordedAt), .text(hash),
            .integer(LogMonth.of(stream)),
        ]
    }

    var head: LogHead { LogHead(position: position, hash: hash) }

    /// Whether this is the row that follows a hash at a position.
    func fits(at position: Position, after hash: String) -> Bool {
        var moved = self
        moved.position = position
        var chain = HashChain(head: hash)
        return chain.add(moved) == self.hash
    }
}

/// The last event of a log partition, or of a part of one.
public struct LogHead: Codable, Equatable, Hashable, Sendable {
    /// Where every partition begins.
    public static let beginning = LogHead(position: 0, hash: "")

    public let position: Position
    public let hash: String

    public init(position: Position, hash: String) {
        self.position = position
        self.hash = hash
    }
}

/// Reads rows of the log as they are stored, within one transaction.
public struct StoredLog {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// What `log_partitions` says, by partition.
    public func heads() throws(StoreError) -> [String: LogHead] {
        let rows = try connection.execute("SELECT partition_name, position, hash FROM log_partitions")
        return Dictionary(rows.map { ($0.text(0), Self.head($0, 1)) }) { first, _ in first }
    }

    public func head(of partition: String) throws(StoreError) -> LogHead? {
        try connection.execute("SELECT position, hash FROM log_partitions WHERE partition_name = \(partition)").first
            .map { Self.head($0, 0) }
    }

    /// Every partition that has a head or events, in the order of their names.
    public func partitions() throws(StoreError) -> [String] {
        var names = Set(try connection.execute("SELECT partition_name FROM log_partitions").map { $0.text(0) })
        var last = ""
        // From one to the next by the index, not over all rows.
        while let row = try connection.execute("SELECT min(partition_name) FROM events WHERE partition_name > \(last)")
            .first, let name = row.optionalText(0)
        {
            names.insert(name)
            last = name
        }
        return names.sorted()
    }

    /// Up to `limit` rows of a partition after `position`, up to and including `end`, in the order of positions.
    public func read(
        _ partition: String, after position: Position, upTo end: Position = .max, limit: Int
    ) throws(StoreError) -> [StoredEvent] {
        try connection.execute(
            """
            \(StoredEvent.select) WHERE partition_name = \(partition) AND position > \(position)
            AND position <= \(end) ORDER BY position LIMIT \(limit)
            """
        ).map(StoredEvent.init)
    }

    private static func head(_ row: SQLRow, _ column: Int) -> LogHead {
        LogHead(position: row.optionalInteger(column) ?? .min, hash: row.optionalText(column + 1) ?? "")
    }
}
