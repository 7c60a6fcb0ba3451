import AlertCore
import Metrics
import Persistence

// What people want done with deliveries.
extension DeliveryLanes {
    /// How long an order waits whose delivery is being attempted.
    private static let attemptPause = Duration.seconds(1)

    /// Carries out orders, by delivery. The lanes do so, since nobody else knows what is in memory.
    func carryOut(_ orders: [String: (order: DeliveryOrder, payload: String)]) async throws {
        let taken = orders.keys.filter(inHand.take)
        do {
            let found = try await works(of: taken)
            try await makeLanes(for: found)
            var refused = Set(taken)
            for work in found.sorted(by: { $0.request.sequence < $1.request.sequence }) {
                let id = work.request.id
                guard let (order, payload) = orders[id], let command = order.command,
                    let events = try? WebhookDelivery.decide(Timed(command, at: now()), work.state),  // then refused
                    !events.isEmpty
                else { continue }
                refused.remove(id)
                record(work, [command], due: nil, disables: nil, order: payload)
                Counter(label: "tocsin_webhooks_ordered_total", dimensions: [("order", order.name)]).increment()
                logger.info(
                    "webhook \(order.name)",
                    metadata: ["webhook-id": "\(id)", "integration": "\(work.request.integration.name)"])
            }
            let nothingLeft = Array(refused)
            let busy = orders.keys.filter { !taken.contains($0) }
            let later = now().advanced(by: Self.attemptPause)
            try await database.retrying { connection in
                let work = DueWork(connection)
                for id in nothingLeft {
                    try work.finish(id, kind: DeliveryOrders.dueKind, payload: orders[id]?.payload ?? "")
                }
                try work.postpone(busy, kind: DeliveryOrders.dueKind, until: later)
            }
        } catch {
            taken.forEach(inHand.release)
            throw error
        }
        taken.forEach(inHand.release)
    }
}

extension DeliveryOrder {
    /// `nil` for one that is not for a delivery.
    var command: WebhookDelivery.Command? {
        switch self {
        case .redrive(let person, let cause): .redrive(by: person, cause: cause)
        case .cancel(let person, let cause): .cancel(by: person, cause: cause)
        case .replay: nil
        }
    }

    var name: String {
        switch self {
        case .redrive: "redriven"
        case .cancel: "cancelled"
        case .replay: "replayed"
        }
    }
}
