import AlertCore

/// How many alerts each shift has had whose rotation goes by alerts, within one transaction.
public struct RotationCounts {
    /// For how long it is known which alert was counted when: 400 days.
    public static let memory = Duration.seconds(400 * 86_400)
    /// How many rows of a shift that are older are swept out with each alert.
    private static let sweepLimit = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Counts an alert for each of the shifts, once: whoever asks again, after whatever crash, gets the same answer.
    /// Alerts of one shift are counted one after the other, up to the end of the transaction.
    /// - Parameter shifts: The ids of those shifts whose rotation goes by alerts.
    /// - Returns: How many alerts each of the shifts had before this one, for ``Roster/alertCounts``: the first alert
    ///   reaches who stands first.
    public func count(alert: String, for shifts: Set<String>, at now: Timestamp) throws(StoreError) -> [String: Int] {
        var before: [String: Int] = [:]
        // In the order of their ids, so that two transactions never wait for each other.
        for shift in shifts.sorted() { before[shift] = try count(alert, shift, now) }
        return before
    }

    private func count(_ alert: String, _ shift: String, _ now: Timestamp) throws(StoreError) -> Int {
        let alerts = try connection.execute(
            """
            INSERT INTO rotation_counts (shift_id, alerts) VALUES (\(shift), 0)
            ON CONFLICT (shift_id) DO UPDATE SET alerts = rotation_counts.alerts RETURNING alerts
            """)[0].integer(0)
        let known = try connection.execute(
            "SELECT ordinal FROM rotation_alerts WHERE shift_id = \(shift) AND alert_id = \(alert)")
        if let known = known.first { return Int(known.integer(0)) - 1 }
        try connection.execute(
            """
            INSERT INTO rotation_alerts (shift_id, alert_id, ordinal, counted_at)
            VALUES (\(shift), \(alert), \(alerts + 1), \(now.milliseconds))
            """)
        try connection.execute("UPDATE rotation_counts SET alerts = \(alerts + 1) WHERE shift_id = \(shift)")
        try sweep(shift, newest: alerts + 1, at: now)
        return Int(alerts)
    }

    /// As many as there are now, by the shifts' ids; a shift without alerts is not in it.
    public func current() throws(StoreError) -> [String: Int] {
        Self.dictionary(try connection.execute("SELECT shift_id, alerts FROM rotation_counts WHERE alerts > 0"))
    }

    /// As many as there were at a moment, as far back as ``memory``.
    public func counts(at moment: Timestamp) throws(StoreError) -> [String: Int] {
        let rows = try connection.execute(
            """
            SELECT shift_id, (SELECT a.ordinal FROM rotation_alerts a
                WHERE a.shift_id = c.shift_id AND a.counted_at <= \(moment.milliseconds)
                ORDER BY a.counted_at DESC, a.ordinal DESC LIMIT 1)
            FROM rotation_counts c
            """)
        return Self.dictionary(rows.filter { $0.optionalInteger(1) != nil })
    }

    /// The newest stays, however old it is.
    private func sweep(_ shift: String, newest: Int64, at now: Timestamp) throws(StoreError) {
        let limit = now.milliseconds - Self.memory.milliseconds
        try connection.execute(
            """
            DELETE FROM rotation_alerts WHERE shift_id = \(shift) AND ordinal IN (
                SELECT ordinal FROM rotation_alerts
                WHERE shift_id = \(shift) AND counted_at < \(limit) AND ordinal < \(newest)
                ORDER BY ordinal LIMIT \(Self.sweepLimit))
            """)
    }

    private static func dictionary(_ rows: [SQLRow]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), Int($0.integer(1))) })
    }
}
