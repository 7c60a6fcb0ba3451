import AlertCore
import Persistence

/// How a status looks.
struct StatusText: Sendable {
    let text: String
    /// The badge's class.
    let style: String

    init(alert status: String) {
        switch status {
        case "ACTIVE": (text, style) = ("Active", "active")
        case "SUSPENDED": (text, style) = ("Suspended", "wait")
        case "TERMINATED": (text, style) = ("Expired", "ended")
        case "TERMINATED_EXTERNAL": (text, style) = ("Ended", "ended")
        case "SUPPRESSED": (text, style) = ("Suppressed", "ended")
        default: (text, style) = (status.capitalized, "ended")
        }
    }

    init(_ status: DeliveryStatus) {
        switch status {
        case .responded: (text, style) = ("Responded", "good")
        case .delivered: (text, style) = ("Delivered", "good")
        case .pending: (text, style) = ("Pending", "wait")
        case .failed: (text, style) = ("Not reached", "bad")
        }
    }

    init(_ status: Activity.Status) {
        switch status {
        case .running: (text, style) = ("Running", "wait")
        case .completed: (text, style) = ("Completed", "good")
        case .failed: (text, style) = ("Failed", "bad")
        case .suppressed: (text, style) = ("Suppressed", "wait")
        }
    }

    init(_ status: WebhookDelivery.Phase) {
        switch status {
        case .delivered: (text, style) = ("Delivered", "good")
        case .exhausted: (text, style) = ("Failed", "bad")
        case .cancelled: (text, style) = ("Given up", "ended")
        case .skipped: (text, style) = ("Not sent", "ended")
        case .parked, .unknown: (text, style) = ("Waiting", "wait")
        }
    }
}

/// A name with its value.
struct NamedValue: Sendable {
    let name: String
    let value: String
    var href: String? = nil
}

/// Everything that the page of one alert shows.
struct AlertPage: Sendable {
    struct Recipient: Sendable {
        let name: String
        let status: String
        let statusClass: String
    }

    struct Answer: Sendable {
        let option: String
        let by: String
        let at: String
        let comment: String?
    }

    /// An answer that can be given.
    struct Choice: Sendable {
        let id: String
        let text: String
    }

    struct Webhook: Sendable {
        let status: String
        let statusClass: String
        let integration: String
        let trigger: String
        let why: String
        /// Of the delivery's page, if there is one.
        let href: String?
        /// What happened, and when.
        let event: String
    }

    struct Actions: Sendable {
        let canSuspend: Bool
        let canResume: Bool
    }

    /// More recipients are counted, not listed.
    private static let recipientLimit = 100

    let id: String
    let number: String
    let subject: String
    let status: String
    let statusClass: String
    let priority: String
    let priorityClass: String
    let since: String
    let csrf: String
    var notice: String?
    var problem: String?
    /// `nil` for somebody who may do nothing, and for an alert that has ended.
    let actions: Actions?
    /// Empty for an alert that has ended.
    let choices: [Choice]
    let canAnswer: Bool
    let recipients: [Recipient]
    let responses: [Answer]
    let properties: [NamedValue]
    let details: [NamedValue]
    /// One for each event and integration: what became of it, and why.
    var webhooks: [Webhook] = []
    /// How many webhooks are left out.
    var moreWebhooks: Int?
    let entries: [TimelineEntry]
    /// Who was told and why; `nil` for an alert that nobody was to be told of.
    var explained: ExplainView?

    init(_ history: AlertHistory, for session: ConsoleSession, _ format: TimeFormat, _ directory: DirectoryView) {
        let row = history.row
        let state = StatusText(alert: row.status)
        id = row.id
        number = String(row.details.number)
        subject = row.details.subject
        (status, statusClass) = (state.text, state.style)
        priority = row.details.priority.rawValue.capitalized
        priorityClass = row.details.priority.rawValue.lowercased()
        since = Self.since(row, format)
        csrf = session.csrf
        actions =
            row.terminatedAt == nil && session.caller.mayHandleAlerts
            ? Actions(canSuspend: row.status == "ACTIVE", canResume: row.status == "SUSPENDED") : nil
        choices =
            row.terminatedAt == nil ? row.details.responseOptions.map { Choice(id: $0.id, text: $0.text) } : []
        canAnswer = !choices.isEmpty
        recipients = Self.recipients(history)
        responses = history.responses.map { answer in
            Answer(
                option: answer.option.text, by: answer.response.by.displayName, at: format.short(answer.at),
                comment: answer.response.comment)
        }
        properties = row.details.properties.sorted { $0.key < $1.key }.map {
            NamedValue(name: $0.key, value: $0.value.readable)
        }
        details = Self.details(row, format, directory)
        entries = Timeline(history: history, format: format).entries
    }

    private static func since(_ row: AlertRow, _ format: TimeFormat) -> String {
        guard let end = row.terminatedAt else { return "since \(format.full(row.createdAt))" }
        return "\(format.full(row.createdAt)), lasted \(end.since(row.createdAt).readable)"
    }

    private static func recipients(_ history: AlertHistory) -> [Recipient] {
        let all = EventRepresentation(row: history.row).recipients(history, isTargetedOnly: false)
        let shown = all.prefix(recipientLimit).map { value in
            let state = value["deliveryStatus"]?.string.flatMap(DeliveryStatus.init(rawValue:)) ?? .pending
            let text = StatusText(state)
            let full = [value["firstName"]?.string, value["lastName"]?.string].compactMap { $0 }
                .filter { !$0.isEmpty }.joined(separator: " ")
            let name = full.isEmpty ? value["targetName"]?.string ?? "" : full
            return Recipient(name: name, status: text.text, statusClass: text.style)
        }
        guard all.count > shown.count else { return shown }
        return shown + [Recipient(name: "and \(all.count - shown.count) more", status: "", statusClass: "none")]
    }

    private static func details(_ row: AlertRow, _ format: TimeFormat, _ directory: DirectoryView) -> [NamedValue] {
        let details = row.details
        var rows = [
            NamedValue(name: "Workflow", value: "\(details.plan.name) · \(details.form.name)"),
            NamedValue(name: "Submitter", value: details.submitter.displayName),
            NamedValue(name: "Began", value: format.full(row.createdAt)),
        ]
        if let end = row.terminatedAt {
            rows.append(NamedValue(name: "Ended", value: format.full(end)))
        } else {
            let expiry = row.createdAt.advanced(by: .seconds(details.expirationInMinutes * 60))
            rows.append(NamedValue(name: "Expires", value: format.full(expiry)))
        }
        if let integration = details.integration {
            let name = directory.integrations[integration]?.name ?? integration
            rows.append(
                NamedValue(name: "Integration", value: name, href: "/console/activity?integration=\(integration)"))
        }
        rows += options(row, directory)
        rows.append(
            NamedValue(name: "Request", value: details.requestId, href: "/console/activity/\(details.requestId)"))
        rows.append(NamedValue(name: "UUID", value: row.id))
        return rows
    }

    /// What the request asked for besides.
    private static func options(_ row: AlertRow, _ directory: DirectoryView) -> [NamedValue] {
        let details = row.details
        var rows: [NamedValue] = []
        if let conference = directory.conference(of: details) {
            let text = conference.text(language: "en")
            rows.append(NamedValue(name: "Conference", value: text, href: conference.link))
        }
        if let name = details.senderOverrides?.displayName { rows.append(NamedValue(name: "Sender", value: name)) }
        if let number = details.senderOverrides?.callerId { rows.append(NamedValue(name: "Caller id", value: number)) }
        let voicemail = details.voicemailOptions
        if voicemail.retry > 0 {
            let value = "\(voicemail.retry) more, \(voicemail.every) s apart, then \(voicemail.leave.rawValue)"
            rows.append(NamedValue(name: "Calls", value: value))
        }
        rows += details.attachments.map { file in
            let href = file.uploadId.map { "/console/alerts/\(row.id)/files/\($0)" }
            return NamedValue(name: "File", value: file.name, href: href)
        }
        return rows
    }

    /// More lines are counted, not listed.
    private static let webhookLimit = 200

    mutating func show(_ why: DeliveryWhy, _ format: TimeFormat) {
        webhooks = why.lines.prefix(Self.webhookLimit).map { Webhook($0, format) }
        moreWebhooks = why.lines.count > webhooks.count ? why.lines.count - webhooks.count : nil
    }
}

extension AlertPage.Webhook {
    init(_ line: DeliveryWhy.Line, _ format: TimeFormat) {
        let verdict = line.verdict
        let state = StatusText(verdict.outcome)
        (status, statusClass) = (state.text, state.style)
        integration = line.integration.name
        trigger = line.trigger?.rawValue ?? ""
        event = "\(line.kind.split(separator: ".").last ?? "") \(format.short(line.at))"
        var why = verdict.text
        if let until = verdict.until { why += ", goes on at \(format.short(until))" }
        if let version = verdict.configuration {
            why += " · configuration \(version)"
            if let current = line.currentVersion, current != version { why += ", now \(current)" }
        }
        self.why = why
        href = verdict.delivery.map { "/console/deliveries/\($0)" }
    }
}

extension StatusText {
    init(_ outcome: DeliveryVerdict.Outcome) {
        switch outcome {
        case .sent: (text, style) = ("Delivered", "good")
        case .underWay: (text, style) = ("Under way", "wait")
        case .waiting: (text, style) = ("Waiting", "wait")
        case .behind: (text, style) = ("Behind another", "wait")
        case .disabled: (text, style) = ("Out of service", "wait")
        case .unconfigured: (text, style) = ("Not configured", "wait")
        case .exhausted: (text, style) = ("Failed", "bad")
        case .cancelled: (text, style) = ("Given up", "ended")
        case .notDeployed: (text, style) = ("Not deployed", "ended")
        case .otherAnswer: (text, style) = ("Other answer", "ended")
        case .filtered: (text, style) = ("Filtered", "ended")
        case .notExecuted: (text, style) = ("Not executed", "ended")
        case .otherForm, .otherTrigger, .noTrigger, .notOutbound: (text, style) = ("Not concerned", "ended")
        case .createdLater: (text, style) = ("Made later", "ended")
        case .unrecorded: (text, style) = ("Unknown", "ended")
        }
    }
}
