import AlertCore

/// What has passed lately, by what is counted together. Decisions on one key follow one another: its row is locked
/// from ``lock(_:)`` to the end of the transaction.
public struct FloodWindows {
    /// How many that say nothing any more are swept out at once.
    private static let sweepLimit = 100
    /// How long the decision on one request is kept, for the case that it is run again.
    private static let decisionLifetime = Duration.seconds(7 * 86_400)

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Locks the windows, always in the order of their keys, so that two transactions never wait for each other.
    public func lock(_ keys: Set<String>) throws -> [String: FloodWindow] {
        var windows: [String: FloodWindow] = [:]
        for key in keys.sorted() {
            let row = try connection.execute(
                """
                INSERT INTO flood_windows (window_key, document, expires_at) VALUES (\(key), '', 0)
                ON CONFLICT (window_key) DO UPDATE SET expires_at = flood_windows.expires_at
                RETURNING document
                """)[0]
            windows[key] = row.text(0).isEmpty ? FloodWindow() : try JSON.decode(row.text(0))
        }
        return windows
    }

    /// Keeps what has become of locked windows.
    public func put(_ windows: [String: FloodWindow], limit: FloodLimit, at now: Timestamp) throws {
        for (key, window) in windows.sorted(by: { $0.key < $1.key }) {
            try connection.execute(
                """
                UPDATE flood_windows SET document = \(try JSON.encode(window)),
                expires_at = \((window.expiry(limit) ?? now).milliseconds) WHERE window_key = \(key)
                """)
        }
        try connection.execute(
            """
            DELETE FROM flood_windows WHERE window_key IN (SELECT window_key FROM flood_windows
            WHERE expires_at < \(now.milliseconds) AND expires_at > 0 ORDER BY expires_at
            LIMIT \(Self.sweepLimit) \(connection.dialect.skippingLocked))
            """)
    }

    /// Decides on one request, once: whoever asks again, after whatever crash, gets the same answer.
    /// - Returns: `nil` when it passes.
    public func decide(
        _ subject: String, key: String, limit: FloodLimit, rule: String, at time: Timestamp
    ) throws -> Suppression? {
        var window = try lock([key])[key] ?? FloodWindow()
        let known = try connection.execute("SELECT document FROM flood_decisions WHERE subject = \(subject)").first
        if let known { return try known.optionalText(0).map { try JSON.decode($0) } }
        var suppression: Suppression?
        if case .suppressed(_, let until, _) = window.admit(.init(id: subject, at: time), limit: limit) {
            suppression = Suppression(rule: rule, until: until)
        }
        try put([key: window], limit: limit, at: time)
        let document = try suppression.map { try JSON.encode($0) }
        try connection.execute(
            """
            INSERT INTO flood_decisions (subject, document, expires_at)
            VALUES (\(subject), \(document.sqlValue), \(time.advanced(by: Self.decisionLifetime).milliseconds))
            """)
        try connection.execute(
            """
            DELETE FROM flood_decisions WHERE subject IN (SELECT subject FROM flood_decisions
            WHERE expires_at < \(time.milliseconds) ORDER BY expires_at
            LIMIT \(Self.sweepLimit) \(connection.dialect.skippingLocked))
            """)
        return suppression
    }
}
