import AlertCore

/// One delivery as lanes and pages see it.
public struct WebhookDeliveryRow: Equatable, Sendable {
    public let id: String
    public let integration: String
    public let alert: String
    public let sequence: Int64
    public let status: WebhookDelivery.Phase
    public let reason: String
    public let attempts: Int
    public let version: Version
    public let updatedAt: Timestamp
}

/// The webhook deliveries: what waits, and why.
public struct WebhookDeliveries {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Inserts or replaces rows; one at the same or a later version is left as it is.
    public func put(_ rows: [WebhookDeliveryRow]) throws(StoreError) {
        for row in rows {
            try connection.execute(
                """
                INSERT INTO webhook_deliveries
                (id, integration_id, alert_id, sequence, status, reason, attempts, version, updated_at)
                VALUES (\(row.id), \(row.integration), \(row.alert), \(row.sequence), \(row.status.rawValue),
                \(row.reason), \(row.attempts), \(row.version), \(row.updatedAt.milliseconds))
                ON CONFLICT (id) DO UPDATE SET status = excluded.status, reason = excluded.reason,
                attempts = excluded.attempts, version = excluded.version, updated_at = excluded.updated_at
                WHERE webhook_deliveries.version < excluded.version
                """)
        }
    }

    /// Inserts rows that are known to be new, all at once.
    public func insert(_ rows: [WebhookDeliveryRow]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        try connection.insert(
            rows.map { row in
                [
                    .text(row.id), .text(row.integration), .text(row.alert), .integer(row.sequence),
                    .text(row.status.rawValue), .text(row.reason), .integer(Int64(row.attempts)),
                    .integer(row.version), .integer(row.updatedAt.milliseconds),
                ]
            }, into: "webhook_deliveries",
            columns: [
                "id", "integration_id", "alert_id", "sequence", "status", "reason", "attempts", "version",
                "updated_at",
            ])
    }

    public func get(_ ids: [String]) throws(StoreError) -> [WebhookDeliveryRow] {
        try connection.execute("\(Self.select) WHERE id IN \(list: ids)").map(Self.decode)
    }

    public func ofAlert(_ alert: String) throws(StoreError) -> [WebhookDeliveryRow] {
        try connection.execute("\(Self.select) WHERE alert_id = \(alert) ORDER BY sequence, id").map(Self.decode)
    }

    /// The alerts for which something waits, for each of the integrations: how many deliveries.
    public func waiting(for integrations: [String]) throws(StoreError) -> [String: [String: Int]] {
        var waiting: [String: [String: Int]] = [:]
        guard !integrations.isEmpty else { return waiting }
        let rows = try connection.execute(
            """
            SELECT integration_id, alert_id, count(*) FROM webhook_deliveries
            WHERE integration_id IN \(list: integrations) AND status = 'parked' GROUP BY integration_id, alert_id
            """)
        for row in rows { waiting[row.text(0), default: [:]][row.text(1)] = Int(row.integer(2)) }
        return waiting
    }

    /// The next delivery that waits for an integration and alert, in the order of the alert.
    public func firstWaiting(integration: String, alert: String) throws(StoreError) -> WebhookDeliveryRow? {
        try connection.execute(
            """
            \(Self.select) WHERE integration_id = \(integration) AND status = 'parked' AND alert_id = \(alert)
            ORDER BY sequence LIMIT 1
            """
        ).first.map(Self.decode)
    }

    private static let select: SQL = """
        SELECT id, integration_id, alert_id, sequence, status, reason, attempts, version, updated_at
        FROM webhook_deliveries
        """

    private static func decode(_ row: SQLRow) -> WebhookDeliveryRow {
        WebhookDeliveryRow(
            id: row.text(0), integration: row.text(1), alert: row.text(2), sequence: row.integer(3),
            status: WebhookDelivery.Phase(rawValue: row.text(4)) ?? .unknown, reason: row.text(5),
            attempts: Int(row.integer(6)), version: row.integer(7),
            updatedAt: Timestamp(milliseconds: row.integer(8)))
    }
}

extension WebhookDeliveryRow {
    public init(
        id: String, integration: String, alert: String, sequence: Int64, status: WebhookDelivery.Phase,
        reason: WebhookDelivery.Parking.Reason?, attempts: Int, version: Version, updatedAt: Timestamp
    ) {
        self.init(
            id: id, integration: integration, alert: alert, sequence: sequence, status: status,
            reason: reason?.rawValue ?? "", attempts: attempts, version: version, updatedAt: updatedAt)
    }
}
