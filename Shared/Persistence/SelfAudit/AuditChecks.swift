import AlertCore

/// What is wrong, by what the database says: not by what the services say of themselves. Reads only.
public struct AuditChecks {
    /// How many are counted one by one; more are "at least" so many.
    public static let countLimit = 1000
    /// How far back accepted requests are looked at.
    static let lookback = Duration.seconds(3600)
    /// The categories of the log whose events leave it, and where to.
    static let relays = [("alert", "alert-events"), ("escalation", "alert-commands")]
    /// Who has to take the events of alerts.
    static let consumers = ["notifier", "webhook-dispatcher"]

    let connection: any SQLConnection
    let now: Timestamp
    let bounds: AuditBounds

    public init(_ connection: any SQLConnection, at now: Timestamp, _ bounds: AuditBounds) {
        self.connection = connection
        self.now = now
        self.bounds = bounds
    }

    private var limit: Timestamp { before(bounds.overdue) }

    private func before(_ duration: Duration) -> Timestamp {
        Timestamp(milliseconds: max(now.milliseconds - duration.milliseconds, 0))
    }

    /// - Parameter seenUntil: Requests that were received before have their alerts, as an earlier run of this has
    ///   said.
    /// - Returns: What is wrong, and the new `seenUntil`.
    public func run(seenUntil: Timestamp?) throws(StoreError) -> (facts: [AuditKind: AuditFact], seenUntil: Timestamp) {
        var facts = try dueWork()
        try addEvents(to: &facts)
        facts[.brokerAway] = try brokerAway()
        facts[.brokerLostMessages] = try brokerLostMessages()
        facts[.notificationsUnsettled] = try unsettled()
        facts[.notificationsForgotten] = try forgotten()
        facts[.alertsNotExpired] = try notExpired()
        facts[.alertsWithoutExpiry] = try withoutExpiry()
        let (missing, seenUntil) = try missingAlerts(seenUntil)
        facts[.alertsMissing] = missing
        return (facts, seenUntil)
    }

    // MARK: - Due work

    /// Free and overdue, or in somebody's hands for far too long.
    private func dueWork() throws(StoreError) -> [AuditKind: AuditFact] {
        var facts: [AuditKind: AuditFact] = [:]
        let rows =
            try overdueWork("kind <> 'webhook'", bounds.overdue)
            + overdueWork("kind = 'webhook'", bounds.webhookOverdue)
        for row in rows {
            guard let kind = AuditKind(dueWork: row.text(0)) else { continue }
            let oldest = Timestamp(milliseconds: row.integer(2))
            let words = kind == .timersOverdue ? "\(row.integer(1)) \(row.text(0))" : ""
            var fact = facts[kind] ?? AuditFact(count: 0, oldest: oldest)
            fact.count += Int(row.integer(1))
            fact.oldest = min(fact.oldest, oldest)
            fact.detail += fact.detail.isEmpty ? words : ", \(words)"
            facts[kind] = fact
        }
        return facts
    }

    private func overdueWork(_ kinds: SQL, _ bound: Duration) throws(StoreError) -> [SQLRow] {
        let free = before(bound).milliseconds
        let held = before(bound + bounds.inHand).milliseconds
        return try connection.execute(
            """
            SELECT kind, count(*), min(due_at) FROM due_work
            WHERE \(kinds) AND due_at <= \(free) AND (leased_until <= \(free) OR due_at <= \(held))
            GROUP BY kind ORDER BY kind
            """)
    }

    // MARK: - The broker

    private func brokerAway() throws(StoreError) -> AuditFact? {
        guard let seen = try BrokerContact(connection).seenAt(), seen <= limit else { return nil }
        let content = try Spool(connection).content()
        return AuditFact(count: content.count, oldest: seen, detail: "\(content.count) messages in the spool")
    }

    /// Within the time that is looked back upon.
    private func brokerLostMessages() throws(StoreError) -> AuditFact? {
        let cuts = try BrokerCuts(connection).partitions(after: before(Self.lookback))
        guard let first = cuts.first else { return nil }
        let names = Set(cuts.map(\.name)).sorted()
        return AuditFact(
            count: names.count, oldest: first.noticedAt,
            detail: names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : ""))
    }

    // MARK: - Events and those who take them

    private typealias Stuck = (count: Int, oldest: Timestamp, who: String)

    /// Events that are still in the log only, and those that a service has not taken.
    ///
    /// Consumers of `alert-events` go by the log's positions. Those of an embedded bus go by its offsets: it has at
    /// least one message for each event, so one whose offset is below an event's position has not seen the event;
    /// where there are repetitions, it can be behind by as many unnoticed.
    private func addEvents(to facts: inout [AuditKind: AuditFact]) throws(StoreError) {
        var notRelayed: [Stuck] = []
        var behind: [Stuck] = []
        for (category, topic) in Self.relays {
            for row in try partitions(category, topic) {
                let (log, end, relayed) = (row.text(0), row.integer(1), row.integer(2))
                if relayed < end, let oldest = try recorded(log, relayed + 1) {
                    notRelayed.append((Int(end - relayed), oldest, log))
                }
                guard topic == "alert-events" else { continue }
                let number = log.dropFirst(category.count + 1)
                for group in Self.consumers {
                    let next = try taken(by: group, "\(topic)/\(number)")
                    if next < relayed, let oldest = try recorded(log, next + 1) {
                        behind.append((Int(relayed - next), oldest, "\(group) \(log)"))
                    }
                }
            }
        }
        facts[.eventsNotRelayed] = late(notRelayed)
        facts[.consumersBehind] = late(behind)
    }

    /// How many events of a partition of `alert-events` a group has taken.
    private func taken(by group: String, _ partition: String) throws(StoreError) -> Int64 {
        let next = try Checkpoint(group: group, partition: "\(partition)@log", in: connection).next()
        if next > 0 { return next - 1 }
        return try Checkpoint(group: group, partition: partition, in: connection).next()
    }

    /// The log partitions of a category: name, position of the last event, position of the last one that has left.
    private func partitions(_ category: String, _ topic: String) throws(StoreError) -> [SQLRow] {
        try connection.execute(
            """
            SELECT p.partition_name, p.position, coalesce(c.next_offset, 0) FROM log_partitions p
            LEFT JOIN checkpoints c
            ON c.consumer_group = \("relay-\(topic)") AND c.partition_name = p.partition_name
            WHERE p.partition_name LIKE \("\(category)/%") ORDER BY p.partition_name
            """)
    }

    private func late(_ found: [Stuck]) -> AuditFact? {
        let late = found.filter { $0.oldest <= limit }
        guard let oldest = late.map(\.oldest).min() else { return nil }
        return AuditFact(
            count: late.reduce(0) { $0 + $1.count }, oldest: oldest,
            detail: late.prefix(4).map(\.who).joined(separator: ", ") + (late.count > 4 ? ", …" : ""))
    }

    private func recorded(_ partition: String, _ position: Position) throws(StoreError) -> Timestamp? {
        try connection.execute(
            "SELECT recorded_at FROM events WHERE partition_name = \(partition) AND position = \(position)"
        ).first.map { Timestamp(milliseconds: $0.integer(0)) }
    }

    // MARK: - Notifications

    private func unsettled() throws(StoreError) -> AuditFact? {
        try fact(
            """
            SELECT count(*), min(updated_at) FROM notifications
            WHERE status = 'sending' AND updated_at <= \(before(bounds.unsettled).milliseconds)
            """)
    }

    private func forgotten() throws(StoreError) -> AuditFact? {
        try fact(
            """
            SELECT count(*), min(n.updated_at) FROM notifications n
            WHERE n.status = 'pending' AND n.updated_at <= \(limit.milliseconds)
            AND NOT EXISTS (SELECT 1 FROM due_work d WHERE d.kind = 'notification' AND d.id = n.id)
            """)
    }

    // MARK: - Alerts

    private func notExpired() throws(StoreError) -> AuditFact? {
        try fact(
            """
            SELECT count(*), min(d.due_at) FROM due_work d JOIN alerts a ON a.id = d.id
            WHERE d.kind = 'alert-expiry' AND d.due_at <= \(limit.milliseconds)
            AND a.status IN ('ACTIVE', 'SUSPENDED')
            """)
    }

    private func withoutExpiry() throws(StoreError) -> AuditFact? {
        try fact(
            """
            SELECT count(*), min(a.created_at) FROM alerts a
            WHERE a.status IN ('ACTIVE', 'SUSPENDED') AND a.created_at <= \(limit.milliseconds)
            AND NOT EXISTS (SELECT 1 FROM due_work d WHERE d.kind = 'alert-expiry' AND d.id = a.id)
            """)
    }

    /// Requests that were carried out, have a number for an alert, and no alert with it.
    private func missingAlerts(_ seenUntil: Timestamp?) throws(StoreError) -> (AuditFact?, Timestamp) {
        let from = max(seenUntil ?? before(Self.lookback), before(Self.lookback))
        let rows = try connection.execute(
            """
            SELECT r.received_at FROM activities r JOIN alert_numbers n ON n.reservation = r.request_id || '/0'
            WHERE r.status = 'COMPLETED' AND r.received_at >= \(from.milliseconds)
            AND r.received_at <= \(limit.milliseconds)
            AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.number = n.number)
            ORDER BY r.received_at LIMIT \(Self.countLimit)
            """)
        let running = try connection.execute(
            """
            SELECT min(received_at) FROM activities WHERE status = 'RUNNING' AND received_at >= \(from.milliseconds)
            """)[0].optionalInteger(0)
        let firstMissing = rows.first?.integer(0)
        let open = [firstMissing, running].compactMap { $0 }.min().map(Timestamp.init(milliseconds:))
        let fact = firstMissing.map { oldest in
            AuditFact(
                count: rows.count, oldest: Timestamp(milliseconds: oldest),
                detail: rows.count == Self.countLimit ? "at least" : "")
        }
        return (fact, max(from, min(open ?? limit, limit)))
    }

    /// Of a count and a time.
    private func fact(_ statement: SQL) throws(StoreError) -> AuditFact? {
        guard let row = try connection.execute(statement).first, row.integer(0) > 0 else { return nil }
        return AuditFact(count: Int(row.integer(0)), oldest: Timestamp(milliseconds: row.optionalInteger(1) ?? 0))
    }
}
