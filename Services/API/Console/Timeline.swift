import AlertCore
import Persistence

/// One line of an alert's timeline.
struct TimelineEntry: Sendable {
    /// A longer text, shown when asked for.
    struct Body: Sendable {
        /// Unique on the page, and the same each time the page is made.
        let id: String
        let label: String
        let text: String
    }

    /// `alert`, `notification` or `webhook`: what people filter by.
    var kind: String
    /// `good`, `bad`, `wait` or `plain`.
    var tone: String
    var title: String
    var actor: String?
    var reason: String?
    /// Somebody's own words.
    var quote: String?
    var facts: [String] = []
    var body: Body?
    var at: TimeText?

    init(_ kind: String, _ tone: String, _ title: String, actor: String? = nil, reason: String? = nil) {
        self.kind = kind
        self.tone = tone
        self.title = title
        self.actor = actor
        self.reason = reason
    }
}

/// Everything that happened around an alert, in the order of time.
struct Timeline {
    /// More would be no page any more: the oldest are left out, and the first line says so.
    private static let limit = 1000

    let history: AlertHistory
    let format: TimeFormat

    var entries: [TimelineEntry] {
        var all: [(event: RecordedEvent, rank: Int, entry: TimelineEntry)] = []
        all += history.events.map { ($0.recorded, 0, entry($0.event)) }
        for notification in history.notifications {
            all += notification.entries.map { ($0.recorded, 1, entry($0.event, notification.plan)) }
        }
        for delivery in history.deliveries {
            let request = delivery.request
            let lines = DeliveryTimeline(row: delivery.row, request: request, format: format)
            all += delivery.entries.map { ($0.recorded, 2, lines.entry($0)) }
        }
        let notes = Self.parts(of: history.notes)
        all += notes.others.map { ($0, 1, note($0)) }
        all += Self.decisions(of: notes.escalation).map { ($0.event, 1, $0.entry) }
        all.sort { left, right in
            (left.event.recordedAt, left.rank, left.event.position)
                < (right.event.recordedAt, right.rank, right.event.position)
        }
        return shortened(
            all.map { event, _, entry in
                var entry = entry
                entry.at = format.text(event.recordedAt)
                return entry
            }) + suppressed
    }

    /// What was suppressed because of this alert: last, as it may go on.
    private var suppressed: [TimelineEntry] {
        guard let last = history.suppressions.last else { return [] }
        let count = history.suppressions.count
        let rule = last.suppression.suppression
        var entry = TimelineEntry(
            "alert", "wait",
            "\(count) further alert\(count == 1 ? "" : "s") suppressed, until \(format.short(rule.until))",
            reason: rule.rule)
        entry.facts = ["the newest is \(last.number)"]
        entry.at = format.text(last.at)
        return [entry]
    }

    private func shortened(_ all: [TimelineEntry]) -> [TimelineEntry] {
        guard all.count > Self.limit else { return all }
        let note = TimelineEntry("alert", "plain", "\(all.count - Self.limit) earlier entries are not shown here")
        return [note] + all.suffix(Self.limit)
    }
}

// MARK: - The alert

extension Timeline {
    private func entry(_ event: Alert.Event) -> TimelineEntry {
        switch event {
        case .created(let details, _): return created(details)
        case .commented(_, let author, let text, _):
            var entry = TimelineEntry("alert", "plain", "Comment", actor: author.displayName)
            entry.quote = text
            return entry
        case .responded(let response, let option, _):
            var entry = TimelineEntry("alert", "good", "Response: \(option.text)", actor: response.by.displayName)
            entry.quote = response.comment
            entry.facts = ["\(option.action.rawValue) · from \(response.device) · \(response.source)"]
            return entry
        case .deliveryRecorded(let delivery, _):
            let title = "\(delivery.status.rawValue) to \(delivery.recipient.displayName) on \(delivery.device.name)"
            return TimelineEntry(
                "alert", delivery.status == .delivered ? "good" : "bad", title, reason: delivery.message)
        case .suppressed(let details, let suppression, _):
            var entry = created(details)
            (entry.tone, entry.title) = ("wait", "Suppressed: nobody is told")
            entry.reason = suppression.suppression.rule
            entry.facts += [
                "like alert \(suppression.parentNumber); until \(format.short(suppression.suppression.until))"
            ]
            return entry
        case .notificationSuppressed(let record, _):
            var entry = TimelineEntry(
                "alert", "wait", "Not told: \(record.recipient.displayName) on \(record.device.name)",
                reason: record.suppression.rule)
            entry.facts = ["until \(format.short(record.suppression.until))"]
            return entry
        case .escalated(let report, _): return escalated(report)
        case .recipientsFailed(let failure, _):
            var entry = TimelineEntry("alert", "bad", failure.failureType.words)
            let names = failure.targeted.prefix(10).map(\.targetName).joined(separator: ", ")
            entry.facts = failure.total == 0 ? ["for nobody"] : ["of \(failure.total): \(names)"]
            return entry
        case .responseRejected(let response, _, _):
            var entry = TimelineEntry(
                "alert", "wait", "Answer refused", actor: response.by.displayName, reason: "the alert had ended")
            entry.quote = response.comment
            entry.facts = ["from \(response.device) · \(response.source)"]
            return entry
        case .suspended(let person, _):
            return TimelineEntry("alert", "wait", "Suspended", actor: person.displayName)
        case .resumed(let person, _):
            return TimelineEntry("alert", "plain", "Resumed", actor: person.displayName)
        case .terminated(let person, let reason, _):
            return TimelineEntry("alert", "plain", Self.title(of: reason), actor: person?.displayName)
        }
    }

    private func created(_ details: AlertDetails) -> TimelineEntry {
        var entry = TimelineEntry("alert", "plain", "Alert created", actor: details.submitter.displayName)
        let names = details.recipients.map(\.targetName)
        let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
        entry.facts = [
            "\(details.plan.name) · \(details.form.name) · priority \(details.priority.rawValue)",
            names.isEmpty ? "for nobody" : "for \(shown)",
        ]
        return entry
    }

    private func escalated(_ report: EscalationReport) -> TimelineEntry {
        let to = report.to.prefix(10).map(\.targetName).joined(separator: ", ")
        let rest = report.totalTo > 10 ? " and \(report.totalTo - 10) more" : ""
        var entry = TimelineEntry("alert", "wait", "Escalated to \(to)\(rest)", actor: report.by?.displayName)
        entry.reason = report.reason == .active ? "somebody escalated" : "the delay was over"
        let place = [report.group.name, report.shift?.name, report.type.rawValue].compactMap { $0 }
        entry.facts = [place.joined(separator: " · ")]
        return entry
    }

    private static func title(of reason: Alert.EndReason) -> String {
        switch reason {
        case .expired: "Expired"
        case .endedByUser: "Ended"
        case .endedByResponse: "Ended by the response"
        case .completed: "Completed: the answers that were wanted are there, or cannot come any more"
        }
    }

    /// A record from elsewhere: its reason if it has one, and the whole of it on demand.
    private func note(_ recorded: RecordedEvent) -> TimelineEntry {
        let fields = try? JSON.decode(recorded.data, as: JSONValue.self)  // what is no JSON is shown as it is
        let recipient = fields?["recipient"]?.string.map { "\($0): " } ?? ""
        var entry = TimelineEntry("notification", "wait", recipient + recorded.type)
        entry.reason = fields?["reason"]?.string ?? fields?["detail"]?.string
        entry.body = .init(id: "note-\(recorded.id)", label: "Record", text: recorded.data)
        return entry
    }
}

// MARK: - Notifications

extension Timeline {
    private func entry(_ event: Notification.Event, _ plan: Notification.Plan) -> TimelineEntry {
        let target = "\(plan.recipient.displayName) on \(plan.device.name)"
        switch event {
        case .planned(let plan, let at):
            var entry = TimelineEntry("notification", "plain", "To notify \(target)", reason: plan.reason)
            let address = SecretBox.isSealed(plan.address) ? [] : [plan.address]
            entry.facts = address + (plan.dueAt > at ? ["at \(format.short(plan.dueAt))"] : [])
            return entry
        case .attemptBegun(let number, let isRepetition, let provider, _):
            let doubt = "an earlier attempt ended without a known outcome: the message may arrive twice"
            var entry = TimelineEntry(
                "notification", "plain", "Attempt \(number) to reach \(target)", reason: isRepetition ? doubt : nil)
            if let provider { entry.facts = ["by \(provider.name)"] }
            return entry
        case .delivered(let receipt, _):
            return TimelineEntry("notification", "good", "Notified \(target)", reason: receipt)
        case .attemptFailed(let reason, let retryAt, _):
            var entry = TimelineEntry("notification", "bad", "Could not reach \(target)", reason: reason)
            entry.facts = ["next attempt at \(format.short(retryAt))"]
            return entry
        case .failed(let reason, _):
            return TimelineEntry("notification", "bad", "Gave up on \(target)", reason: reason)
        case .cancelled(let reason, _):
            return TimelineEntry("notification", "plain", "No need to notify \(target)", reason: reason)
        case .failedOver(let from, let to, let reason, _):
            return TimelineEntry(
                "notification", "bad", "\(to.name) takes over from \(from.name): \(target)", reason: reason)
        case .leftInDoubt(let reason, let until, _):
            var entry = TimelineEntry("notification", "wait", "No answer about \(target)", reason: reason)
            entry.facts = ["it may have arrived", "sent again at \(format.short(until)) without a word by then"]
            return entry
        case .held(let hold, _):
            var entry = TimelineEntry("notification", "wait", "Held: \(target)", reason: hold.rule)
            entry.facts = ["until \(format.short(hold.until))"]
            return entry
        case .collapsed(let digest, _):
            var entry = TimelineEntry("notification", "plain", "Told together with others: \(target)")
            entry.facts = ["digest \(digest)"]
            return entry
        case .confirmed(let word, _):
            return TimelineEntry("notification", "good", "The provider has reached \(target)", reason: word)
        case .refused(let reason, _):
            return TimelineEntry("notification", "bad", "The provider could not reach \(target)", reason: reason)
        case .suppressed(let suppression, _):
            var entry = TimelineEntry(
                "notification", "wait", "Suppressed: \(target)", reason: suppression.rule)
            entry.facts = ["until \(format.short(suppression.until))"]
            return entry
        }
    }
}
