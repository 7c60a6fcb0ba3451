// What the escalation of an alert reports to it.

/// That the next place of an escalation was notified, or somebody at its end told (spec §1.8).
public struct EscalationReport: Codable, Hashable, Sendable {
    public enum Reason: String, Codable, Sendable {
        /// Somebody escalated.
        case active = "ACTIVE"
        /// The delay was over and nobody had stopped it.
        case passive = "PASSIVE"
    }

    /// What the member that is escalated to says about it.
    public enum Kind: String, Codable, Sendable {
        case peer = "PEER"
        case management = "MANAGEMENT"
        case none = "NONE"
    }

    /// How many recipients of a kind a report names; the totals count all.
    public static let namedMax = 100

    /// The same for each try to report it.
    public var id: String
    public var group: NamedReference
    public var shift: NamedReference?
    public var reason: Reason
    public var type: Kind
    /// Who escalated; `nil` when the delay was over.
    public var by: PersonReference?
    /// The first ``namedMax`` of each.
    public var from: [AlertRecipient]
    public var to: [AlertRecipient]
    public var totalFrom: Int
    public var totalTo: Int

    public init(
        id: String, group: NamedReference, shift: NamedReference?, reason: Reason, type: Kind,
        by: PersonReference? = nil, from: [AlertRecipient], to: [AlertRecipient]
    ) {
        self.id = id
        self.group = group
        self.shift = shift
        self.reason = reason
        self.type = type
        self.by = by
        self.from = Array(from.prefix(Self.namedMax))
        self.to = Array(to.prefix(Self.namedMax))
        totalFrom = from.count
        totalTo = to.count
    }
}

extension EscalationReport.Kind {
    public init(_ type: Shift.EscalationType) {
        self =
            switch type {
            case .none: .none
            case .peer: .peer
            case .management: .management
            }
    }
}

/// That those whom the request named could not be notified (spec §1.9).
public struct RecipientsFailure: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable {
        /// When the alert began there was nobody to notify at once.
        case nobodyNotifiable = "NO_NOTIFIABLE_RECIPIENT"
        /// Every notification with which the alert began has failed.
        case allFailed = "ALL_NOTIFICATIONS_FAILED"
    }

    /// How many recipients are named.
    public static let namedMax = 100

    /// The same for each try to report it.
    public var id: String
    public var failureType: Kind
    /// The first ``namedMax``.
    public var targeted: [AlertRecipient]
    public var total: Int

    public init(id: String, failureType: Kind, targeted: [AlertRecipient]) {
        self.id = id
        self.failureType = failureType
        self.targeted = Array(targeted.prefix(Self.namedMax))
        total = targeted.count
    }
}
