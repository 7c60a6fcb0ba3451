import AlertCore

/// Where the broker's log of a partition was found to end before its reader's checkpoint.
public struct BrokerCuts {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func note(
        _ partition: String, group: String, end: Int64, position: Int64, at now: Timestamp
    ) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO broker_cuts (partition_name, consumer_group, noticed_at, end_offset, position)
            VALUES (\(partition), \(group), \(now.milliseconds), \(end), \(position))
            ON CONFLICT (partition_name, consumer_group, noticed_at) DO NOTHING
            """)
    }

    /// The partitions that were found cut after `time`, each with when.
    public func partitions(after time: Timestamp) throws(StoreError) -> [(name: String, noticedAt: Timestamp)] {
        try connection.execute(
            """
            SELECT partition_name, noticed_at FROM broker_cuts WHERE noticed_at > \(time.milliseconds)
            ORDER BY noticed_at, partition_name
            """
        ).map { ($0.text(0), Timestamp(milliseconds: $0.integer(1))) }
    }
}
