import AlertCore

/// A message that somebody sent us, with what came of it.
public struct InboundMessage: Sendable, Equatable {
    public enum Outcome: String, CaseIterable, Sendable {
        case recorded = "RECORDED"
        /// The same answer had been given before.
        case repeated = "REPEATED"
        /// The alert had ended.
        case late = "LATE"
        case notUnderstood = "NOT_UNDERSTOOD"
        /// There was nothing that it could be an answer to.
        case unmatched = "UNMATCHED"
        case unknownSender = "UNKNOWN_SENDER"
        /// A word that the provider answers itself, as in STOP.
        case providerWord = "PROVIDER_WORD"
        /// Written by a program: no answer.
        case automatic = "AUTOMATIC"
    }

    public var channel: String
    public var id: String
    public var sender: String
    public var notification: String?
    public var outcome: Outcome
    public var reply: String

    public init(
        channel: String, id: String, sender: String, notification: String? = nil, outcome: Outcome, reply: String
    ) {
        self.channel = channel
        self.id = id
        self.sender = sender
        self.notification = notification
        self.outcome = outcome
        self.reply = reply
    }
}

/// The messages of the last 30 days, each once.
public struct InboundMessages {
    private static let kept = Duration.seconds(30 * 86_400)
    private static let sweepLimit = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func get(channel: String, id: String) throws -> InboundMessage? {
        try connection.execute(
            """
            SELECT sender, notification_id, outcome, reply FROM inbound_messages
            WHERE channel = \(channel) AND id = \(id)
            """
        ).first.map { row in
            InboundMessage(
                channel: channel, id: id, sender: row.text(0), notification: row.optionalText(1),
                outcome: InboundMessage.Outcome(rawValue: row.text(2)) ?? .notUnderstood, reply: row.text(3))
        }
    }

    /// - Returns: Whether it is new: of two that are handed over at the same time, one is.
    @discardableResult
    public func put(_ message: InboundMessage, at now: Timestamp) throws -> Bool {
        let inserted = try connection.execute(
            """
            INSERT INTO inbound_messages (channel, id, sender, notification_id, outcome, reply, received_at)
            VALUES (\(message.channel), \(message.id), \(message.sender), \(message.notification.sqlValue),
            \(message.outcome.rawValue), \(message.reply), \(now.milliseconds))
            ON CONFLICT (channel, id) DO NOTHING RETURNING id
            """)
        try connection.execute(
            """
            DELETE FROM inbound_messages WHERE (channel, id) IN (SELECT channel, id FROM inbound_messages
            WHERE received_at < \(now.advanced(by: .zero - Self.kept).milliseconds) ORDER BY received_at
            LIMIT \(Self.sweepLimit) \(type(of: connection).skippingLocked))
            """)
        return !inserted.isEmpty
    }

    /// How many messages of a sender have been replied to since then without being an answer.
    public func corrections(to sender: String, since time: Timestamp) throws -> Int {
        let row = try connection.execute(
            """
            SELECT count(*) FROM inbound_messages WHERE sender = \(sender) AND received_at >= \(time.milliseconds)
            AND reply <> '' AND outcome NOT IN (\(InboundMessage.Outcome.recorded.rawValue),
            \(InboundMessage.Outcome.repeated.rawValue), \(InboundMessage.Outcome.late.rawValue))
            """)
        return Int(row[0].integer(0))
    }
}
