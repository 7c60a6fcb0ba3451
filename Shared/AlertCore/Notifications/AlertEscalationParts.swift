// What an escalation is made of. The names of these fields are the format of its events.

extension AlertEscalation {
    /// What of the alert decides who is notified.
    public struct Terms: Codable, Hashable, Sendable {
        public var alert = ""
        public var number: Int64 = 0
        /// The id of the request with which it all began.
        public var correlation = ""
        public var priority = Priority.medium
        public var overrideDeviceRestrictions = false
        public var escalationOverride = false
        /// Empty for no restriction.
        public var targetDeviceNames: [String] = []
        public var countsResponses = false
        /// How many answers are enough from all targets that have no threshold of their own.
        public var otherThreshold: Int?
        public var limitsNotifications = false
        /// Who is told besides, for information.
        @Later public var subscriptions: [AlertSubscription]

        public init() { subscriptions = [] }

        public init(_ details: AlertDetails, alert: String, correlation: String) {
            self.init()
            self.alert = alert
            number = details.number
            self.correlation = correlation
            priority = details.priority
            overrideDeviceRestrictions = details.overrideDeviceRestrictions
            escalationOverride = details.escalationOverride
            targetDeviceNames = details.targetDeviceNames
            countsResponses = details.responseCountsEnabled
            otherThreshold = details.otherResponseCountThreshold
            limitsNotifications = details.limitsNotifications
            subscriptions = details.subscriptions
        }
    }

    /// One way that leads from a target to people: the person or device itself, the members of a group, or the
    /// escalation of one shift.
    public struct Course: Codable, Hashable, Sendable {
        /// `<target's place>`, below it `.` and the shift's place; of a group inside a step `-<step>-<round>-<place>`.
        public var id: String
        /// The target's id.
        public var target: String
        /// The course whose step led to this group.
        public var parent: String?
        public var group: NamedReference?
        public var shift: NamedReference?
        /// The occurrence of the shift.
        public var shiftStart: Timestamp?
        public var shiftEnd: Timestamp?
        public var allowsDuplicates: Bool
        public var usesFailsafe: Bool
        /// Of a shift.
        public var steps: [Step]
        public var repeats: Shift.Repeat?
        public var endNotice: EndNotice?
        /// The id of the subscription whose subscribers are told by it; `nil` for the alert's own recipients.
        public var subscription: String?
    }

    /// Places of a shift that are notified together.
    public struct Step: Codable, Hashable, Sendable {
        /// Seconds after the step before.
        public var delay: Int
        public var type: Shift.EscalationType
        public var members: [Member]
    }

    public struct Member: Codable, Hashable, Sendable {
        /// Who was put there; who stands in for somebody who is away counts when the turn comes.
        public var recipient: AlertRecipient
        /// In the shift or group, from 1.
        public var position: Int
    }

    public struct EndNotice: Codable, Hashable, Sendable {
        public var members: [Member]
        /// Seconds after the end.
        public var wait: Int
    }

    /// What comes next in a course, and when.
    public struct Progress: Codable, Hashable, Sendable {
        public enum Next: String, Codable, Sendable { case step, round, endNotice, over }

        public var course: String
        public var next: Next
        /// Of ``Next/step``: from 0.
        public var step: Int
        /// From 0.
        public var round: Int
        public var due: Timestamp
        /// Who has escalated, so that it comes now.
        public var by: PersonReference?

        var isOver: Bool { next == .over }

        func later(by pause: Duration) -> Progress {
            var later = self
            later.due = due.advanced(by: pause)
            return later
        }
    }

    /// A person whose next device waits for its time.
    public struct DeviceLine: Codable, Hashable, Sendable {
        /// `<course>-<step>-<round>-<person's id>`.
        public var id: String
        public var person: PersonReference
        public var target: String
        public var course: String
        public var step: Int
        public var round: Int
        public var kind: Progress.Next
        public var rule: Rule
        public var reason: String
        /// Whether the devices are used because no others can be.
        public var isFailsafe: Bool
        /// Ids, in order.
        public var remaining: [String]
        public var due: Timestamp
        /// The notification before.
        public var last: String?

        func later(by pause: Duration) -> DeviceLine {
            var later = self
            later.due = due.advanced(by: pause)
            return later
        }
    }

    /// Everything that was reached at one moment.
    public struct Advance: Codable, Hashable, Sendable {
        /// The directory's version on which it was decided.
        public var directory: Int64
        @Later public var opened: [Course]
        @Later public var steps: [ReachedStep]
        @Later public var notices: [Notice]
        @Later public var omissions: [Omission]
        @Later public var progress: [Progress]
        @Later public var lines: [DeviceLine]
        @Later public var finishedLines: [String]

        init(directory: Int64) {
            self.directory = directory
            opened = []
            steps = []
            notices = []
            omissions = []
            progress = []
            lines = []
            finishedLines = []
        }

        var isEmpty: Bool { self == Advance(directory: directory) }
    }

    public struct ReachedStep: Codable, Hashable, Sendable {
        public var course: String
        public var step: Int
        public var round: Int
        public var kind: Progress.Next
        public var by: PersonReference?
    }

    /// One device of one person that is notified.
    public struct Notice: Codable, Hashable, Sendable {
        /// Follows from alert, target, course, step, round and device.
        public var id: String
        public var person: PersonReference
        public var language: String
        public var device: NamedReference
        public var deviceNumber: Int64
        public var deviceType: Device.Kind
        public var provider: String
        public var address: String
        public var target: String
        public var course: String
        public var step: Int
        public var round: Int
        public var rule: Rule
        /// For people.
        public var reason: String
        /// Whether no answer is asked for.
        @Later public var isOneWay: Bool
    }

    /// Somebody, or one device, that is not notified.
    public struct Omission: Codable, Hashable, Sendable {
        /// For people.
        public var recipient: String
        public var person: PersonReference?
        public var device: NamedReference?
        public var target: String
        public var course: String
        public var step: Int
        public var round: Int
        public var rule: Rule
        /// For people.
        public var reason: String
    }

    /// Why somebody is notified, or not.
    public enum Rule: String, Codable, CaseIterable, Sendable {
        case named = "NAMED"
        case deviceNamed = "DEVICE_NAMED"
        case onCall = "ON_CALL"
        case member = "MEMBER"
        case replacement = "REPLACEMENT"
        case endOfEscalation = "END_OF_ESCALATION"
        case subscription = "SUBSCRIPTION"

        case gone = "GONE"
        case inactive = "INACTIVE"
        case absent = "ABSENT"
        case noShift = "NO_SHIFT"
        case noMembers = "NO_MEMBERS"
        case nested = "NESTED"
        case answered = "ANSWERED"
        case duplicate = "DUPLICATE"
        case deviceInactive = "DEVICE_INACTIVE"
        case deviceFilter = "DEVICE_FILTER"
        case belowThreshold = "BELOW_THRESHOLD"
        case outsideTimeframe = "OUTSIDE_TIMEFRAME"
        case noAddress = "NO_ADDRESS"
        case noDevice = "NO_DEVICE"
        case tooMany = "TOO_MANY"
    }

    /// An answer, with where it came from.
    public struct Answer: Codable, Hashable, Sendable {
        /// The response's id.
        public var id: String
        public var by: PersonReference
        public var action: ResponseOption.Action
        public var text: String
        /// Through which the person was reached.
        public var targets: [String]
        public var courses: [String]
    }

    /// What ends what is to come, and what waits to be sent.
    public struct Stop: Codable, Hashable, Sendable {
        public enum Scope: String, Codable, Sendable {
            /// The other devices of a person; later steps notify again.
            case devices
            case person
            case target
            case everybody
        }

        public var scope: Scope
        public var person: PersonReference?
        public var target: String?
        /// For people.
        public var reason: String
    }

    /// An answer that was counted, or not any more.
    public struct Count: Codable, Hashable, Sendable {
        /// Empty for the targets without a threshold of their own.
        public var target: String
        public var person: PersonReference
        public var isTakenBack: Bool
        public var total: Int
        public var threshold: Int?
    }
}
