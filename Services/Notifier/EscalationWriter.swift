import AlertCore
import Messaging
import Metrics
import Persistence

/// Carries out what happens to escalations of one partition: their events, the notifications that follow from them,
/// and their timers in one transaction.
struct EscalationWriter: Sendable {
    static let dueKind = "escalation"

    private let roster: Roster
    /// The shifts whose rotation goes by alerts.
    private let counted: Set<String>
    private let partition: Int
    private let now: Timestamp

    private typealias Command = AddressedCommand<AlertEscalation>
    private typealias Outcome = CommandOutcome<AlertEscalation>

    init(_ view: DirectoryView, partition: Int, at now: Timestamp) {
        roster = view.roster
        counted = Set(view.shifts.values.filter { $0.rotation?.type == .alerts }.map(\.id))
        self.partition = partition
        self.now = now
    }

    /// Who has something to do now.
    struct Moved: Sendable {
        /// Whether notifications were planned.
        var plans = false
        /// Whether the alerts are to hear of something.
        var reports = false
        /// When the earliest step that was scheduled is due.
        var due: Timestamp?
    }

    /// What has happened to alerts, in its order.
    @discardableResult
    func follow(_ messages: [AlertEventMessage], in connection: any SQLConnection) throws -> Moved {
        var cancelled: [Cancellation] = []
        let commands = messages.compactMap { message -> ((Roster) -> Command)? in
            guard let command = command(for: message) else { return nil }
            return { Command(command($0), on: message.alert, by: message.origin(of: message.id)) }
        }
        let outcomes = try execute(commands, in: connection)
        for message in messages { cancelled += cancellation(by: message, outcomes) }
        return try apply(outcomes, cancelled, in: connection)
    }

    /// What is due of some escalations.
    @discardableResult
    func reach(_ items: [DueWork.Item], in connection: any SQLConnection) throws -> Moved {
        let outcomes = try execute(
            items.map { item in
                { (roster: Roster) in
                    Command(
                        .reach(roster), on: item.id,
                        by: Origin(actor: "<notifier>", causation: "due", correlation: item.payload))
                }
            }, in: connection)
        let moved = try apply(outcomes, [], in: connection)
        let unknown = outcomes.filter { $0.state.phase == .unknown }.map(\.id)
        try DueWork(connection).finish(unknown, kind: Self.dueKind)
        return moved
    }

    private func command(for message: AlertEventMessage) -> ((Roster) -> AlertEscalation.Command)? {
        switch message.event {
        case .created(let details, let at):
            let terms = AlertEscalation.Terms(
                details, alert: message.alert, correlation: message.origin.correlation)
            return { .start(terms, targets: details.recipients, begunAt: at, $0) }
        case .responded(let response, let option, _):
            return { .answer(response, option.action, text: option.text, $0) }
        case .deliveryRecorded(let delivery, _):
            guard delivery.status == .failed else { return nil }
            return { .recordFailure(notification: delivery.notification, $0) }
        case .suspended: return { _ in .suspend }
        case .resumed: return { .resume($0) }
        case .terminated: return { _ in .end }
        case .commented, .suppressed, .notificationSuppressed, .responseRejected, .escalated, .recipientsFailed:
            return nil
        }
    }

    /// Where rotations go by alerts, each command sees those that the ones before have counted.
    private func execute(
        _ commands: [(Roster) -> Command], in connection: any SQLConnection
    ) throws -> [Outcome] {
        guard !commands.isEmpty else { return [] }
        let log = EventLog(connection)
        let category = LogPartition(AlertEscalation.category, partition)
        guard !counted.isEmpty else { return try log.execute(commands.map { $0(self.roster) }, in: category, at: now) }
        var roster = self.roster
        roster.alertCounts = try RotationCounts(connection).current()
        var outcomes: [Outcome] = []
        for command in commands {
            let outcome = try log.execute([command(roster)], in: category, at: now)
            for outcome in outcome {
                let shifts = Set(outcome.openedShifts).intersection(counted)
                let before = try RotationCounts(connection).count(alert: outcome.id, for: shifts, at: now)
                for (shift, alerts) in before {
                    roster.alertCounts[shift] = max(alerts + 1, roster.alertCounts[shift] ?? 0)
                }
            }
            outcomes += outcome
        }
        return outcomes
    }
}

// MARK: - Alerts without an escalation

extension EscalationWriter {
    /// Takes back what waits to be sent for an alert.
    struct Cancellation {
        let alert: String
        let reason: String
        /// Whom the reason names.
        var personal: [PersonalText] = []
        /// The id of the notification, and the person's.
        let concerns: (String, String) -> Bool
    }

    /// An alert that began before there were escalations has planned notifications, and nothing else.
    private func cancellation(by message: AlertEventMessage, _ outcomes: [Outcome]) -> [Cancellation] {
        let isKnown = outcomes.contains { $0.id == message.alert && $0.state.phase != .unknown }
        guard !isKnown else { return [] }
        switch message.event {
        case .terminated:
            return [Cancellation(alert: message.alert, reason: "the alert has ended") { _, _ in true }]
        case .responded(let response, let option, _):
            let reason = "\(response.by.targetName) answered \(option.text)"
            let endsAll = option.action == .end || option.action == .assignToUser
            return [
                Cancellation(alert: message.alert, reason: reason, personal: response.by.personal) {
                    endsAll || $1 == response.by.id
                }
            ]
        default: return []
        }
    }
}

// MARK: - What follows

extension EscalationWriter {
    private func apply(
        _ outcomes: [Outcome], _ others: [Cancellation], in connection: any SQLConnection
    ) throws -> Moved {
        let cancellations = outcomes.flatMap(\.cancellations) + others
        var waiting = try Notifications(connection).waiting(of: Set(cancellations.map(\.alert)))
        var commands: [AddressedCommand<Notification>] = []
        func cancel(_ cancellation: Cancellation) {
            for row in waiting[cancellation.alert] ?? [] where cancellation.concerns(row.id, row.person) {
                commands.append(
                    AddressedCommand(
                        .cancel(reason: cancellation.reason), on: row.id, by: origin(cancellation),
                        personal: cancellation.personal))
            }
        }
        for outcome in outcomes {
            for event in outcome.events {
                if case .advanced(let advance, _) = event {
                    let names = AlertEscalation.personal(in: event, outcome.state).filter(\.isName)
                    // Thousands are told for one reason.
                    var named: [String: [PersonalText]] = [:]
                    for reason in Set(advance.notices.map(\.reason)) {
                        named[reason] = names.filter { reason.contains($0.text) }
                    }
                    commands += advance.notices.map { notice in
                        let plan = notice.plan(outcome.state.terms, at: now)
                        return AddressedCommand(
                            .plan(plan), on: plan.id, by: origin(outcome),
                            personal: named[plan.reason] ?? [])
                    }
                    waiting[outcome.id, default: []] += advance.notices.map {
                        Notifications.Waiting(id: $0.id, person: $0.person.id)
                    }
                    Counter(label: "tocsin_notifications_omitted_total").increment(by: advance.omissions.count)
                    Counter(label: "tocsin_escalation_steps_total").increment(by: advance.steps.count)
                }
                outcome.cancellation(by: event).map(cancel)
            }
        }
        others.forEach(cancel)
        return Moved(
            plans: try carryOut(commands, in: connection),
            reports: outcomes.contains { $0.events.contains(where: \.isReported) },
            due: try setTimers(outcomes, in: connection))
    }

    /// - Returns: Whether notifications were planned.
    private func carryOut(
        _ commands: [AddressedCommand<Notification>], in connection: any SQLConnection
    ) throws -> Bool {
        guard !commands.isEmpty else { return false }
        let outcomes = try EventLog(connection).execute(
            commands, in: LogPartition(Notification.category, partition), at: now)
        try Notifications(connection).apply(outcomes, at: now)
        var planned: [String] = []
        var cancelled: [String] = []
        for outcome in outcomes where !outcome.events.isEmpty {
            if case .planned = outcome.events[0] { planned.append(outcome.id) } else { cancelled.append(outcome.id) }
        }
        try DueWork(connection).add(
            planned.map { ($0, "{}", now) }, kind: NotificationPlanner.dueKind, partition: partition)
        try DueWork(connection).finish(cancelled, kind: NotificationPlanner.dueKind)
        return !planned.isEmpty
    }

    /// One item for each escalation in which something is to come by itself.
    /// - Returns: When the earliest is due.
    private func setTimers(_ outcomes: [Outcome], in connection: any SQLConnection) throws -> Timestamp? {
        let new = Set(outcomes.filter(\.hasJustBegun).map(\.id))
        let last = Dictionary(outcomes.map { ($0.id, $0.state) }) { $1 }
        let work = DueWork(connection)
        var (begun, finished): ([(String, String, Timestamp)], [String]) = ([], [])
        for (id, state) in last.sorted(by: { $0.key < $1.key }) where state.phase != .unknown {
            let correlation = state.terms.correlation
            switch (state.nextDue, new.contains(id)) {
            case (let due?, true): begun.append((id, correlation, due))
            case (let due?, false):
                try work.schedule(id, kind: Self.dueKind, partition: partition, payload: correlation, at: due)
            case (nil, false): finished.append(id)
            case (nil, true): break
            }
        }
        try work.add(begun, kind: Self.dueKind, partition: partition)
        try work.finish(finished, kind: Self.dueKind)
        return last.values.compactMap(\.nextDue).min()
    }

    private func origin(_ outcome: Outcome) -> Origin {
        Origin(actor: "<notifier>", causation: "escalation-\(outcome.id)", correlation: outcome.state.terms.correlation)
    }

    private func origin(_ cancellation: Cancellation) -> Origin {
        Origin(actor: "<notifier>", causation: "escalation-\(cancellation.alert)", correlation: cancellation.alert)
    }
}

extension CommandOutcome<AlertEscalation> {
    fileprivate var openedShifts: [String] {
        events.flatMap { event in
            if case .advanced(let advance, _) = event {
                advance.opened.compactMap { $0.shift?.id }
            } else {
                [] as [String]
            }
        }
    }

    fileprivate var hasJustBegun: Bool { if case .started = events.first { true } else { false } }

    fileprivate var cancellations: [EscalationWriter.Cancellation] { events.compactMap(cancellation) }

    fileprivate func cancellation(by event: AlertEscalation.Event) -> EscalationWriter.Cancellation? {
        event.cancellation.map { reason in
            let names = AlertEscalation.personal(in: event, state).filter(\.isName)
            return EscalationWriter.Cancellation(alert: id, reason: reason, personal: names) { notification, _ in
                state.isCancelled(notification, by: event)
            }
        }
    }
}

extension AlertEscalation.Event {
    /// Whether its alert hears of it.
    var isReported: Bool {
        switch self {
        case .escalated, .recipientsFailed, .completed: true
        default: false
        }
    }
}
