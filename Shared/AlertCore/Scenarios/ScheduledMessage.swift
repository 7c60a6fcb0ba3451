/// An alert that is sent by itself, once or again and again (spec §4.8).
public struct ScheduledMessage: Codable, Hashable, Sendable, Identifiable {
    /// Why a time passed without an alert.
    public struct Problem: Codable, Hashable, Sendable {
        /// When it was to be sent.
        public var fireTime: Timestamp
        public var message: String

        public init(fireTime: Timestamp, message: String) {
            self.fireTime = fireTime
            self.message = message
        }
    }

    public var id: String
    public var name: String
    /// The id of the person as whom it is sent.
    public var owner: String
    public var form: String
    /// The id of the scenario that fills in what ``kept`` leaves open; `nil` for none.
    public var scenario: String?
    public var kept: KeptRequest
    public var created: Timestamp
    /// When it is sent first. Later times keep the time of day of the owner's time zone.
    public var start: Timestamp
    public var recurrence: Recurrence
    /// When it was last sent, by the plan.
    public var previousFireTime: Timestamp?
    /// The request that it was last sent by.
    public var previousRequest: String?
    /// When it is sent next; `nil` when it is over.
    public var nextFireTime: Timestamp?
    /// Of the last time that it was to be sent; `nil` when it was.
    public var problem: Problem?

    public init(
        id: String, name: String, owner: String, form: String, scenario: String? = nil,
        kept: KeptRequest = KeptRequest(), created: Timestamp, start: Timestamp, recurrence: Recurrence
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.form = form
        self.scenario = scenario
        self.kept = kept
        self.created = created
        self.start = start
        self.recurrence = recurrence
    }

    /// The first time after a moment at which it is to be sent; `nil` when there is none.
    /// - Parameter timezone: The owner's.
    public func fireTime(after moment: Timestamp, timezone: String) -> Timestamp? {
        FireTimes(recurrence, start: start, timezone: timezone).first(after: moment)
    }

    /// The last time up to a moment at which it is to be sent, of those from `first` on, which is one.
    /// - Parameter timezone: The owner's.
    public func lastFireTime(from first: Timestamp, to moment: Timestamp, timezone: String) -> Timestamp {
        let times = FireTimes(recurrence, start: start, timezone: timezone)
        var last = first
        while let next = times.first(after: last), next <= moment { last = next }
        return last
    }

    /// What is sent to the form.
    public var body: JSONValue {
        var fields = kept.fields
        fields["scenario"] = scenario.map(JSONValue.string)
        return .object(fields)
    }

    /// What a time that comes is about, in due work.
    public struct Firing: Codable, Hashable, Sendable {
        public static let dueKind = "scheduled-message"
        /// Where the work waits: the owner of this partition of requests does it.
        public static let partition = 0
        /// How late a message is still sent, when nobody was there at its time.
        public static let longestDelay = Duration.seconds(86_400)

        public var message: String
        public var at: Timestamp
        /// The generation of partitions that the request's id says: the same however often it is tried.
        public var generation: Int

        public init(message: String, at: Timestamp, generation: Int) {
            self.message = message
            self.at = at
            self.generation = generation
        }

        /// Follows from the message and the time, so that what is sent again after a crash makes no second alert.
        public var requestId: String {
            DerivedID.stamped(at: at, generation: generation, "scheduled-message", message, String(at.milliseconds))
        }
    }
}
