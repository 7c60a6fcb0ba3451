import AlertCore
import Persistence

// What people have been told.
extension Checker {
    mutating func checkNotifications(
        _ alerts: [Stream<Alert.Event>], _ notifications: [Stream<AlertCore.Notification.Event>]
    ) {
        let sent = Dictionary(grouping: history.sent, by: \.id)
        count("notifications", notifications.count)
        count("messages to providers", history.sent.count)
        var reported: [String: DeviceDelivery.Status] = [:]
        for event in alerts.flatMap(\.events) {
            if case .deliveryRecorded(let delivery, _) = event { reported[delivery.id] = delivery.status }
        }
        var moments: [String: String] = [:]
        for notification in notifications {
            guard case .planned(let plan, _) = notification.events.first else {
                fail("notification \(notification.id) does not begin with its plan")
                continue
            }
            if !plan.alert.isEmpty {
                let moment = "\(plan.alert) \(plan.device.id) \(plan.dueAt.milliseconds)"
                if let other = moments.updateValue(plan.id, forKey: moment) {
                    fail("\(plan.device.id) is told twice at one moment of \(plan.alert): \(other) and \(plan.id)")
                }
            }
            checkNotification(notification, plan, sent[plan.id] ?? [], reported[plan.id])
        }
        let known = Set(notifications.map(\.id))
        for id in sent.keys.sorted() where !known.contains(id) { fail("a message \(id) belongs to no notification") }
    }

    private mutating func checkNotification(
        _ notification: Stream<AlertCore.Notification.Event>, _ plan: AlertCore.Notification.Plan,
        _ sent: [History.Sent], _ reported: DeviceDelivery.Status?
    ) {
        let state = AlertCore.Notification.replay(notification.events)
        let row = snapshot.notifications[plan.id]
        if row?.status != state.phase || row?.version != notification.recorded.last?.version {
            let status = row?.status.rawValue ?? "missing"
            fail("the row of notification \(plan.id) is \(status), the log says \(state.phase)")
        }
        let isOfAlert = plan.kindOfPurpose == .alert
        switch state.phase {
        case .delivered:
            if !sent.contains(where: \.wasAnswered) { fail("\(plan.id) is called delivered, and no provider said so") }
            if isOfAlert, reported != .delivered, !isLostByDesign(plan.id) {
                fail("alert \(plan.alert) does not know that \(plan.id) was delivered")
            }
        case .failed:
            if isOfAlert, reported != .failed, !isLostByDesign(plan.id) {
                fail("alert \(plan.alert) does not know that \(plan.id) failed")
            }
        case .cancelled, .suppressed, .collapsed: break
        case .unknown, .pending, .sending, .held, .inDoubt:
            fail("notification \(plan.id) of \(plan.alert) is still \(state.phase.rawValue) at the end")
        }
        let place =
            "alert-events/\(Partitioning.partition(of: isOfAlert ? plan.alert : plan.device.id, count: partitionCount))"
        let end = notification.recorded.first { $0.type == "notification.delivered" }
        let recordedAt = end.flatMap { history.commit(of: $0.stream, version: $0.version)?.at }
        let attempts = sent.sorted { $0.at < $1.at }
        checkBeginnings(of: notification, attempts)
        count("messages taken twice or more", attempts.filter(\.isTaken).count > 1 ? 1 : 0)
        for (index, later) in attempts.enumerated() {
            for earlier in attempts[..<index] where earlier.isTaken {
                judgeRepetition(
                    "the message \(plan.id) to \(plan.device.id)", place, of: "notifier",
                    earlier: (earlier.process, earlier.begunAt, earlier.at, earlier.wasAnswered),
                    later: (later.process, later.begunAt), recordedAt: recordedAt)
            }
        }
    }

    /// Every attempt is written down before it is made: whoever comes after a crash knows that it may have been.
    private mutating func checkBeginnings(
        of notification: Stream<AlertCore.Notification.Event>, _ attempts: [History.Sent]
    ) {
        let begun = notification.recorded.filter { $0.type == "notification.attemptBegun" }
            .compactMap { history.commit(of: $0.stream, version: $0.version)?.at }
        for (index, attempt) in attempts.enumerated() where begun.filter({ $0 <= attempt.begunAt }).count <= index {
            fail("attempt \(index + 1) of \(notification.id) was made at \(attempt.at) and not written down before")
        }
    }
}
