import AlertCore

/// What follows from the log and is kept beside it, so that it can be found: made from a stream's events by the code
/// that also follows them as they come.
///
/// Not made from the log, although they look like it: `rotation_counts` and `rotation_alerts` (which shifts were
/// counted is a matter of the directory at that time), `webhook_failures` (a lane's own reckoning),
/// `notification_receipts`.
public enum ReadModels {
    /// A table, and by which column its rows belong to a stream.
    struct Model: Sendable {
        let table: String
        let owner: String
        /// What tells apart the rows of one owner; empty when there is one.
        var part = ""
        /// What the owner's stream begins with; empty for a table that belongs to another table's rows.
        var prefix = ""
    }

    static let models = [
        Model(table: "alerts", owner: "id", prefix: "alert-"),
        Model(table: "alert_properties", owner: "alert_id", part: "name", prefix: "alert-"),
        Model(table: "alert_suppressions", owner: "alert_id", prefix: "alert-"),
        Model(table: "alert_texts", owner: "number"),
        Model(table: "attachment_uses", owner: "alert_id", part: "attachment_id", prefix: "alert-"),
        Model(table: "notifications", owner: "id", prefix: "notification-"),
        Model(table: "webhook_deliveries", owner: "id", prefix: "delivery-"),
    ]

    /// Whether read models follow from the events of a partition.
    static func isBehind(_ partition: String) -> Bool {
        ["alert/", "notification/", "delivery/", "fan-out/"].contains { partition.hasPrefix($0) }
    }

    /// The streams whose first events are the next of a partition.
    static func beginnings(
        in partition: String, after position: Position, limit: Int, _ connection: any SQLConnection
    ) throws(StoreError) -> (streams: [String], last: Position)? {
        let rows = try connection.execute(
            """
            SELECT stream, position FROM events WHERE partition_name = \(partition) AND position > \(position)
            AND version = 1 ORDER BY position LIMIT \(limit)
            """)
        guard let last = rows.last else { return nil }
        return (rows.map { $0.text(0) }, last.integer(1))
    }

    /// Writes the rows of streams that have none yet.
    static func apply(streams: [String], in connection: any SQLConnection) throws {
        let events = try EventLog(connection).read(streams: streams)
        let byStream = Dictionary(grouping: events, by: \.stream)
        var alerts: [(id: String, version: Version, events: [Alert.Event])] = []
        var deliveries: [WebhookDeliveryRow] = []
        for stream in streams {
            guard let events = byStream[stream], let last = events.last else { continue }
            if let id = id(stream, of: Alert.category) {
                alerts.append((id, last.version, try events.map { try EventCodec.decode($0.data) }))
            } else if let id = id(stream, of: Notification.category) {
                try apply(notification: id, events, in: connection)
            } else if id(stream, of: WebhookDelivery.category) != nil {
                if let row = try delivery(events) { deliveries.append(row) }
            }
        }
        try Alerts(connection).apply(alerts)
        try WebhookDeliveries(connection).insert(deliveries)
    }

    private static func id(_ stream: String, of category: String) -> String? {
        stream.hasPrefix("\(category)-") ? String(stream.dropFirst(category.count + 1)) : nil
    }

    /// Event by event, as what it waited for last stays in the row.
    private static func apply(
        notification id: String, _ events: [RecordedEvent], in connection: any SQLConnection
    ) throws {
        var state = Notification.initial
        for recorded in events {
            let event: Notification.Event = try EventCodec.decode(recorded.data)
            state = Notification.evolve(state, event)
            let outcome = CommandOutcome<Notification>(
                id: id, result: .success([event]), state: state, version: recorded.version)
            try Notifications(connection).apply([outcome], at: recorded.recordedAt)
        }
    }

    private static func delivery(_ recorded: [RecordedEvent]) throws -> WebhookDeliveryRow? {
        let events: [WebhookDelivery.Event] = try recorded.map { try EventCodec.decode($0.data) }
        guard let first = recorded.first, let last = recorded.last else { return nil }
        switch events.first {
        case .skipped(let skip, _): return WebhookDeliveryRow(skip, at: last.recordedAt)
        case .requested(let request, _):
            let state = events.reduce(WebhookDelivery.initial) { WebhookDelivery.evolve($0, $1) }
            var row = WebhookDeliveryRow(
                request, state, last: events.last, version: last.version, at: last.recordedAt)
            row.createdAt = first.recordedAt
            return row
        default: return nil
        }
    }
}
