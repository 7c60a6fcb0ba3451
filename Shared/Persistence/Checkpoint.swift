/// How far a consumer group has processed one partition. Saved in the transaction that holds the
/// effects, which is what makes a redelivery harmless.
public struct Checkpoint {
    let connection: any SQLConnection
    let group: String
    let partition: String

    public init(group: String, partition: String, in connection: any SQLConnection) {
        self.connection = connection
        self.group = group
        self.partition = partition
    }

    /// The first offset that has not been processed yet.
    public func next() throws(StoreError) -> Int64 { try place().next }

    /// The same, and by what the message before it is known again: see ``save(next:expecting:mark:)``.
    public func place() throws(StoreError) -> (next: Int64, mark: String?) {
        let row = try connection.execute(
            """
            SELECT next_offset, mark FROM checkpoints
            WHERE consumer_group = \(group) AND partition_name = \(partition)
            """
        ).first
        return (row?.integer(0) ?? 0, row?.optionalText(1))
    }

    /// Moves on from `expected`, the value that ``next()`` gave to this transaction or to its owner earlier.
    ///
    /// While Kafka rebalances, two members can believe that they own the partition. The slower one finds
    /// the row changed, and its whole transaction goes.
    ///
    /// - Parameter mark: By what the feed will know the message before `offset` again.
    /// - Throws: ``StoreError/Code-swift.enum/versionConflict`` when somebody else has moved on.
    public func save(next offset: Int64, expecting expected: Int64, mark: String? = nil) throws(StoreError) {
        let saved = try connection.execute(
            """
            INSERT INTO checkpoints (consumer_group, partition_name, next_offset, mark)
            VALUES (\(group), \(partition), \(offset), \(mark.sqlValue))
            ON CONFLICT (consumer_group, partition_name)
            DO UPDATE SET next_offset = excluded.next_offset, mark = excluded.mark
            WHERE checkpoints.next_offset = \(expected)
            RETURNING next_offset
            """)
        guard !saved.isEmpty else {
            throw StoreError(.versionConflict, "\(partition) is no longer at \(expected)")
        }
    }

    /// Puts it there, wherever it is: for what is a hint only, and for whoever knows that nobody else works on it.
    public func put(next offset: Int64) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO checkpoints (consumer_group, partition_name, next_offset)
            VALUES (\(group), \(partition), \(offset))
            ON CONFLICT (consumer_group, partition_name)
            DO UPDATE SET next_offset = excluded.next_offset, mark = NULL
            """)
    }
}
