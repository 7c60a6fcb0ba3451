import AlertCore

/// Writes that their senders may repeat without a second effect. A key belongs to one caller and is kept for a day.
///
/// A request takes its key in a transaction of its own before it has any effect, and its answer is written down after
/// that. Between the two the process can die: then the key stays taken without an answer, since nobody knows what
/// became of the request. It is never carried out a second time.
public struct IdempotencyKeys {
    /// How long a key is kept.
    public static let kept = Duration.seconds(86_400)
    /// How long a request may take; a key without an answer that is older has none any more.
    public static let patience = Duration.seconds(120)
    /// Keys that one caller can have.
    public static let limit = 10_000
    /// How many that are over are swept out at once.
    private static let sweepLimit = 100
    /// The longest key.
    private static let lengthLimit = 255

    /// What there is of a key.
    public enum Entry: Equatable, Sendable {
        /// Nobody had it: the request may be carried out.
        case taken
        /// The same request was answered so. The body is sealed; `nil` where there was none, or it was too large.
        case answered(status: Int, body: String?)
        /// The same request is being carried out.
        case underWay
        /// The same request was begun, and what became of it is not known.
        case unknown(begunAt: Timestamp)
        /// Another request had it.
        case otherRequest
        /// The caller has as many keys as are kept.
        case full
    }

    private let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// - Throws: 400 for what cannot be a key.
    public static func check(_ key: String) throws(RestError) {
        guard (1...lengthLimit).contains(key.utf8.count), key.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw .invalidValue(
                "Idempotency-Key",
                "it must have 1 to \(lengthLimit) characters of ASCII that can be seen, without spaces.")
        }
    }

    /// Takes a key, or says what there is of it.
    /// - Parameter request: A hash of all that makes it the same request.
    public func take(_ key: String, of caller: String, for request: String, at now: Timestamp) throws(StoreError)
        -> Entry
    {
        let end = now.milliseconds - Self.kept.milliseconds
        try connection.execute(
            """
            DELETE FROM idempotency_keys WHERE caller = \(caller) AND key = \(key) AND begun_at <= \(end)
            """)
        let isTaken =
            try connection.execute(
                """
                INSERT INTO idempotency_keys (caller, key, request, begun_at)
                VALUES (\(caller), \(key), \(request), \(now.milliseconds))
                ON CONFLICT (caller, key) DO NOTHING RETURNING caller
                """
            ).first != nil
        guard isTaken else { return try entry(key, of: caller, for: request, at: now) }
        try sweep(before: end)
        let count = try connection.execute("SELECT COUNT(*) FROM idempotency_keys WHERE caller = \(caller)")[0]
        guard count.integer(0) > Self.limit else { return .taken }
        try release(key, of: caller)
        return .full
    }

    /// Which trigger a key stands for: that of the first request with it within a day. Who gets it sends the trigger
    /// under that id, also when it was sent before: what has the id of another is not run again.
    /// - Parameters:
    ///   - source: What is triggered, and by whom.
    ///   - request: A hash of all that makes it the same request.
    ///   - id: Of a new request.
    /// - Returns: `nil` where another request had the key.
    public func requestId(
        _ key: String, of source: String, for request: String, orElse id: String, at now: Timestamp
    ) throws(StoreError) -> String? {
        let end = now.milliseconds - Self.kept.milliseconds
        try connection.execute(
            "DELETE FROM idempotency_keys WHERE caller = \(source) AND key = \(key) AND begun_at <= \(end)")
        // Sets what is there already, so that a row comes back either way.
        let rows = try connection.execute(
            """
            INSERT INTO idempotency_keys (caller, key, request, begun_at, request_id)
            VALUES (\(source), \(key), \(request), \(now.milliseconds), \(id))
            ON CONFLICT (caller, key) DO UPDATE SET request = idempotency_keys.request RETURNING request, request_id
            """)
        try sweep(before: end)
        return rows[0].text(0) == request ? rows[0].optionalText(1) : nil
    }

    /// Writes down what the request was answered.
    public func answer(_ key: String, of caller: String, status: Int, body: String?) throws(StoreError) {
        try connection.execute(
            """
            UPDATE idempotency_keys SET status = \(Int64(status)), answer = \(body.sqlValue)
            WHERE caller = \(caller) AND key = \(key)
            """)
    }

    /// Gives a key back whose request had no effect.
    public func release(_ key: String, of caller: String) throws(StoreError) {
        try connection.execute("DELETE FROM idempotency_keys WHERE caller = \(caller) AND key = \(key)")
    }

    private func entry(
        _ key: String, of caller: String, for request: String, at now: Timestamp
    ) throws(StoreError) -> Entry {
        let rows = try connection.execute(
            """
            SELECT request, begun_at, status, answer FROM idempotency_keys
            WHERE caller = \(caller) AND key = \(key)
            """)
        guard let row = rows.first else { return .underWay }  // given back in between: the next try takes it
        guard row.text(0) == request else { return .otherRequest }
        if let status = row.optionalInteger(2) { return .answered(status: Int(status), body: row.optionalText(3)) }
        let begunAt = Timestamp(milliseconds: row.integer(1))
        return now.since(begunAt) < Self.patience ? .underWay : .unknown(begunAt: begunAt)
    }

    private func sweep(before end: Int64) throws(StoreError) {
        try connection.execute(
            """
            DELETE FROM idempotency_keys WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys
            WHERE begun_at <= \(end) ORDER BY begun_at LIMIT \(Self.sweepLimit)
            \(connection.dialect.skippingLocked))
            """)
    }
}
