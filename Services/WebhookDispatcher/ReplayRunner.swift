import AlertCore
import Foundation
import Logging
import Messaging
import Persistence

/// Moves replays on, a step at a time. A step reads the next events, publishes their deliveries to the lanes, and then
/// saves how far it has come: after a crash in between it is repeated, and makes the same deliveries, which are there.
struct ReplayRunner: Sendable {
    /// How many deliveries of the integration may wait before the replay does.
    static let waitingLimit = 1000
    static let waitingPause = Duration.seconds(5)

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let partition: Int
    let now: Clock
    let logger: Logger

    /// One step of a replay: about a second's deliveries.
    func step(_ id: String) async throws {
        let view = try await directory.refreshed()
        guard let replay = try await database.reading({ try Replays($0).get(id) }), replay.status == .running else {
            return try await database.retrying { try DueWork($0).finish([id], kind: DeliveryOrders.dueKind) }
        }
        guard let integration = view.integrations[replay.integration] else {
            var failed = replay
            failed.status = .failed
            failed.problem = "the integration has been deleted"
            return try await save(failed, from: replay, next: nil)
        }
        let waiting = try await database.reading {
            try WebhookDeliveries($0).waitingCount(of: replay.integration, limit: Self.waitingLimit)
        }
        guard waiting < Self.waitingLimit else { return try await save(replay, from: replay, next: Self.waitingPause) }
        let scan = try await database.reading { try ReplayScan(replay, to: integration, limit: replay.rate, in: $0) }
        try await bus.publish(
            try scan.candidates.map { candidate in
                let request = try WebhookDelivery.Request(
                    AlertEventMessage(candidate.recorded),
                    of: FanOut.Subject(
                        details: candidate.alert.details, startedAt: candidate.alert.createdAt,
                        status: candidate.alert.status), to: integration, trigger: candidate.payload.trigger,
                    body: try JSON.encode(candidate.payload.body), in: view, replay: id)
                return try request.outgoing()
            }, to: .webhookDeliveries)
        var after = scan.after
        if after.isComplete { after.status = .done }
        let pause = Duration.milliseconds(scan.candidates.count * 1000 / replay.rate)
        try await save(after, from: replay, next: after.isComplete ? nil : pause)
        logger.info(
            "replay moved on",
            metadata: [
                "replay": "\(id)", "integration": "\(integration.name)", "sent": "\(after.sent)",
                "scanned": "\(after.scanned)", "status": "\(after.status.rawValue)",
            ])
    }

    /// Unless somebody else has moved it on; what was cancelled meanwhile stays so.
    /// - Parameter pause: Until the next step; `nil` when there is none.
    private func save(_ after: Replay, from before: Replay, next pause: Duration?) async throws {
        let moment = now()
        try await database.retrying { [partition] connection in
            let stored = try Replays(connection).update(before.id) { stored in
                guard stored.cursors == before.cursors else { return false }
                let (status, endedBy) = (stored.status, stored.endedBy)
                stored = after
                stored.updatedAt = moment
                if status != .running { (stored.status, stored.endedBy) = (status, endedBy) }
                return true
            }
            let work = DueWork(connection)
            guard stored?.status == .running, let pause else {
                return try work.finish([before.id], kind: DeliveryOrders.dueKind)
            }
            try work.schedule(
                before.id, kind: DeliveryOrders.dueKind, partition: partition,
                payload: try JSON.encode(DeliveryOrder.replay), at: moment.advanced(by: pause))
        }
    }
}
