/// One message to one device of one person about one alert.
public enum Notification: Aggregate {
    public static let category = "notification"
    public static let initial = State()

    public struct State: Equatable, Sendable {
        public var phase = Phase.unknown
        /// How many attempts have begun.
        public var attempts = 0
        /// The provider that has, or had, the message; `nil` before the first attempt.
        public var provider: NamedReference?
        /// Of ``attempts``, those with ``provider`` since the message came to it.
        public var attemptsWithProvider = 0
        /// The ids of the providers that have said no, at once or later, or given no answer too often.
        public var exhausted: Set<String> = []
        /// Why the last provider did not take it; empty as long as none has refused.
        public var lastReason = ""
        /// Whether an attempt ended without a known outcome: whatever is sent from then on may arrive twice.
        public var isInDoubt = false
        /// Why it waits, in ``Phase/held``.
        public var hold: NotificationHold?
        /// Whether the provider has said that the message reached the device.
        public var isConfirmed = false
        /// Whom it tells.
        public var recipient: PersonReference?
    }

    public enum Phase: String, Codable, Sendable {
        case unknown
        /// Waits for its time, or for a further attempt.
        case pending
        /// An attempt has begun and its outcome is not recorded yet.
        case sending
        case delivered
        case failed
        /// Not to be sent any more: somebody answered, or the alert ended, before its time.
        case cancelled
        /// Not sent: the person has had enough of them.
        case suppressed
        /// Waits because a limit on messages says so.
        case held
        /// Told together with others, in one message of its own.
        case collapsed
        /// The provider may have taken it: its answer was lost, and a word from it is waited for.
        case inDoubt

        /// Whether nothing has gone out that cannot be taken back, or may go out again.
        public var canBeCancelled: Bool { self == .pending || self == .held || self == .inDoubt }
    }

    public enum Command: Equatable, Sendable {
        case plan(Plan)
        case begin(via: NamedReference)
        case deliver(receipt: String)
        /// - Parameters:
        ///   - isPermanent: Whether another attempt with this provider is pointless.
        ///   - next: The provider that takes over when this one is given up; `nil` for none.
        ///   - notBefore: The provider's own wish for the next attempt.
        case fail(reason: String, isPermanent: Bool, next: NamedReference?, notBefore: Timestamp?)
        /// The answer was lost.
        case doubt(reason: String)
        /// There is no provider, or none is left.
        case giveUp(reason: String)
        case cancel(reason: String)
        case suppress(Suppression)
        case hold(NotificationHold)
        /// - Parameter digest: The id of the notification that tells of it.
        case collapse(into: String)
        /// The provider's later word: the message reached the device.
        case confirm(word: String)
        /// The provider's later word: it did not.
        case refuse(reason: String)
    }

    public enum Event: Codable, Equatable, Sendable {
        case planned(plan: Plan, at: Timestamp)
        /// - Parameters:
        ///   - isRepetition: An earlier attempt ended without a known outcome: the message may arrive twice.
        ///   - provider: Absent in older records.
        case attemptBegun(number: Int, isRepetition: Bool, provider: NamedReference?, at: Timestamp)
        case delivered(receipt: String, at: Timestamp)
        case attemptFailed(reason: String, retryAt: Timestamp, at: Timestamp)
        case failed(reason: String, at: Timestamp)
        case cancelled(reason: String, at: Timestamp)
        case suppressed(suppression: Suppression, at: Timestamp)
        /// The next provider takes over.
        case failedOver(from: NamedReference, to: NamedReference, reason: String, at: Timestamp)
        /// The provider's answer was lost. Until `until`, a word from it is waited for; then the message is sent again.
        case leftInDoubt(reason: String, until: Timestamp, at: Timestamp)
        case held(hold: NotificationHold, at: Timestamp)
        case collapsed(digest: String, at: Timestamp)
        case confirmed(word: String, at: Timestamp)
        case refused(reason: String, at: Timestamp)
    }

    public enum Rejection: Error, Equatable, Sendable { case unknown }

    /// Seconds between the attempts to hand a message to its provider.
    public static let retryDelays = [5, 15, 60, 120, 300]
    /// The same, where another provider waits to take over.
    public static let retryDelaysBeforeFailover = [5, 15]
    /// How long a word from a provider whose answer was lost is waited for.
    public static let doubtPause = Duration.seconds(60)
    /// How many answers of one provider may be lost before it is given up.
    public static let doubtLimit = 3
}

/// Why a notification waits, and until when.
public struct NotificationHold: Codable, Hashable, Sendable {
    /// For people, as in "storm: at most 10 messages in 60 s to one device".
    public var rule: String
    public var until: Timestamp
    /// The id of the digest that will tell of it; `nil` when it is sent by itself then.
    public var digest: String?

    public init(rule: String, until: Timestamp, digest: String? = nil) {
        self.rule = rule
        self.until = until
        self.digest = digest
    }
}
