import AlertCore

/// A message that could not be understood.
public struct DeadLetter: Equatable, Sendable {
    public let topic: String
    public let partition: Int
    public let offset: Int64
    public let key: String
    public let body: String
    public let reason: String
    public let recordedAt: Timestamp
    /// When and by whom it was published again; `nil` when it was not.
    public var redriven: (at: Timestamp, by: String)?

    public static func == (left: DeadLetter, right: DeadLetter) -> Bool {
        left.id == right.id && left.body == right.body && left.reason == right.reason && left.key == right.key
            && left.recordedAt == right.recordedAt && left.redriven?.at == right.redriven?.at
            && left.redriven?.by == right.redriven?.by
    }

    /// Its place: topic, partition and offset, as in `alert-events/3/120`.
    public var id: String { "\(topic)/\(partition)/\(offset)" }

    public init(
        topic: String, partition: Int, offset: Int64, key: String, body: String, reason: String,
        recordedAt: Timestamp
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = key
        self.body = body
        self.reason = reason
        self.recordedAt = recordedAt
    }
}

/// Messages that could not be understood, kept whole with the reason.
public struct DeadLetters {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Adding a message again changes nothing.
    public func add(_ letter: DeadLetter) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO dead_letters (topic, partition, message_offset, message_key, body, reason, recorded_at)
            VALUES (\(letter.topic), \(letter.partition), \(letter.offset), \(letter.key), \(letter.body),
            \(letter.reason), \(letter.recordedAt.milliseconds))
            ON CONFLICT (topic, partition, message_offset) DO NOTHING
            """)
    }

    public func all(limit: Int) throws(StoreError) -> [DeadLetter] {
        try list(topic: nil, isRedriven: nil, offset: 0, limit: limit).rows
    }

    /// One page, newest first, and how many there are in all.
    /// - Parameters:
    ///   - topic: `nil` for all.
    ///   - isRedriven: Whether those that were published again, or the others; `nil` for both.
    public func list(
        topic: String?, isRedriven: Bool?, offset: Int, limit: Int
    ) throws(StoreError) -> (total: Int, rows: [DeadLetter]) {
        var conditions: [SQL] = []
        if let topic { conditions.append("topic = \(topic)") }
        if let isRedriven { conditions.append(isRedriven ? "redriven_at IS NOT NULL" : "redriven_at IS NULL") }
        let condition = conditions.joinedByAnd()
        let total = try connection.execute("SELECT count(*) FROM dead_letters WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            \(Self.select) WHERE \(condition)
            ORDER BY recorded_at DESC, topic, partition, message_offset LIMIT \(limit) OFFSET \(offset)
            """
        ).map(Self.decode)
        return (Int(total), rows)
    }

    /// - Parameter id: As of ``DeadLetter/id``.
    public func get(_ id: String) throws(StoreError) -> DeadLetter? {
        let parts = id.split(separator: "/").map(String.init)
        guard parts.count == 3, let partition = Int64(parts[1]), let offset = Int64(parts[2]) else { return nil }
        return try connection.execute(
            """
            \(Self.select) WHERE topic = \(parts[0]) AND partition = \(partition) AND message_offset = \(offset)
            """
        ).first.map(Self.decode)
    }

    /// The messages have been published again.
    public func markRedriven(_ letters: [DeadLetter], by person: String, at now: Timestamp) throws(StoreError) {
        for letter in letters {
            try connection.execute(
                """
                UPDATE dead_letters SET redriven_at = \(now.milliseconds), redriven_by = \(person)
                WHERE topic = \(letter.topic) AND partition = \(letter.partition)
                AND message_offset = \(letter.offset)
                """)
        }
    }

    private static let select: SQL = """
        SELECT topic, partition, message_offset, message_key, body, reason, recorded_at, redriven_at, redriven_by
        FROM dead_letters
        """

    private static func decode(_ row: SQLRow) -> DeadLetter {
        var letter = DeadLetter(
            topic: row.text(0), partition: Int(row.integer(1)), offset: row.integer(2), key: row.text(3),
            body: row.text(4), reason: row.text(5), recordedAt: Timestamp(milliseconds: row.integer(6)))
        if let at = row.optionalInteger(7) {
            letter.redriven = (Timestamp(milliseconds: at), row.optionalText(8) ?? "")
        }
        return letter
    }
}
