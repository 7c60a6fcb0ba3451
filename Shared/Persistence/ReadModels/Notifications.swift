import AlertCore

/// One notification as pages show it.
public struct NotificationRow: Sendable {
    public let plan: Notification.Plan
    public let status: Notification.Phase
    public let updatedAt: Timestamp
    /// Of the stream: 1 as long as nothing has been done.
    public let version: Version
    /// The name of the provider that has, or had, the message; empty before the first attempt.
    public let provider: String
    /// Why it waits, or waited at last, and until when.
    public let hold: NotificationHold?
    /// Whether it may arrive, or have arrived, twice.
    public let isInDoubt: Bool
}

/// The notifications, by alert.
public struct Notifications {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Writes what new events mean.
    public func apply(_ outcomes: [CommandOutcome<Notification>], at now: Timestamp) throws {
        var planned: [[SQLValue]] = []
        for outcome in outcomes {
            guard case .planned(let plan, _) = outcome.events.first else { continue }
            planned.append([
                .text(plan.id), .text(plan.alert), .text(plan.recipient.id), .text(outcome.state.phase.rawValue),
                .integer(outcome.version), .integer(now.milliseconds), .text(try JSON.encode(plan)),
                .text(plan.device.id),
            ])
        }
        if !planned.isEmpty { try connection.insert(planned, into: "notifications", columns: Self.columns) }
        for outcome in outcomes {
            guard let first = outcome.events.first else { continue }
            if case .planned = first, outcome.events.count == 1 { continue }
            try update(outcome, at: now)
        }
    }

    private func update(_ outcome: CommandOutcome<Notification>, at now: Timestamp) throws {
        let state = outcome.state
        // What it waited for is kept for those who ask later.
        let hold: SQL =
            state.hold.map { hold in
                """
                , rule = \(hold.rule), held_until = \(hold.until.milliseconds), digest_id = \(hold.digest.sqlValue)
                """
            } ?? ""
        try connection.execute(
            """
            UPDATE notifications SET status = \(state.phase.rawValue), version = \(outcome.version),
            updated_at = \(now.milliseconds), provider = \(state.provider?.name ?? ""),
            in_doubt = \(state.isInDoubt)\(hold) WHERE id = \(outcome.id)
            """)
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

    private static let columns = [
        "id", "alert_id", "person_id", "status", "version", "updated_at", "document", "device_id",
    ]

    private static let select: SQL = """
        SELECT document, status, updated_at, version, provider, rule, held_until, digest_id, in_doubt
        FROM notifications
        """

    private static func decode(_ row: SQLRow) throws -> NotificationRow {
        NotificationRow(
            plan: try JSON.decode(row.text(0)), status: Notification.Phase(rawValue: row.text(1)) ?? .unknown,
            updatedAt: Timestamp(milliseconds: row.integer(2)), version: row.integer(3), provider: row.text(4),
            hold: row.optionalInteger(6).map {
                NotificationHold(
                    rule: row.text(5), until: Timestamp(milliseconds: $0), digest: row.optionalText(7))
            }, isInDoubt: row.integer(8) != 0)
    }
}

// MARK: - Digests

extension Notifications {
    /// What a digest tells of.
    public struct Digest: Sendable {
        /// How many messages were held.
        public var messages = 0
        /// How many alerts they are about, in all and by priority.
        public var alerts = 0
        public var priorities: [Priority: Int] = [:]
        /// The first of the alerts by their numbers.
        public var first: [AlertRow] = []
    }

    /// Those that wait for a digest, in the order of their ids, from the one after `last`.
    public func held(for digest: String, after last: String = "", limit: Int) throws -> [NotificationRow] {
        try ofDigest(digest, status: .held, after: last, limit: limit)
    }

    /// Those that a digest tells of, in the order of their ids, from the one after `last`.
    public func collapsed(into digest: String, after last: String = "", limit: Int) throws -> [NotificationRow] {
        try ofDigest(digest, status: .collapsed, after: last, limit: limit)
    }

    private func ofDigest(
        _ digest: String, status: Notification.Phase, after last: String, limit: Int
    ) throws -> [NotificationRow] {
        try connection.execute(
            """
            \(Self.select) WHERE digest_id = \(digest) AND status = \(status.rawValue) AND id > \(last)
            ORDER BY id LIMIT \(limit)
            """
        ).map(Self.decode)
    }

    /// Counts exactly what a digest tells of.
    /// - Parameter limit: How many alerts are told by name.
    public func content(of digest: String, limit: Int) throws -> Digest {
        let condition: SQL = "n.digest_id = \(digest) AND n.status = \(Notification.Phase.collapsed.rawValue)"
        var content = Digest()
        content.messages = Int(
            try connection.execute("SELECT count(*) FROM notifications n WHERE \(condition)")[0].integer(0))
        let counts = try connection.execute(
            """
            SELECT a.priority, count(*) FROM alerts a
            WHERE a.id IN (SELECT n.alert_id FROM notifications n WHERE \(condition)) GROUP BY a.priority
            """)
        for row in counts {
            content.alerts += Int(row.integer(1))
            if let priority = Priority(rawValue: row.text(0)) { content.priorities[priority] = Int(row.integer(1)) }
        }
        let ids = try connection.execute(
            """
            SELECT a.id FROM alerts a WHERE a.id IN (SELECT n.alert_id FROM notifications n WHERE \(condition))
            ORDER BY a.number LIMIT \(limit)
            """
        ).map { $0.text(0) }
        content.first = try Alerts(connection).rows(of: ids).values.sorted { $0.details.number < $1.details.number }
        return content
    }
}
