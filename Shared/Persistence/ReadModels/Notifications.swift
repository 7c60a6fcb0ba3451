import AlertCore

/// One notification as pages show it.
public struct NotificationRow: Sendable {
    public let plan: Notification.Plan
    public let status: Notification.Phase
    public let updatedAt: Timestamp
    /// Of the stream: 1 as long as nothing has been done.
    public let version: Version
}

/// The notifications, by alert.
public struct Notifications {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Writes what new events mean.
    public func apply(_ outcomes: [CommandOutcome<Notification>], at now: Timestamp) throws {
        for outcome in outcomes where !outcome.events.isEmpty {
            if case .planned(let plan, _) = outcome.events[0] {
                try connection.execute(
                    """
                    INSERT INTO notifications (id, alert_id, person_id, status, version, updated_at, document)
                    VALUES (\(plan.id), \(plan.alert), \(plan.recipient.id), \(outcome.state.phase.rawValue),
                    \(outcome.version), \(now.milliseconds), \(try JSON.encode(plan)))
                    """)
            } else {
                try connection.execute(
                    """
                    UPDATE notifications SET status = \(outcome.state.phase.rawValue), version = \(outcome.version),
                    updated_at = \(now.milliseconds) WHERE id = \(outcome.id)
                    """)
            }
        }
    }

    public func ofAlert(_ alert: String) throws -> [NotificationRow] {
        try connection.execute("\(Self.select) WHERE alert_id = \(alert) ORDER BY id").map(Self.decode)
    }

    public func get(_ ids: [String]) throws -> [NotificationRow] {
        try connection.execute("\(Self.select) WHERE id IN \(list: ids)").map(Self.decode)
    }

    /// The newest of some people that have gone out, or may have.
    public func sent(to people: [String], limit: Int) throws -> [NotificationRow] {
        let waiting = ["unknown", "pending", "held", "cancelled", "suppressed"]
        return try connection.execute(
            """
            \(Self.select) WHERE person_id IN \(list: people) AND status NOT IN \(list: waiting)
            ORDER BY updated_at DESC, id LIMIT \(limit)
            """
        ).map(Self.decode)
    }

    private static let select: SQL = "SELECT document, status, updated_at, version FROM notifications"

    private static func decode(_ row: SQLRow) throws -> NotificationRow {
        NotificationRow(
            plan: try JSON.decode(row.text(0)), status: Notification.Phase(rawValue: row.text(1)) ?? .unknown,
            updatedAt: Timestamp(milliseconds: row.integer(2)), version: row.integer(3))
    }
}
