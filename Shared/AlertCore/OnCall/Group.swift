/// People who share a duty (spec §4.6).
public struct Group: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// Has shifts: whoever is on call now is notified.
        case onCall = "ON_CALL"
        /// All members at once.
        case broadcast = "BROADCAST"
        /// Everybody who meets ``Group/criteria``, at once.
        case dynamic = "DYNAMIC"
    }

    public var id: String
    /// At most 100 characters; unique among groups and people, ignoring case.
    public var targetName: String
    public var groupType: Kind
    public var status: RecipientStatus
    /// At most 1,024 characters.
    public var description: String
    /// Whether somebody who is reached in two ways at the same moment is notified twice.
    public var allowDuplicates: Bool
    /// Whether the failsafe devices of members are used when no other device can be.
    public var useDefaultDevices: Bool
    public var observedByAll: Bool
    /// Names of the roles that may see the group, when not all may.
    public var observers: [String]
    /// Ids of people.
    public var supervisors: [String]
    /// A site's id.
    public var site: String?
    public var timezone: String
    /// Of a broadcast group and of an on-call group's roster: who belongs to it, in order.
    public var members: [GroupMember]
    /// Of a dynamic group only.
    public var criteria: GroupCriteria?
    /// How many answers are enough, where a form counts them and the request says nothing.
    public var responseCountThreshold: Int?
    public var externalKey: String?
    public var externallyOwned: Bool
    public var created: Timestamp

    public init(
        id: String, targetName: String, groupType: Kind = .onCall, status: RecipientStatus = .active,
        description: String = "", allowDuplicates: Bool = false, useDefaultDevices: Bool = true,
        observedByAll: Bool = true, observers: [String] = [], supervisors: [String] = [], site: String? = nil,
        timezone: String = "UTC", members: [GroupMember] = [], criteria: GroupCriteria? = nil,
        responseCountThreshold: Int? = nil, externalKey: String? = nil, externallyOwned: Bool = false,
        created: Timestamp
    ) {
        self.id = id
        self.targetName = targetName
        self.groupType = groupType
        self.status = status
        self.description = description
        self.allowDuplicates = allowDuplicates
        self.useDefaultDevices = useDefaultDevices
        self.observedByAll = observedByAll
        self.observers = observers
        self.supervisors = supervisors
        self.site = site
        self.timezone = timezone
        self.members = members
        self.criteria = criteria
        self.responseCountThreshold = responseCountThreshold
        self.externalKey = externalKey
        self.externallyOwned = externallyOwned
        self.created = created
    }
}

/// Who belongs to a group or stands in a shift: a person, one device, or a whole group.
public struct GroupMember: Codable, Hashable, Sendable {
    public var id: String
    public var recipientType: AlertRecipient.Kind

    public init(id: String, recipientType: AlertRecipient.Kind) {
        self.id = id
        self.recipientType = recipientType
    }
}

/// What makes somebody a member of a dynamic group.
public struct GroupCriteria: Codable, Hashable, Sendable {
    public enum Operand: String, Codable, CaseIterable, Sendable {
        case and = "AND"
        case or = "OR"
    }

    /// One condition, by its wire names: `BASIC_FIELD`, `USER_ID`, `EQUALS`, …
    public struct Criterion: Codable, Hashable, Sendable {
        public var criterionType: String
        public var field: String
        public var operand: String
        public var value: String

        public init(criterionType: String, field: String, operand: String, value: String) {
            self.criterionType = criterionType
            self.field = field
            self.operand = operand
            self.value = value
        }
    }

    public var operand: Operand
    public var criterion: [Criterion]

    public init(operand: Operand, criterion: [Criterion]) {
        self.operand = operand
        self.criterion = criterion
    }
}
