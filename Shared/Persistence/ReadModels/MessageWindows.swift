import AlertCore

/// What has gone to devices and by providers lately. Decisions on one key follow one another: its row is locked from
/// ``lock(_:as:)`` to the end of the transaction.
public struct MessageWindows {
    /// How many that say nothing any more are swept out at once.
    private static let sweepLimit = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public static func storm(_ device: String) -> String { "storm/\(device)" }
    public static func provider(_ provider: String) -> String { "provider/\(provider)" }

    /// Locks the windows, always in the order of their keys, so that two transactions never wait for each other.
    /// - Returns: Those that there are.
    public func lock<Window: Decodable>(_ keys: Set<String>, as type: Window.Type) throws -> [String: Window] {
        var windows: [String: Window] = [:]
        for key in keys.sorted() {
            let row = try connection.execute(
                """
                INSERT INTO message_windows (window_key, document, expires_at) VALUES (\(key), '', 0)
                ON CONFLICT (window_key) DO UPDATE SET expires_at = message_windows.expires_at
                RETURNING document
                """)[0]
            if !row.text(0).isEmpty { windows[key] = try JSON.decode(row.text(0)) }
        }
        return windows
    }

    /// Keeps what has become of a locked window.
    /// - Parameter expiry: When it says nothing any more; `nil` while that is not known.
    public func put(_ window: some Encodable, _ key: String, expiry: Timestamp?) throws {
        try connection.execute(
            """
            UPDATE message_windows SET document = \(try JSON.encode(window)),
            expires_at = \(expiry?.milliseconds ?? 0) WHERE window_key = \(key)
            """)
    }

    public func sweep(at now: Timestamp) throws {
        try connection.execute(
            """
            DELETE FROM message_windows WHERE window_key IN (SELECT window_key FROM message_windows
            WHERE expires_at < \(now.milliseconds) AND expires_at > 0 ORDER BY expires_at
            LIMIT \(Self.sweepLimit) \(connection.dialect.skippingLocked))
            """)
    }
}
