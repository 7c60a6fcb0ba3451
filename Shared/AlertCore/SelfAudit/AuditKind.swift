/// What the self-audit looks for. The raw values are the format: of the database, of the metrics and of REST.
public enum AuditKind: String, Codable, Sendable, CaseIterable {
    /// The database has not answered the audit.
    case databaseUnreachable
    /// No process has had an answer of the broker.
    case brokerAway
    /// The broker has lost messages that it had confirmed.
    case brokerLostMessages
    /// A request was carried out and made an alert, and the alert is not there.
    case alertsMissing
    /// Events of alerts are in the log, and not on their way to the other services.
    case eventsNotRelayed
    /// A service has not taken events that are on their way to it.
    case consumersBehind
    /// Requests that were accepted and neither done nor taken up again.
    case requestsOverdue
    /// An escalation, an expiry or another timer whose time has passed.
    case timersOverdue
    /// Notifications whose time has passed.
    case notificationsOverdue
    /// Notifications of which it is not known what the provider did with them.
    case notificationsUnsettled
    /// Notifications that wait for nothing.
    case notificationsForgotten
    /// Webhooks that should have been tried again.
    case webhooksOverdue
    /// Alerts that are active although their time is over.
    case alertsNotExpired
    /// Active alerts that nothing will ever end.
    case alertsWithoutExpiry

    /// What is wrong, for the person who is paged.
    public var rule: String {
        switch self {
        case .databaseUnreachable: "the database does not answer"
        case .brokerAway: "the broker answers nobody: messages go through the database"
        case .brokerLostMessages: "the broker has lost messages that it had confirmed"
        case .alertsMissing: "accepted requests whose alert does not exist: is the alert engine at work?"
        case .eventsNotRelayed: "events of alerts that have not left the log: are alert engine and broker at work?"
        case .consumersBehind: "services that have not taken events of alerts: are they, and the broker, at work?"
        case .requestsOverdue: "accepted requests that nobody carries out: is ingest at work?"
        case .timersOverdue: "escalations, expiries or other timers that are overdue"
        case .notificationsOverdue: "notifications that are overdue: is the notifier at work?"
        case .notificationsUnsettled: "notifications whose attempt has neither succeeded nor failed"
        case .notificationsForgotten: "notifications that are to be sent and have no time"
        case .webhooksOverdue: "parked webhooks that are overdue: is the webhook dispatcher at work?"
        case .alertsNotExpired: "alerts that should have expired and are active"
        case .alertsWithoutExpiry: "active alerts that have no time at which they expire"
        }
    }

    /// Whether one check may be mistaken: events that have left the log late look old to a consumer that has just got
    /// them. Such a thing is paged when a second check finds it as well.
    public var needsConfirmation: Bool { self == .consumersBehind }

    /// What the due work of a kind belongs to; `nil` for the audit's own.
    public init?(dueWork kind: String) {
        switch kind {
        case AuditNotice.dueKind: return nil
        case "notification", "notification-digest", "call": self = .notificationsOverdue
        case "webhook", "webhook-order": self = .webhooksOverdue
        case "inbound-request": self = .requestsOverdue
        default: self = .timersOverdue
        }
    }
}

/// How long things may take before the audit finds fault with them.
public struct AuditBounds: Equatable, Sendable {
    /// After its time, for everything but webhooks; from 5 s.
    public var overdue = Duration.seconds(60)
    /// After its time, for a webhook that is to be tried again.
    public var webhookOverdue = Duration.seconds(300)
    /// For an attempt to hand a notification to its provider.
    public var unsettled = Duration.seconds(300)
    /// For due work that a process holds on to, besides `overdue`.
    public var inHand = Duration.seconds(900)
    /// How long nothing may be found until a finding is taken back.
    public var clearAfter = Duration.seconds(60)
    /// Between two pages about a finding that lasts; `nil`: only the first one.
    public var repeatEvery: Duration? = .seconds(900)

    public init() {}
}
