import AlertCore
import Messaging
import Metrics
import Persistence

/// Follows the alerts of one partition: plans who is told when an alert begins, and takes back what is not sent
/// yet when it ends or somebody answers.
struct NotificationPlanner: MessageHandler {
    static let dueKind = "notification"

    let directory: DirectoryCache
    let now: Clock
    /// Given when something has been scheduled.
    let scheduled: Signal

    func effects(of messages: [Received<AlertEventMessage>], partition: Int) async throws -> Effects {
        let view = try await directory.current()
        let at = now()
        let scheduled = scheduled
        return Effects(afterCommit: { scheduled.notify() }) { connection in
            for message in messages {
                try follow(message.payload, view, partition: partition, at: at, in: connection)
            }
        }
    }

    private func follow(
        _ message: AlertEventMessage, _ view: DirectoryView, partition: Int, at now: Timestamp,
        in connection: any SQLConnection
    ) throws {
        switch message.event {
        case .created(let details, _):
            try plan(message, details, view, partition: partition, at: now, in: connection)
        case .terminated:
            try cancel(message, because: "the alert has ended", partition: partition, at: now, in: connection) { _ in
                true
            }
        case .responded(let response, let option, _):
            let reason = "\(response.by.targetName) answered \(option.text)"
            try cancel(message, because: reason, partition: partition, at: now, in: connection) { row in
                option.action.stops(row.plan.recipient, after: response.by)
            }
        case .commented, .deliveryRecorded, .suspended, .resumed, .suppressed, .notificationSuppressed,
            .responseRejected, .escalated, .recipientsFailed:
            break
        }
    }

    private func plan(
        _ message: AlertEventMessage, _ details: AlertDetails, _ view: DirectoryView, partition: Int,
        at now: Timestamp, in connection: any SQLConnection
    ) throws {
        let plan = NotificationPlan(
            alert: message.alert, details: details, correlation: message.origin.correlation, people: view.people,
            devices: view.devicesOfRecipients(of: details), at: now)
        let origin = message.origin(of: message.id)
        let commands = plan.notifications.map { AddressedCommand<Notification>(.plan($0), on: $0.id, by: origin) }
        let outcomes = try EventLog(connection).execute(
            commands, in: LogPartition(Notification.category, partition), at: now)
        try Notifications(connection).apply(outcomes, at: now)
        for (notification, outcome) in zip(plan.notifications, outcomes) where !outcome.events.isEmpty {
            try DueWork(connection).schedule(
                notification.id, kind: Self.dueKind, partition: partition, payload: "{}", at: notification.dueAt)
        }
        guard !plan.omissions.isEmpty else { return }
        // Who is not told, and why, is a fact as well.
        try EventLog(connection).record(
            type: "notification.omitted", data: try JSON.encode(["omissions": plan.omissions]),
            on: "notification-omissions-\(message.alert)", in: LogPartition(Notification.category, partition),
            origin: origin, at: now)
        Counter(label: "tocsin_notifications_omitted_total").increment(by: plan.omissions.count)
    }

    private func cancel(
        _ message: AlertEventMessage, because reason: String, partition: Int, at now: Timestamp,
        in connection: any SQLConnection, where isConcerned: (NotificationRow) -> Bool
    ) throws {
        let waiting = try Notifications(connection).ofAlert(message.alert)
            .filter { $0.status == .pending && isConcerned($0) }
        guard !waiting.isEmpty else { return }
        let origin = message.origin(of: message.id)
        let outcomes = try EventLog(connection).execute(
            waiting.map { AddressedCommand<Notification>(.cancel(reason: reason), on: $0.plan.id, by: origin) },
            in: LogPartition(Notification.category, partition), at: now)
        try Notifications(connection).apply(outcomes, at: now)
        try DueWork(connection).finish(
            outcomes.filter { $0.state.phase == .cancelled }.map(\.id), kind: Self.dueKind)
    }
}

extension AlertEventMessage {
    func origin(of causation: String) -> Origin {
        Origin(actor: "<notifier>", causation: causation, correlation: origin.correlation)
    }
}

extension DirectoryView {
    /// By owner's id: the devices of all people that the alert names, directly or by a device.
    fileprivate func devicesOfRecipients(of details: AlertDetails) -> [String: [Device]] {
        let owners = details.recipients.compactMap { recipient in
            recipient.recipientType == .person ? recipient.id : devices[recipient.id]?.owner
        }
        return Dictionary(Set(owners).map { ($0, devices(of: $0)) }) { first, _ in first }
    }
}

extension ResponseOption.Action {
    /// Whether an answer with this action ends what is still to be sent to `recipient` (spec §5.5).
    fileprivate func stops(_ recipient: PersonReference, after responder: PersonReference) -> Bool {
        switch self {
        case .recordResponse, .stopNotifyingUser, .stopNotifyingTarget, .escalate, .countResponse, .omitResponseCount:
            recipient.id == responder.id
        case .assignToUser, .end:
            true
        }
    }
}
