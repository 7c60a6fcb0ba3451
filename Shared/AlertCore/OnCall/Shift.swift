/// A part of the calendar of an on-call group, with the escalation of those who are on duty in it (spec §4.6, §5.4).
public struct Shift: Codable, Hashable, Sendable, Identifiable {
    /// What an escalation that leads to a member is called.
    public enum EscalationType: String, Codable, CaseIterable, Sendable {
        case none = "None"
        case peer = "Peer"
        case management = "Management"
    }

    /// A place in the escalation.
    public struct Member: Codable, Hashable, Sendable {
        public var recipient: GroupMember
        /// Minutes after the member before, 0 to be notified together with that one. The first member's counts from
        /// the alert's beginning.
        public var delay: Int
        public var escalationType: EscalationType
        /// Whether the rotation moves it; somebody who does not rotate keeps the place.
        public var inRotation: Bool

        public init(
            recipient: GroupMember, delay: Int = 0, escalationType: EscalationType = .none, inRotation: Bool = true
        ) {
            self.recipient = recipient
            self.delay = delay
            self.escalationType = escalationType
            self.inRotation = inRotation
        }
    }

    /// Begins the escalation again when it has ended and nobody has answered.
    public struct Repeat: Codable, Hashable, Sendable {
        /// How many times, 1 to 100.
        public var repetitions: Int
        /// Seconds after the end of the round before.
        public var waitInSeconds: Int
        public var escalationType: EscalationType

        public init(repetitions: Int, waitInSeconds: Int, escalationType: EscalationType = .none) {
            self.repetitions = repetitions
            self.waitInSeconds = waitInSeconds
            self.escalationType = escalationType
        }
    }

    /// Tells somebody that the escalation, with all its repeats, has ended and nobody has answered.
    public struct EndNotice: Codable, Hashable, Sendable {
        /// As it is on the wire; `nil` for the group's supervisors.
        public var recipient: GroupMember?
        public var notificationType: String
        /// Seconds after the end.
        public var waitInSeconds: Int

        public init(recipient: GroupMember?, notificationType: String = "", waitInSeconds: Int = 0) {
            self.recipient = recipient
            self.notificationType = notificationType
            self.waitInSeconds = waitInSeconds
        }
    }

    public var id: String
    /// A group's id.
    public var group: String
    /// Unique in its group, ignoring case.
    public var name: String
    public var description: String
    /// When its first occurrence begins and ends; later ones keep the time of day in ``timezone``, whatever the
    /// clocks there do. On which days they are is for ``recurrence`` alone to say.
    public var start: Timestamp
    public var end: Timestamp
    public var timezone: String
    public var recurrence: Recurrence
    /// In the order of the escalation.
    public var members: [Member]
    public var rotation: Rotation?
    public var repeatEscalation: Repeat?
    public var notifyEndOfEscalation: EndNotice?
    /// Beginnings of occurrences that do not take place.
    public var exclusions: [Timestamp]
    public var created: Timestamp

    public init(
        id: String, group: String, name: String, description: String = "", start: Timestamp, end: Timestamp,
        timezone: String, recurrence: Recurrence, members: [Member] = [], rotation: Rotation? = nil,
        repeatEscalation: Repeat? = nil, notifyEndOfEscalation: EndNotice? = nil, exclusions: [Timestamp] = [],
        created: Timestamp
    ) {
        self.id = id
        self.group = group
        self.name = name
        self.description = description
        self.start = start
        self.end = end
        self.timezone = timezone
        self.recurrence = recurrence
        self.members = members
        self.rotation = rotation
        self.repeatEscalation = repeatEscalation
        self.notifyEndOfEscalation = notifyEndOfEscalation
        self.exclusions = exclusions
        self.created = created
    }
}
