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

        /// Whether it was an answer to an alert, if a late one.
        public var isAnswer: Bool { self == .recorded || self == .repeated || self == .late }
    }

    public var channel: String
    public var id: String
    public var sender: String
    public var notification: String?
    public var outcome: Outcome
    public var reply: String
    /// What it says. Of an answer nothing is kept here, of the others the beginning.
    public var text: String

    public init(
        channel: String, id: String, sender: String, notification: String? = nil, outcome: Outcome, reply: String,
        text: String = ""
    ) {
        self.channel = channel
        self.id = id
        self.sender = sender
        self.notification = notification
        self.outcome = outcome
        self.reply = reply
        self.text = text
    }
}

/// A message that was no answer, as it is shown.
public struct UnansweringMessage: Sendable, Equatable {
    public let message: InboundMessage
    public let receivedAt: Timestamp
    /// The alert that it was about, if that is known.
    public let alertNumber: Int64?
}

/// The messages of the last 30 days, each once. Of the newest ``textsKept`` that were no answers, the first
/// ``textLimit`` characters are kept too.
public struct InboundMessages {
    private static let kept = Duration.seconds(30 * 86_400)
    private static let sweepLimit = 100
    public static let textsKept = 1000
    public static let textLimit = 200

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func get(channel: String, id: String) throws -> InboundMessage? {
        try connection.execute(
            """
            SELECT sender, notification_id, outcome, reply, text FROM inbound_messages
            WHERE channel = \(channel) AND id = \(id)
            """
        ).first.map { row in
            InboundMessage(
                channel: channel, id: id, sender: row.text(0), notification: row.optionalText(1),
                outcome: InboundMessage.Outcome(rawValue: row.text(2)) ?? .notUnderstood, reply: row.text(3),
                text: row.optionalText(4) ?? "")
        }
    }

    /// - Returns: Whether it is new: of two that are handed over at the same time, one is.
    @discardableResult
    public func put(_ message: InboundMessage, at now: Timestamp) throws -> Bool {
        let text = message.outcome.isAnswer ? nil : String(message.text.prefix(Self.textLimit))
        let inserted = try connection.execute(
            """
            INSERT INTO inbound_messages (channel, id, sender, notification_id, outcome, reply, received_at, text)
            VALUES (\(message.channel), \(message.id), \(message.sender), \(message.notification.sqlValue),
            \(message.outcome.rawValue), \(message.reply), \(now.milliseconds), \(text.sqlValue))
            ON CONFLICT (channel, id) DO NOTHING RETURNING id
            """)
        if text != nil {
            try connection.execute(
                """
                UPDATE inbound_messages SET text = NULL WHERE text IS NOT NULL AND received_at < (SELECT received_at
                FROM inbound_messages WHERE text IS NOT NULL ORDER BY received_at DESC LIMIT 1
                OFFSET \(Self.textsKept - 1))
                """)
        }
        try connection.execute(
            """
            DELETE FROM inbound_messages WHERE (channel, id) IN (SELECT channel, id FROM inbound_messages
            WHERE received_at < \(now.advanced(by: .zero - Self.kept).milliseconds) ORDER BY received_at
            LIMIT \(Self.sweepLimit) \(connection.dialect.skippingLocked))
            """)
        return !inserted.isEmpty
    }

    /// The messages that were no answers, newest first.
    public func unanswering(offset: Int, limit: Int) throws -> (total: Int, messages: [UnansweringMessage]) {
        let total = try connection.execute("SELECT count(*) FROM inbound_messages WHERE text IS NOT NULL")
        let rows = try connection.execute(
            """
            SELECT channel, id, sender, notification_id, outcome, reply, text, received_at FROM inbound_messages
            WHERE text IS NOT NULL ORDER BY received_at DESC, channel, id LIMIT \(limit) OFFSET \(offset)
            """)
        let plans = try Notifications(connection).get(rows.compactMap { $0.optionalText(3) }).map(\.plan)
        let numbers = Dictionary(plans.map { ($0.id, $0.alertNumber) }) { first, _ in first }
        return (
            Int(total[0].integer(0)),
            rows.map { row in
                UnansweringMessage(
                    message: InboundMessage(
                        channel: row.text(0), id: row.text(1), sender: row.text(2), notification: row.optionalText(3),
                        outcome: InboundMessage.Outcome(rawValue: row.text(4)) ?? .notUnderstood, reply: row.text(5),
                        text: row.text(6)), receivedAt: Timestamp(milliseconds: row.integer(7)),
                    alertNumber: row.optionalText(3).flatMap { numbers[$0] })
            }
        )
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
