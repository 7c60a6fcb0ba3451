import AlertCore
import Persistence

/// What the database holds at the end of a run, as values.
struct Snapshot {
    struct Due {
        let kind: String
        let id: String
        let dueAt: Int64
    }

    /// By log partition, in order.
    var log: [String: [RecordedEvent]] = [:]
    /// By log partition: the position and hash of its end.
    var heads: [String: (position: Int64, hash: String)] = [:]
    var due: [Due] = []
    var activities: [String: Activity.Status] = [:]
    var deliveries: [String: WebhookDeliveryRow] = [:]
    var notifications: [String: NotificationRow] = [:]
    /// Every column of the table, by id.
    var alerts: [String: [String]] = [:]
    var deadLetters: [String] = []
    var audit: [String] = []
    /// Losses of the broker's that were noted: the self-audit names them as well.
    var brokerCuts = 0

    var events: [RecordedEvent] { log.sorted { $0.key < $1.key }.flatMap(\.value) }

    static let alertColumns = [
        "id", "number", "status", "priority", "plan_id", "form_id", "submitter", "request_id", "integration_id",
        "created_at", "version", "document", "event_type", "terminated_at", "flood_control",
    ]

    init() {}

    init(_ connection: any SQLConnection, at now: Timestamp) throws {
        for row in try connection.execute("SELECT partition_name, position, hash FROM log_partitions") {
            let name = row.text(0)
            heads[name] = (row.integer(1), row.text(2))
            let parts = name.split(separator: "/")
            let partition = LogPartition(String(parts[0]), Int(parts[1]) ?? 0)
            log[name] = try EventLog(connection).read(partition, after: 0, limit: 1_000_000)
        }
        due = try connection.execute("SELECT kind, id, due_at FROM due_work ORDER BY kind, id").map {
            Due(kind: $0.text(0), id: $0.text(1), dueAt: $0.integer(2))
        }
        for row in try connection.execute("SELECT request_id, status FROM activities") {
            activities[row.text(0)] = Activity.Status(rawValue: row.text(1))
        }
        let deliveryIds = try connection.execute("SELECT id FROM webhook_deliveries").map { $0.text(0) }
        for row in try WebhookDeliveries(connection).get(deliveryIds) { deliveries[row.id] = row }
        let notificationIds = try connection.execute("SELECT id FROM notifications").map { $0.text(0) }
        for row in try Notifications(connection).get(notificationIds) { notifications[row.plan.id] = row }
        alerts = try Self.alerts(connection)
        deadLetters = try connection.execute("SELECT topic, reason FROM dead_letters").map {
            "\($0.text(0)): \($0.text(1))"
        }
        let cuts = Int(try connection.execute("SELECT count(*) FROM broker_cuts")[0].integer(0))
        brokerCuts = cuts
        audit = try AuditChecks(connection, at: now, AuditBounds()).run(seenUntil: nil).facts
            .filter { $0.key != .brokerLostMessages || cuts == 0 }
            .sorted { "\($0.key)" < "\($1.key)" }.map { "\($0.key): \($0.value.count) \($0.value.detail)" }
    }

    static func alerts(_ connection: any SQLConnection) throws -> [String: [String]] {
        let columns = SQL(stringLiteral: alertColumns.joined(separator: ", "))
        var alerts: [String: [String]] = [:]
        for row in try connection.execute("SELECT \(columns) FROM alerts") {
            alerts[row.text(0)] = alertColumns.indices.map { column in
                row.optionalText(column) ?? row.optionalInteger(column).map(String.init) ?? "NULL"
            }
        }
        return alerts
    }

    /// The alerts as the log alone says them, made in an empty database.
    func rebuiltAlerts(in connection: any SQLConnection) throws -> [String: [String]] {
        for (stream, events) in Dictionary(grouping: events.filter { $0.stream.hasPrefix("alert-") }, by: \.stream) {
            let sorted = events.sorted { $0.version < $1.version }
            let decoded = try sorted.map { try EventCodec<Alert.Event>.decode($0.data) }
            try Alerts(connection).apply([(String(stream.dropFirst(6)), sorted.last?.version ?? 0, decoded)])
        }
        return try Self.alerts(connection)
    }
}
