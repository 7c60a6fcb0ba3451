import AlertCore

/// One delivery as lanes and pages see it.
public struct WebhookDeliveryRow: Equatable, Sendable {
    public let id: String
    public let integration: String
    public let alert: String
    public let sequence: Int64
    public let status: WebhookDelivery.Phase
    /// Why it waits, or why it was not requested; empty otherwise.
    public let reason: String
    public let attempts: Int
    public let version: Version
    public let updatedAt: Timestamp
    public var alertNumber: Int64 = 0
    /// `nil` in older rows.
    public var trigger: Trigger?
    /// When it was requested.
    public var createdAt: Timestamp
    /// When it goes on, of what waits.
    public var until: Timestamp?
    /// The reason in words, at most ``detailLimit`` characters of it.
    public var detail = ""
    /// The version of the integration's configuration by which it was requested, or was not.
    public var configuration: Int64?
    /// The id of the replay that requested it.
    public var replay: String?

    public static let detailLimit = 300
}

/// The webhook deliveries: what waits, and why.
public struct WebhookDeliveries {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    private static let columns = [
        "id", "integration_id", "alert_id", "sequence", "status", "reason", "attempts", "version", "updated_at",
        "alert_number", "occasion", "created_at", "until_at", "detail", "configuration", "replay_id",
    ]

    /// Inserts or replaces rows; one at the same or a later version is left as it is.
    public func put(_ rows: [WebhookDeliveryRow]) throws(StoreError) {
        for row in rows {
            try connection.execute(
                """
                INSERT INTO webhook_deliveries
                (id, integration_id, alert_id, sequence, status, reason, attempts, version, updated_at,
                alert_number, occasion, created_at, until_at, detail, configuration, replay_id)
                VALUES (\(row.id), \(row.integration), \(row.alert), \(row.sequence), \(row.status.rawValue),
                \(row.reason), \(row.attempts), \(row.version), \(row.updatedAt.milliseconds), \(row.alertNumber),
                \(row.trigger?.rawValue ?? ""), \(row.createdAt.milliseconds),
                CAST(\((row.until?.milliseconds).sqlValue) AS BIGINT), \(row.detail),
                CAST(\(row.configuration.sqlValue) AS BIGINT), \(row.replay.sqlValue))
                ON CONFLICT (id) DO UPDATE SET status = excluded.status, reason = excluded.reason,
                attempts = excluded.attempts, version = excluded.version, updated_at = excluded.updated_at,
                until_at = excluded.until_at, detail = excluded.detail
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
                    .integer(row.version), .integer(row.updatedAt.milliseconds), .integer(row.alertNumber),
                    .text(row.trigger?.rawValue ?? ""), .integer(row.createdAt.milliseconds),
                    (row.until?.milliseconds).sqlValue, .text(row.detail), row.configuration.sqlValue,
                    row.replay.sqlValue,
                ]
            }, into: "webhook_deliveries", columns: Self.columns)
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

    /// Whether the integration has got something since, whichever lane of it sent it.
    public func hasDelivered(to integration: String, after moment: Timestamp) throws(StoreError) -> Bool {
        try !connection.execute(
            """
            SELECT 1 FROM webhook_deliveries WHERE integration_id = \(integration) AND status = 'delivered'
            AND updated_at > \(moment.milliseconds) LIMIT 1
            """
        ).isEmpty
    }

    /// Those of the deliveries that wait behind an earlier one of the same integration and alert.
    public func waitingBehind(_ ids: [String]) throws(StoreError) -> Set<String> {
        let rows = try connection.execute(
            """
            SELECT d.id FROM webhook_deliveries d WHERE d.id IN \(list: ids) AND EXISTS (
                SELECT 1 FROM webhook_deliveries e WHERE e.integration_id = d.integration_id AND e.status = 'parked'
                AND e.alert_id = d.alert_id AND e.sequence < d.sequence)
            """)
        return Set(rows.map { $0.text(0) })
    }

    static let select: SQL = """
        SELECT id, integration_id, alert_id, sequence, status, reason, attempts, version, updated_at,
        alert_number, occasion, created_at, until_at, detail, configuration, replay_id
        FROM webhook_deliveries d
        """

    static func decode(_ row: SQLRow) -> WebhookDeliveryRow {
        WebhookDeliveryRow(
            id: row.text(0), integration: row.text(1), alert: row.text(2), sequence: row.integer(3),
            status: WebhookDelivery.Phase(rawValue: row.text(4)) ?? .unknown, reason: row.text(5),
            attempts: Int(row.integer(6)), version: row.integer(7),
            updatedAt: Timestamp(milliseconds: row.integer(8)), alertNumber: row.integer(9),
            trigger: Trigger(rawValue: row.text(10)), createdAt: Timestamp(milliseconds: row.integer(11)),
            until: row.optionalInteger(12).map(Timestamp.init(milliseconds:)), detail: row.text(13),
            configuration: row.optionalInteger(14), replay: row.optionalText(15))
    }
}

extension WebhookDeliveryRow {
    /// - Parameter createdAt: When it was requested; `nil` for `updatedAt`.
    public init(
        id: String, integration: String, alert: String, sequence: Int64, status: WebhookDelivery.Phase,
        reason: WebhookDelivery.Parking.Reason?, attempts: Int, version: Version, updatedAt: Timestamp,
        createdAt: Timestamp? = nil
    ) {
        self.init(
            id: id, integration: integration, alert: alert, sequence: sequence, status: status,
            reason: reason?.rawValue ?? "", attempts: attempts, version: version, updatedAt: updatedAt,
            createdAt: createdAt ?? updatedAt)
    }

    /// The row of a delivery after its newest event.
    public init(
        _ request: WebhookDelivery.Request, _ state: WebhookDelivery.State, last event: WebhookDelivery.Event?,
        version: Version, at now: Timestamp
    ) {
        var reason = ""
        var (until, detail) = (Timestamp?.none, "")
        switch event {
        case .parked(let parking, _): (reason, until, detail) = (parking.reason.rawValue, parking.until, parking.detail)
        case .cancelled(let person, _, _): detail = "given up by \(person.targetName)"
        default: break
        }
        self.init(
            id: request.id, integration: request.integration.id, alert: request.alert, sequence: request.sequence,
            status: state.phase, reason: reason, attempts: state.attempts, version: version, updatedAt: now,
            alertNumber: request.alertNumber, trigger: request.trigger, createdAt: now, until: until,
            detail: String(detail.prefix(Self.detailLimit)), configuration: request.configuration,
            replay: request.replay)
    }

    public init(_ skip: WebhookDelivery.Skip, at now: Timestamp) {
        self.init(
            id: skip.id, integration: skip.integration.id, alert: skip.alert, sequence: skip.sequence,
            status: .skipped, reason: skip.reason.rawValue, attempts: 0, version: 1, updatedAt: now,
            alertNumber: skip.alertNumber, trigger: skip.trigger, createdAt: now,
            detail: String(skip.detail.prefix(Self.detailLimit)), configuration: skip.configuration)
    }
}
