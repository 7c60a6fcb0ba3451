import AlertCore

// Places in the log by time.
extension EventLog {
    /// The partitions of a category with the position of their last event.
    public func heads(of category: String) throws(StoreError) -> [LogPartition: Position] {
        let rows = try connection.execute(
            "SELECT partition_name, position FROM log_partitions WHERE partition_name LIKE \("\(category)/%")")
        var heads: [LogPartition: Position] = [:]
        for row in rows {
            if let number = Int(row.text(0).dropFirst(category.count + 1)) {
                heads[LogPartition(category, number)] = row.integer(1)
            }
        }
        return heads
    }

    /// All partitions with the position of their last event.
    public func heads() throws(StoreError) -> [LogPartition: Position] {
        let rows = try connection.execute("SELECT partition_name, position FROM log_partitions")
        return Dictionary(
            uniqueKeysWithValues: rows.compactMap { row in
                LogPartition(named: row.text(0)).map { ($0, row.integer(1)) }
            })
    }

    /// The position of the last event that was recorded before a time; 0 when there is none. By halving: times grow
    /// with the positions, but for the moments by which the clocks of two processes differ.
    /// - Parameter head: The position of the partition's last event.
    public func lastPosition(
        in partition: LogPartition, before time: Timestamp, head: Position
    ) throws(StoreError) -> Position {
        var (low, high) = (Position(0), head)
        while low < high {
            let middle = low + (high - low + 1) / 2
            // What stood there can have been dropped: the next one that is there says the same.
            let rows = try connection.execute(
                """
                SELECT position, recorded_at FROM events WHERE partition_name = \(partition.description)
                AND position >= \(middle) AND position <= \(high) ORDER BY position LIMIT 1
                """)
            if let row = rows.first, row.integer(1) < time.milliseconds {
                low = row.integer(0)
            } else {
                high = middle - 1
            }
        }
        return low
    }

    /// The events at some places, by the name of their partition; in no order. What is not there is left out.
    func events(at places: [String: [Position]]) throws(StoreError) -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        for (partition, positions) in places {
            events += try self.events(
                connection.execute(
                    """
                    \(RecordedEvent.select) WHERE partition_name = \(partition) AND position IN \(list: positions)
                    """))
        }
        return events
    }

    /// - Throws: `invalid` when there is none.
    public func event(at position: Position, in partition: LogPartition) throws(StoreError) -> RecordedEvent {
        let rows = try connection.execute(
            """
            \(RecordedEvent.select) WHERE partition_name = \(partition.description) AND position = \(position)
            """)
        guard let row = rows.first else {
            throw StoreError(.invalid, "the log \(partition) has no event \(position)")
        }
        return try events([row])[0]
    }

    /// Up to `limit` events of a partition after `position`, up to and including `end`, oldest first.
    public func read(
        _ partition: LogPartition, after position: Position, upTo end: Position, limit: Int
    ) throws(StoreError) -> [RecordedEvent] {
        try events(
            connection.execute(
                """
                \(RecordedEvent.select) WHERE partition_name = \(partition.description) AND position > \(position)
                AND position <= \(end) ORDER BY position LIMIT \(limit)
                """))
    }

    /// The first events of those of the streams that there are.
    func first(of streams: [String]) throws(StoreError) -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        for start in stride(from: 0, to: streams.count, by: Self.streamsAtOnce) {
            let some = streams[start...].prefix(Self.streamsAtOnce)
            events += try self.events(
                connection.execute("\(RecordedEvent.select) WHERE \(Self.which(Array(some))) AND version = 1"))
        }
        return events
    }

    /// Below the parameter limits of both databases.
    private static let streamsAtOnce = 500

    /// The first event of a stream; `nil` when there is no such stream.
    public func first(of stream: String) throws(StoreError) -> RecordedEvent? {
        try events(connection.execute("\(RecordedEvent.select) WHERE \(Self.which([stream])) AND version = 1")).first
    }
}
