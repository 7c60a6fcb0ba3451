import AlertCore
import Foundation
import Logging
import Messaging
import Metrics
import OutboundHTTP
import Persistence

/// Hands due notifications to their provider, and reports to the alert what came of it.
///
/// The beginning of an attempt is recorded before it, its outcome after it. When the outcome is lost in a crash,
/// the message is sent again, with the same `Message-ID`, and the event says that it is a repetition.
struct NotificationSender: Sendable {
    let partition: Int
    let channel: any NotificationChannel
    let bus: any MessageBus
    let database: any SQLDatabase
    let composer: MessageComposer
    let flood: NotificationFloodControl
    let now: Clock
    let logger: Logger

    func send(_ items: [DueWork.Item]) async throws {
        await withTaskGroup(of: Void.self) { tasks in
            for item in items {
                tasks.addTask {
                    do {
                        try await send(item.id)
                    } catch {
                        // The lease ends, and the item comes again.
                        logger.warning(
                            "notification goes on later", metadata: ["id": "\(item.id)", "error": "\(error)"])
                    }
                }
            }
        }
    }

    private func send(_ id: String) async throws {
        guard let row = try await begin(id) else { return try await report(id) }
        let outcome: Notification.Command
        do {
            outcome = .deliver(receipt: try await channel.send(try await composer.compose(row.plan)))
        } catch let error as ChannelError {
            outcome = .fail(reason: error.reason, isPermanent: error.isPermanent)
        }
        try await carryOut(outcome, row)
        try await report(id)
    }

    /// Records that an attempt begins; `nil` when the notification is not to be sent any more, or is one too many for
    /// the person: what counts is when the first attempt begins.
    private func begin(_ id: String) async throws -> NotificationRow? {
        try await database.retrying { connection -> NotificationRow? in
            guard let row = try Notifications(connection).get([id]).first,
                row.status == .pending || row.status == .sending
            else { return nil }
            if row.version == 1, let suppression = try suppression(of: row.plan, in: connection) {
                try execute(.suppress(suppression), row, in: connection)
                return nil
            }
            try execute(.begin, row, in: connection)
            return row
        }
    }

    private func suppression(
        of plan: Notification.Plan, in connection: any SQLConnection
    ) throws -> Suppression? {
        guard let limit = flood.limit(for: plan) else { return nil }
        let at = now()
        var windows = try FloodWindows(connection).lock([plan.floodKey])
        let pass = FloodWindow.Pass(id: plan.id, number: plan.alertNumber, at: at)
        let verdict = windows[plan.floodKey, default: FloodWindow()].admit(pass, limit: limit)
        try FloodWindows(connection).put(windows, limit: limit, at: at)
        guard case .suppressed(_, let until, _) = verdict else { return nil }
        Counter(label: "tocsin_notifications_total", dimensions: [("outcome", "suppressed")]).increment()
        return Suppression(
            rule: "Notification flood control: \(limit.words) to one person, devices of the class \(plan.deviceClass)",
            until: until)
    }

    private func carryOut(_ command: Notification.Command, _ row: NotificationRow) async throws {
        try await database.retrying { connection in
            let events = try execute(command, row, in: connection)
            if case .attemptFailed(_, let retryAt, _) = events.last {
                try DueWork(connection).schedule(
                    row.plan.id, kind: NotificationPlanner.dueKind, partition: partition, payload: "{}", at: retryAt)
            }
        }
        Counter(label: "tocsin_notifications_total", dimensions: [("outcome", command.outcomeName)]).increment()
        logger.info(
            "notification",
            metadata: [
                "id": "\(row.plan.id)", "alert": "\(row.plan.alertNumber)", "device": "\(row.plan.device.name)",
                "person": "\(row.plan.recipient.targetName)", "outcome": "\(command.outcomeName)",
            ])
    }

    @discardableResult
    private func execute(
        _ command: Notification.Command, _ row: NotificationRow, in connection: any SQLConnection
    ) throws -> [Notification.Event] {
        let origin = Origin(actor: "<notifier>", causation: row.plan.id, correlation: row.plan.correlation)
        let outcomes = try EventLog(connection).execute(
            [AddressedCommand<Notification>(command, on: row.plan.id, by: origin)],
            in: LogPartition(Notification.category, partition), at: now())
        try Notifications(connection).apply(outcomes, at: now())
        return outcomes[0].events
    }

    /// Tells the alert how the notification ended, if it has, and only then lets go of the item: a crash in between
    /// leads to a second report, which the alert knows.
    private func report(_ id: String) async throws {
        let history = try await database.reading {
            try EventLog($0).read(streams: ["\(Notification.category)-\(id)"])
        }
        let events = try history.map { try EventCodec<Notification.Event>.decode($0.data) }
        guard case .planned(let plan, _) = events.first, let last = events.last else { return }
        switch last {
        case .delivered(_, _): try await report(plan, .delivered, "Notification delivered")
        case .failed(let reason, _): try await report(plan, .failed, reason)
        case .suppressed(let suppression, _): try await report(plan, suppression)
        case .cancelled: break
        case .planned, .attemptBegun, .attemptFailed: return
        }
        try await database.retrying { try DueWork($0).finish([id], kind: NotificationPlanner.dueKind) }
    }

    private func report(
        _ plan: Notification.Plan, _ status: DeviceDelivery.Status, _ message: String
    ) async throws {
        let delivery = DeviceDelivery(
            id: plan.id, recipient: plan.recipient, device: plan.device, deviceNumber: plan.deviceNumber,
            status: status, message: message)
        try await tell(plan, .recordDelivery(delivery), id: "delivery-\(plan.id)")
    }

    private func report(_ plan: Notification.Plan, _ suppression: Suppression) async throws {
        let record = NotificationSuppression(
            id: plan.id, recipient: plan.recipient, device: plan.device, suppression: suppression)
        try await tell(plan, .recordSuppression(record), id: "suppression-\(plan.id)")
    }

    private func tell(_ plan: Notification.Plan, _ command: Alert.Command, id: String) async throws {
        let command = AlertCommandMessage(
            commandId: id, alert: plan.alert, command: command,
            origin: Origin(actor: "<notifier>", causation: plan.id, correlation: plan.correlation))
        try await bus.publish([try command.outgoing()], to: .alertCommands)
    }
}

extension Notification.Command {
    fileprivate var outcomeName: String {
        switch self {
        case .plan: "planned"
        case .begin: "begun"
        case .deliver: "delivered"
        case .fail: "failed"
        case .cancel: "cancelled"
        case .suppress: "suppressed"
        }
    }
}
