import AlertCore
import Foundation
import Logging
import Messaging
import Persistence

/// Ends storms: what was held for a device is collapsed into one message, its digest, which then goes the way of every
/// notification. Each step is a transaction that can be repeated; the digest is planned in the last one, when nothing
/// that it tells of can be added any more.
struct DigestLoop: Sendable {
    static let dueKind = "notification-digest"
    /// Notifications that are collapsed in one transaction.
    private static let batchLimit = 500

    let parts: SenderParts
    let partition: Int
    let partitions: Partitions
    /// Given when the digest has been planned.
    let scheduled: Signal

    private struct Payload: Codable { let device: String }

    func close(_ items: [DueWork.Item]) async throws {
        for item in items {
            let payload: Payload = try JSON.decode(item.payload)
            var last: Notification.Plan?
            repeat {
                let before = last
                last = try await parts.database.retrying { connection in
                    try step(item.id, device: payload.device, after: before, in: connection)
                }
            } while last != nil
            scheduled.notify()
        }
    }

    /// - Returns: The last of a batch that was collapsed; `nil` when the digest is planned, or needless.
    private func step(
        _ digest: String, device: String, after last: Notification.Plan?, in connection: any SQLConnection
    ) throws -> Notification.Plan? {
        let key = MessageWindows.storm(device)
        let window = try MessageWindows(connection).lock([key], as: StormWindow.self)[key]
        let held = try Notifications(connection).held(for: digest, limit: Self.batchLimit)
        let now = parts.now()
        guard let final = held.last else {
            try plan(digest, like: last, in: connection, at: now)
            if var window {
                window.close(digest, at: now)
                try MessageWindows(connection).put(window, key, expiry: now.advanced(by: .seconds(86_400)))
            }
            try DueWork(connection).finish([digest], kind: Self.dueKind)
            return nil
        }
        try collapse(held, into: digest, in: connection, at: now)
        return final.plan
    }

    /// What has ended meanwhile is not told of any more.
    private func collapse(
        _ held: [NotificationRow], into digest: String, in connection: any SQLConnection, at now: Timestamp
    ) throws {
        let alerts = try Alerts(connection).rows(of: Array(Set(held.map(\.plan.alert))))
        // In the order of the partitions, which are locked one after the other.
        let schedule = try partitions.schedule(in: connection)
        let byPartition = Dictionary(grouping: held) { schedule.partition(ofStamped: $0.plan.alert) }
        for (number, rows) in byPartition.sorted(by: { $0.key < $1.key }) {
            let commands = rows.map { row in
                let hasEnded = alerts[row.plan.alert]?.terminatedAt != nil
                return AddressedCommand<Notification>(
                    hasEnded ? .cancel(reason: "the alert has ended") : .collapse(into: digest), on: row.plan.id,
                    by: Origin(actor: "<notifier>", causation: digest, correlation: row.plan.correlation))
            }
            let outcomes = try EventLog(connection).execute(
                commands, in: LogPartition(Notification.category, number), at: now)
            try Notifications(connection).apply(outcomes, at: now)
        }
    }

    private func plan(
        _ digest: String, like last: Notification.Plan?, in connection: any SQLConnection, at now: Timestamp
    ) throws {
        // After a restart, what was collapsed before it says where the digest goes.
        guard let one = try Notifications(connection).collapsed(into: digest, limit: 1).first?.plan else { return }
        let model = last ?? one
        var plan = Notification.Plan(
            id: digest, alert: "", alertNumber: 0, recipient: model.recipient, device: model.device,
            deviceNumber: model.deviceNumber, address: model.address, dueAt: now,
            reason: "tells of what was held in a storm", correlation: digest)
        plan.deviceClass = model.deviceClass
        plan.deviceType = model.deviceType
        plan.provider = model.provider
        plan.language = model.language
        plan.purpose = Notification.Purpose.digest.rawValue
        let origin = Origin(actor: "<notifier>", causation: digest, correlation: digest)
        let outcomes = try EventLog(connection).execute(
            [AddressedCommand<Notification>(.plan(plan), on: digest, by: origin)],
            in: LogPartition(Notification.category, partition), at: now)
        try Notifications(connection).apply(outcomes, at: now)
        try DueWork(connection).schedule(
            digest, kind: NotificationPlanner.dueKind, partition: partition, payload: "{}", at: now)
    }
}
