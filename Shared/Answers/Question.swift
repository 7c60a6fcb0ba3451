import AlertCore
import Persistence

/// What somebody is asked: one notification of an alert that offers answers.
public struct Question: Sendable {
    /// An answer that was given to it.
    public struct Given: Sendable {
        public let response: AlertResponse
        public let option: ResponseOption
        public let at: Timestamp
    }

    /// How an alert ended.
    public struct End: Sendable {
        public let at: Timestamp
        /// Absent when it expired.
        public let by: PersonReference?
    }

    public let plan: Notification.Plan
    /// Without answers to choose from where none is asked for.
    public let alert: AlertRow
    /// Answers to this notification, oldest first.
    public let given: [Given]
    public let end: End?
    /// Whether the recipient has answered on any device, or somebody else has taken the alert.
    public let isSettled: Bool

    public var isOpen: Bool { end == nil && alert.terminatedAt == nil }
    public var language: String { plan.language.isEmpty ? "en" : plan.language }

    /// The id of an answer: the same however and however often it is given.
    public func responseId(of option: String) -> String { DerivedID.uuid("response", plan.id, option) }

    /// - Returns: `nil` when there is no such notification, or its alert is gone.
    public init?(_ notification: String, in connection: any SQLConnection) throws {
        guard let plan = try Notifications(connection).get([notification]).first?.plan,
            let alert = try Alerts(connection).get(plan.alert)
        else { return nil }
        try self.init(plan, alert, in: connection)
    }

    init(_ plan: Notification.Plan, _ alert: AlertRow, in connection: any SQLConnection) throws {
        self.plan = plan
        var asked = alert
        if plan.isOneWay { asked.details.responseOptions = [] }
        self.alert = asked
        let own = Set(alert.details.responseOptions.map { DerivedID.uuid("response", plan.id, $0.id) })
        var given: [Given] = []
        var end: End?
        var isSettled = false
        for recorded in try EventLog(connection).read(streams: ["\(Alert.category)-\(alert.id)"]) {
            switch try EventCodec<Alert.Event>.decode(recorded.data) {
            case .responded(let response, let option, let at):
                if own.contains(response.id) { given.append(Given(response: response, option: option, at: at)) }
                if response.by.id == plan.recipient.id || option.action == .assignToUser { isSettled = true }
            case .terminated(let person, _, let at): end = End(at: at, by: person)
            default: break
            }
        }
        self.given = given
        self.end = end
        self.isSettled = isSettled
    }

    /// "1 Acknowledge, 2 Escalate", in the recipient's language.
    public var optionList: String {
        alert.details.responseOptions.map { "\($0.number) \($0.text(in: language))" }.joined(separator: ", ")
    }
}

extension ResponseOption {
    /// In that language, or else the author's.
    public func text(in language: String) -> String {
        translations.first { $0.language == language }?.text ?? text
    }

    /// As it is spoken.
    public func prompt(in language: String) -> String {
        let translated = translations.first { $0.language == language }
        return translated.map { $0.prompt ?? $0.text } ?? prompt
    }
}

extension PersonReference {
    /// The full name; the target name of somebody who has none.
    public var readableName: String {
        let name = [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ")
        return name.isEmpty ? targetName : name
    }
}
