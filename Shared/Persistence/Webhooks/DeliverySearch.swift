import AlertCore

/// Which deliveries somebody wants to see. An empty filter lets everything through.
public struct DeliveryFilter: Codable, Equatable, Sendable {
    public var ids: [String] = []
    /// Ids, and those of callbacks' lanes.
    public var integrations: [String] = []
    /// An id.
    public var alert: String?
    public var statuses: [WebhookDelivery.Phase] = []
    /// `WebhookDelivery.Parking.Reason` or `DeliveryRefusal.Reason`.
    public var reasons: [String] = []
    /// Requested at that time or later.
    public var from: Timestamp?
    /// Requested before that time.
    public var to: Timestamp?
    public var replay: String?

    public init() {}

    var condition: SQL {
        var conditions: [SQL] = []
        if !ids.isEmpty { conditions.append("d.id IN \(list: ids)") }
        if !integrations.isEmpty { conditions.append("d.integration_id IN \(list: integrations)") }
        if let alert { conditions.append("d.alert_id = \(alert)") }
        if !statuses.isEmpty { conditions.append("d.status IN \(list: statuses.map(\.rawValue))") }
        // The words of the partial index, so that it can be used.
        if !statuses.isEmpty, !statuses.contains(.delivered) { conditions.append("d.status <> 'delivered'") }
        if !reasons.isEmpty { conditions.append("d.reason IN \(list: reasons)") }
        if let from { conditions.append("d.created_at >= \(from.milliseconds)") }
        if let to { conditions.append("d.created_at < \(to.milliseconds)") }
        if let replay { conditions.append("d.replay_id = \(replay)") }
        return conditions.joinedByAnd()
    }
}

extension WebhookDeliveries {
    /// One page, newest first, and how many there are in all.
    /// - Parameter after: The last row of the page before: pages that are asked for so neither skip nor repeat a row,
    ///   whatever comes and goes meanwhile. `offset` is counted from there.
    public func list(
        _ filter: DeliveryFilter, after: WebhookDeliveryRow? = nil, offset: Int, limit: Int
    ) throws(StoreError) -> (total: Int, rows: [WebhookDeliveryRow]) {
        let condition = filter.condition
        let total = try connection.execute("SELECT count(*) FROM webhook_deliveries d WHERE \(condition)")[0].integer(0)
        let place: SQL =
            if let after { "(d.created_at, d.id) < (\(after.createdAt.milliseconds), \(after.id))" } else { "1 = 1" }
        let rows = try connection.execute(
            """
            \(Self.select) WHERE \(condition) AND \(place) ORDER BY d.created_at DESC, d.id DESC
            LIMIT \(limit) OFFSET \(offset)
            """
        ).map(Self.decode)
        return (Int(total), rows)
    }

    /// How many there are in each status.
    public func counts(_ filter: DeliveryFilter) throws(StoreError) -> [WebhookDelivery.Phase: Int] {
        let rows = try connection.execute(
            "SELECT d.status, count(*) FROM webhook_deliveries d WHERE \(filter.condition) GROUP BY d.status")
        return Dictionary(
            rows.compactMap { row in WebhookDelivery.Phase(rawValue: row.text(0)).map { ($0, Int(row.integer(1))) } }
        ) { $0 + $1 }
    }

    /// How many deliveries of an integration wait, `limit` at most.
    public func waitingCount(of integration: String, limit: Int) throws(StoreError) -> Int {
        Int(
            try connection.execute(
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM webhook_deliveries WHERE integration_id = \(integration) AND status = 'parked'
                    LIMIT \(limit)) w
                """)[0].integer(0))
    }

    /// Deliveries that wait although nothing would take them up: the first of their alert, without due work, and
    /// unchanged since `limit`. Looks at `count` waiting ones after `place`, oldest first.
    /// - Returns: The lost ones, and the place to go on from; `nil` when all were looked at.
    public func lost(
        unchangedSince limit: Timestamp, after place: (createdAt: Int64, id: String), count: Int
    ) throws(StoreError) -> (rows: [WebhookDeliveryRow], next: (createdAt: Int64, id: String)?) {
        let looked = try connection.execute(
            """
            SELECT d.created_at, d.id FROM webhook_deliveries d
            WHERE d.status = 'parked' AND d.status <> 'delivered'
            AND (d.created_at, d.id) > (\(place.createdAt), \(place.id))
            ORDER BY d.created_at, d.id LIMIT \(count)
            """)
        let rows = try connection.execute(
            """
            \(Self.select) WHERE d.id IN \(list: looked.map { $0.text(1) }) AND d.status = 'parked'
            AND d.updated_at <= \(limit.milliseconds)
            AND NOT EXISTS (SELECT 1 FROM due_work w WHERE w.kind = \(Self.dueKind) AND w.id = d.id)
            AND NOT EXISTS (
                SELECT 1 FROM webhook_deliveries e WHERE e.integration_id = d.integration_id
                AND e.status = 'parked' AND e.alert_id = d.alert_id AND e.sequence < d.sequence)
            """
        ).map(Self.decode)
        guard looked.count == count, let last = looked.last else { return (rows, nil) }
        return (rows, (last.integer(0), last.text(1)))
    }

    /// The kind of due work that takes up a delivery that waits.
    public static let dueKind = "webhook"
}
