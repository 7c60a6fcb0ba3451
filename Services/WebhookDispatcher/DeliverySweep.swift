import AlertCore
import Logging
import Messaging
import Metrics
import Persistence

/// Finds deliveries that wait for nothing: parked, the first of their alert, and without due work. Whatever lost it,
/// they get it again.
struct DeliverySweep: Sendable {
    /// How long a delivery has been unchanged before it counts as lost.
    static let grace = Duration.seconds(60)
    static let interval = Duration.seconds(30)
    /// Deliveries that are looked at together.
    static let batchLimit = 500

    let database: any SQLDatabase
    /// Of the bus.
    let partitions: Partitions
    let now: Clock
    let logger: Logger

    /// Until cancelled.
    func run() async {
        while !Task.isCancelled {
            await retryingForever(logger: logger, what: "the sweep of deliveries") { _ = try await sweep() }
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Looks at all that waits, some at a time.
    /// - Returns: The ids of those that were lost.
    func sweep() async throws -> [String] {
        let moment = now()
        let limit = Timestamp(milliseconds: max(0, moment.milliseconds - Self.grace.milliseconds))
        var place: (createdAt: Int64, id: String)? = (-1, "")
        var healed: [String] = []
        while let after = place, !Task.isCancelled {
            let found = try await database.reading {
                try WebhookDeliveries($0).lost(unchangedSince: limit, after: after, count: Self.batchLimit)
            }
            place = found.next
            guard !found.rows.isEmpty else { continue }
            try await database.retrying { [partitions] connection in
                let schedule = try partitions.schedule(in: connection)
                for row in found.rows {
                    try DueWork(connection).add(
                        row.id, kind: WebhookDeliveries.dueKind,
                        partition: row.lanePartition(schedule), payload: "{}", at: moment)
                }
            }
            healed += found.rows.map(\.id)
            Counter(label: "tocsin_webhooks_healed_total").increment(by: found.rows.count)
            logger.warning(
                "deliveries waited for nothing and go on",
                metadata: ["count": "\(found.rows.count)", "first": "\(found.rows[0].id)"])
        }
        return healed
    }
}
