import AlertCore

/// What a person wants done with a delivery, or a replay that goes on: due work for whoever owns the lane.
public enum DeliveryOrder: Codable, Equatable, Sendable {
    case redrive(by: PersonReference, cause: String)
    case cancel(by: PersonReference, cause: String)
    /// The item's id is that of a ``Replay``.
    case replay
}

/// Orders to the lanes, spread over time.
public struct DeliveryOrders {
    public static let dueKind = "webhook-order"
    /// How many deliveries one command can order.
    public static let limit = 10_000

    /// Which deliveries an order is for: those of the filter that it can change, and that no other order is on its way
    /// for.
    public struct Selection: Sendable {
        public let total: Int
        public let rows: [WebhookDeliveryRow]
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// In the order of their requests; of one alert, in the alert's order.
    /// - Parameter isCancelling: Then what waits only, also when it is about to be redriven.
    public func select(
        _ filter: DeliveryFilter, isCancelling: Bool, limit: Int
    ) throws(StoreError) -> Selection {
        let free: SQL =
            isCancelling
            ? "d.status = 'parked'"
            : """
            d.status IN ('parked', 'exhausted', 'cancelled')
            AND NOT EXISTS (SELECT 1 FROM due_work w WHERE w.kind = \(Self.dueKind) AND w.id = d.id)
            """
        let condition: SQL = "\(filter.condition) AND \(free) AND d.status <> 'delivered'"
        let total = try connection.execute("SELECT count(*) FROM webhook_deliveries d WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            \(WebhookDeliveries.select) WHERE \(condition)
            ORDER BY d.created_at, d.alert_id, d.sequence, d.id LIMIT \(limit)
            """
        ).map(WebhookDeliveries.decode)
        return Selection(total: Int(total), rows: rows)
    }

    /// Has the order carried out for each of the rows, `rate` of them a second, in their order.
    /// - Parameter schedule: The newest of the bus.
    public func give(
        _ order: DeliveryOrder, for rows: [WebhookDeliveryRow], rate: Int, schedule: PartitionSchedule,
        at now: Timestamp
    ) throws {
        let payload = try JSON.encode(order)
        let work = DueWork(connection)
        for start in stride(from: 0, to: rows.count, by: 500) {
            let chunk = rows[start...].prefix(500)
            try work.finish(chunk.map(\.id), kind: Self.dueKind)
            try connection.insert(
                chunk.enumerated().map { index, row in
                    let due = now.advanced(by: .milliseconds((start + index) * 1000 / rate))
                    let partition = row.lanePartition(schedule)
                    return [
                        .text(Self.dueKind), .text(row.id), .integer(Int64(partition)), .text(payload),
                        .integer(due.milliseconds), .integer(0),
                    ]
                }, into: "due_work",
                columns: ["kind", "id", "partition_number", "payload", "due_at", "leased_until"])
        }
    }

    /// How many orders are on their way.
    public func pending() throws(StoreError) -> Int {
        Int(try connection.execute("SELECT count(*) FROM due_work WHERE kind = \(Self.dueKind)")[0].integer(0))
    }
}
