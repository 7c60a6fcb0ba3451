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
        try connection.execute(
            """
            SELECT topic, partition, message_offset, message_key, body, reason, recorded_at FROM dead_letters
            ORDER BY recorded_at DESC LIMIT \(limit)
            """
        ).map { row in
            DeadLetter(
                topic: row.text(0), partition: Int(row.integer(1)), offset: row.integer(2), key: row.text(3),
                body: row.text(4), reason: row.text(5), recordedAt: Timestamp(milliseconds: row.integer(6)))
        }
    }
}
