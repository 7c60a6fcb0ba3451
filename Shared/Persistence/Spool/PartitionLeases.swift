import AlertCore

/// Who works on a partition while no broker says so: for a time, to be renewed.
public struct PartitionLeases {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Takes or renews the lease.
    /// - Returns: Whether it is the owner's now; `false` while another one's lasts.
    public func take(
        _ partition: String, of group: String, by owner: String, at now: Timestamp, lasting lease: Duration
    ) throws(StoreError) -> Bool {
        try !connection.execute(
            """
            INSERT INTO partition_leases (lease_group, partition_name, owner, leased_until)
            VALUES (\(group), \(partition), \(owner), \(now.advanced(by: lease).milliseconds))
            ON CONFLICT (lease_group, partition_name)
            DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until
            WHERE partition_leases.owner = excluded.owner OR partition_leases.leased_until <= \(now.milliseconds)
            RETURNING owner
            """
        ).isEmpty
    }

    public func giveBack(_ partition: String, of group: String, by owner: String) throws(StoreError) {
        try connection.execute(
            """
            DELETE FROM partition_leases
            WHERE lease_group = \(group) AND partition_name = \(partition) AND owner = \(owner)
            """)
    }

    /// Whether somebody has the partition.
    public func isTaken(_ partition: String, of group: String, at now: Timestamp) throws(StoreError) -> Bool {
        try !connection.execute(
            """
            SELECT 1 FROM partition_leases WHERE lease_group = \(group) AND partition_name = \(partition)
            AND leased_until > \(now.milliseconds)
            """
        ).isEmpty
    }

    /// Whether anybody has the partition, for a group other than `group`.
    public func isTaken(_ partition: String, byOthersThan group: String, at now: Timestamp) throws(StoreError) -> Bool {
        try !connection.execute(
            """
            SELECT 1 FROM partition_leases WHERE lease_group <> \(group) AND partition_name = \(partition)
            AND leased_until > \(now.milliseconds)
            """
        ).isEmpty
    }
}

/// When some process last had an answer of the broker.
public struct BrokerContact {
    private static let bus = "kafka"

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func note(at now: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO broker_contact (bus, seen_at) VALUES (\(Self.bus), \(now.milliseconds))
            ON CONFLICT (bus) DO UPDATE SET seen_at = excluded.seen_at
            WHERE broker_contact.seen_at < excluded.seen_at
            """)
    }

    /// Notes that some process has lost all brokers.
    public func noteInterruption(at now: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO broker_contact (bus, seen_at, interrupted_at)
            VALUES (\(Self.bus), \(now.milliseconds), \(now.milliseconds))
            ON CONFLICT (bus) DO UPDATE SET interrupted_at = excluded.interrupted_at
            """)
    }

    /// When some process last lost all brokers, or a partition was found to be cut.
    public func doubtedAt() throws(StoreError) -> Timestamp? {
        let interrupted = try connection.execute(
            "SELECT interrupted_at FROM broker_contact WHERE bus = \(Self.bus)"
        ).first?.optionalInteger(0)
        let cut = try connection.execute("SELECT max(noticed_at) FROM broker_cuts")[0].optionalInteger(0)
        return [interrupted, cut].compactMap(\.self).max().map(Timestamp.init(milliseconds:))
    }

    /// `nil` when nobody has ever had one.
    public func seenAt() throws(StoreError) -> Timestamp? {
        try connection.execute("SELECT seen_at FROM broker_contact WHERE bus = \(Self.bus)")
            .first.map { Timestamp(milliseconds: $0.integer(0)) }
    }
}
