import AlertCore
import Messaging
import Persistence

/// Tells alerts how their notifications have ended, and lets go of the due work of those that have.
struct NotificationReports: Sendable {
    /// Notifications whose histories are read with one statement.
    private static let batchLimit = 500

    let bus: any MessageBus
    let database: any SQLDatabase

    /// Reports those of the notifications that have ended; a second report of the same changes nothing.
    func report(_ ids: [String]) async throws {
        guard !ids.isEmpty else { return }
        let streams = Set(ids).map { "\(Notification.category)-\($0)" }
        let histories = try await database.reading { connection in
            var histories: [String: [Notification.Event]] = [:]
            for event in try EventLog(connection).read(streams: streams) {
                histories[event.stream, default: []].append(try EventCodec.decode(event.data))
            }
            return histories
        }
        var messages: [OutgoingMessage] = []
        var ended: [String] = []
        for history in histories.values {
            guard case .planned(let plan, _) = history.first, let last = history.last else { continue }
            switch last {
            case .delivered, .confirmed, .failed:
                let end = End(last, wasDelivered: history.dropLast().contains(where: \.isDelivery))
                if plan.kindOfPurpose == .digest {
                    try await report(digest: plan, end)
                } else if plan.kindOfPurpose == .alert {
                    messages.append(try Self.message(plan, end))
                }
            case .suppressed(let suppression, _): messages.append(try Self.message(plan, suppression))
            case .cancelled, .collapsed: break
            case .held(let hold, _):
                if hold.digest == nil { continue }
            case .planned, .attemptBegun, .attemptFailed, .failedOver, .leftInDoubt, .refused: continue
            }
            ended.append(plan.id)
        }
        if !messages.isEmpty { try await bus.publish(messages, to: .alertCommands) }
        guard !ended.isEmpty else { return }
        try await database.retrying { [ended] in
            try DueWork($0).finish(ended, kind: NotificationPlanner.dueKind)
        }
    }

    /// How a notification has ended.
    private struct End {
        let status: DeviceDelivery.Status
        let message: String
        /// Whether something else was reported before: an alert keeps one report of each id.
        let isCorrection: Bool

        init(_ event: Notification.Event, wasDelivered: Bool) {
            if case .failed(let reason, _) = event {
                (status, message, isCorrection) = (.failed, reason, wasDelivered)
            } else {
                (status, message, isCorrection) = (.delivered, "Notification delivered", false)
            }
        }
    }

    /// Everybody whom a digest tells of hears how it has ended.
    private func report(digest: Notification.Plan, _ end: End) async throws {
        var last = ""
        while true {
            let after = last
            let rows = try await database.reading {
                try Notifications($0).collapsed(into: digest.id, after: after, limit: Self.batchLimit)
            }
            guard let final = rows.last else { return }
            last = final.plan.id
            try await bus.publish(try rows.map { try Self.message($0.plan, end, inDigest: true) }, to: .alertCommands)
        }
    }

    private static func message(
        _ plan: Notification.Plan, _ end: End, inDigest: Bool = false
    ) throws -> OutgoingMessage {
        let id = end.isCorrection ? plan.id + DeviceDelivery.correction : plan.id
        let delivery = DeviceDelivery(
            id: id, recipient: plan.recipient, device: plan.device, deviceNumber: plan.deviceNumber,
            status: end.status, message: inDigest ? "\(end.message), with others in one message" : end.message)
        return try command(plan, .recordDelivery(delivery), id: "delivery-\(id)")
    }

    private static func message(_ plan: Notification.Plan, _ suppression: Suppression) throws -> OutgoingMessage {
        let record = NotificationSuppression(
            id: plan.id, recipient: plan.recipient, device: plan.device, suppression: suppression)
        return try command(plan, .recordSuppression(record), id: "suppression-\(plan.id)")
    }

    private static func command(
        _ plan: Notification.Plan, _ command: Alert.Command, id: String
    ) throws -> OutgoingMessage {
        try AlertCommandMessage(
            commandId: id, alert: plan.alert, command: command,
            origin: Origin(actor: "<notifier>", causation: plan.id, correlation: plan.correlation)
        ).outgoing()
    }
}

extension Notification.Event {
    /// Whether the alert has been told of a delivery.
    fileprivate var isDelivery: Bool {
        switch self {
        case .delivered, .confirmed: true
        case .planned, .attemptBegun, .attemptFailed, .failed, .cancelled, .suppressed, .failedOver, .leftInDoubt,
            .held, .collapsed, .refused:
            false
        }
    }
}
