import AlertCore

/// A telephone call, as far as it has gone.
public struct PhoneCallRow: Sendable {
    public enum Outcome: String, Sendable {
        case underWay = ""
        case reached = "REACHED"
        case voicemail = "VOICEMAIL"
        case unanswered = "UNANSWERED"
        case refused = "REFUSED"
    }

    public var provider: String
    public var id: String
    public var notification: String
    /// 0 for the first call of a notification.
    public var attempt: Int
    public var call: PhoneCall
    public var outcome: Outcome

    public init(
        provider: String, id: String, notification: String, attempt: Int, call: PhoneCall = PhoneCall(),
        outcome: Outcome = .underWay
    ) {
        self.provider = provider
        self.id = id
        self.notification = notification
        self.attempt = attempt
        self.call = call
        self.outcome = outcome
    }
}

/// The calls of the last week: a provider asks for each step of one with a request of its own.
public struct PhoneCalls {
    private static let kept = Duration.seconds(7 * 86_400)
    private static let sweepLimit = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func get(provider: String, id: String) throws -> PhoneCallRow? {
        try connection.execute(
            """
            SELECT notification_id, attempt, document, outcome FROM phone_calls
            WHERE provider_id = \(provider) AND call_id = \(id)
            """
        ).first.map { row in
            PhoneCallRow(
                provider: provider, id: id, notification: row.text(0), attempt: Int(row.integer(1)),
                call: try JSON.decode(row.text(2)), outcome: PhoneCallRow.Outcome(rawValue: row.text(3)) ?? .underWay)
        }
    }

    public func put(_ row: PhoneCallRow, at now: Timestamp) throws {
        try connection.execute(
            """
            INSERT INTO phone_calls (provider_id, call_id, notification_id, attempt, failures, outcome, document,
            updated_at) VALUES (\(row.provider), \(row.id), \(row.notification), \(row.attempt),
            \(row.call.failures), \(row.outcome.rawValue), \(try JSON.encode(row.call)), \(now.milliseconds))
            ON CONFLICT (provider_id, call_id) DO UPDATE SET failures = excluded.failures,
            outcome = excluded.outcome, document = excluded.document, updated_at = excluded.updated_at
            """)
        try connection.execute(
            """
            DELETE FROM phone_calls WHERE (provider_id, call_id) IN (SELECT provider_id, call_id FROM phone_calls
            WHERE updated_at < \(now.advanced(by: .zero - Self.kept).milliseconds) ORDER BY updated_at
            LIMIT \(Self.sweepLimit) \(connection.dialect.skippingLocked))
            """)
    }

    /// How many wrong phone passwords the calls of a notification have had.
    public func failures(of notification: String) throws -> Int {
        let row = try connection.execute(
            """
            SELECT CAST(coalesce(sum(failures), 0) AS BIGINT) FROM phone_calls WHERE notification_id = \(notification)
            """)
        return Int(row[0].integer(0))
    }
}
