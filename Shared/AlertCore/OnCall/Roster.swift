/// Everything that decides who is on call, at one moment of the directory. Pure: whoever asks brings the time.
public struct Roster: Sendable {
    /// The directory's version, as answers name it.
    public let version: Int64
    /// By id.
    public let people: [String: Person]
    public let groups: [String: Group]
    public let sites: [String: Site]
    /// By owner's id, in the order in which they are notified.
    public let devices: [String: [Device]]
    /// By group's id.
    public let shifts: [String: [Shift]]
    /// By the id of the person who is away.
    public let absences: [String: [TemporaryAbsence]]
    /// How many alerts each shift whose rotation goes by alerts has had, by its id.
    public var alertCounts: [String: Int]

    public init(
        version: Int64, people: [String: Person], groups: [String: Group], sites: [String: Site],
        devices: [String: [Device]], shifts: [String: [Shift]], absences: [String: [TemporaryAbsence]],
        alertCounts: [String: Int] = [:]
    ) {
        self.version = version
        self.people = people
        self.groups = groups
        self.sites = sites
        self.devices = devices
        self.shifts = shifts
        self.absences = absences
        self.alertCounts = alertCounts
    }
}

/// A shift at a moment at which it is on, with who stands in it then.
public struct OnCallShift: Equatable, Sendable {
    public var shift: Shift
    /// Of this occurrence.
    public var start: Timestamp
    public var end: Timestamp
    /// In the order of the escalation, as the rotation has it at that moment.
    public var members: [OnCallMember]

    public init(shift: Shift, start: Timestamp, end: Timestamp, members: [OnCallMember]) {
        self.shift = shift
        self.start = start
        self.end = end
        self.members = members
    }
}

/// A place in the escalation of a shift at a moment.
public struct OnCallMember: Equatable, Sendable {
    /// From 1.
    public var position: Int
    /// Minutes after the place before. What follows somebody who is skipped is 0 (spec §5.4).
    public var delay: Int
    public var escalationType: Shift.EscalationType
    public var inRotation: Bool
    /// Who was put there.
    public var recipient: GroupMember
    /// The absence that holds at that moment.
    public var absence: TemporaryAbsence?
    /// Who is notified: ``recipient``, or the person who replaces it; `nil` when nobody is.
    public var notified: GroupMember?
    /// Why nobody is, for people to read.
    public var skipped: String?

    public init(
        position: Int, delay: Int, escalationType: Shift.EscalationType, inRotation: Bool, recipient: GroupMember,
        absence: TemporaryAbsence? = nil, notified: GroupMember?, skipped: String? = nil
    ) {
        self.position = position
        self.delay = delay
        self.escalationType = escalationType
        self.inRotation = inRotation
        self.recipient = recipient
        self.absence = absence
        self.notified = notified
        self.skipped = skipped
    }
}
