/// One message to one device of one person about one alert.
public enum Notification: Aggregate {
    public static let category = "notification"
    public static let initial = State()

    public struct State: Equatable, Sendable {
        public var phase = Phase.unknown
        /// How many attempts have begun.
        public var attempts = 0
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
    }

    public enum Command: Equatable, Sendable {
        case plan(Plan)
        case begin
        case deliver(receipt: String)
        /// - Parameter isPermanent: Whether another attempt is pointless.
        case fail(reason: String, isPermanent: Bool)
        case cancel(reason: String)
        case suppress(Suppression)
    }

    public enum Event: Codable, Equatable, Sendable {
        case planned(plan: Plan, at: Timestamp)
        /// - Parameter isRepetition: An earlier attempt ended without a known outcome: the message may arrive twice.
        case attemptBegun(number: Int, isRepetition: Bool, at: Timestamp)
        case delivered(receipt: String, at: Timestamp)
        case attemptFailed(reason: String, retryAt: Timestamp, at: Timestamp)
        case failed(reason: String, at: Timestamp)
        case cancelled(reason: String, at: Timestamp)
        case suppressed(suppression: Suppression, at: Timestamp)
    }

    public enum Rejection: Error, Equatable, Sendable { case unknown }

    /// Who is told what, where and when.
    public struct Plan: Codable, Equatable, Sendable {
        public var id: String
        public var alert: String
        public var alertNumber: Int64
        public var recipient: PersonReference
        public var device: NamedReference
        public var deviceNumber: Int64
        /// Where the message goes, as in an email address.
        public var address: String
        public var dueAt: Timestamp
        /// Why this person on this device, for people to read.
        public var reason: String
        public var correlation: String
        /// Whether the limit on notifications holds for it.
        @Later public var isLimited: Bool
        /// As ``DeviceClass``; empty in older records.
        @Later public var deviceClass: String
        /// As ``Device/Kind``, which says by which channel it goes; empty for email in older records.
        @Later public var deviceType: String
        /// The provider that the device wants; empty for any that has its kind.
        @Later public var provider: String
        /// The recipient's language.
        @Later public var language: String

        public init(
            id: String, alert: String, alertNumber: Int64, recipient: PersonReference, device: NamedReference,
            deviceNumber: Int64, address: String, dueAt: Timestamp, reason: String, correlation: String,
            isLimited: Bool = false, deviceClass: DeviceClass = .other
        ) {
            self.id = id
            self.alert = alert
            self.alertNumber = alertNumber
            self.recipient = recipient
            self.device = device
            self.deviceNumber = deviceNumber
            self.address = address
            self.dueAt = dueAt
            self.reason = reason
            self.correlation = correlation
            self.isLimited = isLimited
            self.deviceClass = deviceClass.rawValue
            deviceType = ""
            provider = ""
            language = ""
        }
    }

    /// Seconds between the attempts to hand a message to its provider.
    public static let retryDelays = [5, 15, 60, 120, 300]
}

extension Notification {
    public static func decide(_ timed: Timed<Command>, _ state: State) throws(Rejection) -> [Event] {
        let now = timed.at
        switch (timed.command, state.phase) {
        case (.plan(let plan), .unknown):
            return [.planned(plan: plan, at: now)]
        case (.plan, _):
            return []
        case (.begin, .pending), (.begin, .sending):
            let isRepetition = state.phase == .sending
            return [.attemptBegun(number: state.attempts + 1, isRepetition: isRepetition, at: now)]
        case (.deliver(let receipt), .sending):
            return [.delivered(receipt: receipt, at: now)]
        case (.fail(let reason, let isPermanent), .sending):
            guard !isPermanent, state.attempts <= retryDelays.count else { return [.failed(reason: reason, at: now)] }
            let pause = Duration.seconds(retryDelays[state.attempts - 1])
            return [.attemptFailed(reason: reason, retryAt: now.advanced(by: pause), at: now)]
        case (.cancel(let reason), .pending):
            return [.cancelled(reason: reason, at: now)]
        case (.suppress(let suppression), .pending):
            return [.suppressed(suppression: suppression, at: now)]
        case (.suppress, .unknown), (.begin, .unknown), (.deliver, .unknown), (.fail, .unknown), (.cancel, .unknown):
            throw .unknown
        case (.suppress, _), (.begin, _), (.deliver, _), (.fail, _), (.cancel, _):
            return []
        }
    }

    public static func evolve(_ state: State, _ event: Event) -> State {
        var next = state
        switch event {
        case .planned, .attemptFailed: next.phase = .pending
        case .attemptBegun(let number, _, _):
            next.phase = .sending
            next.attempts = number
        case .delivered: next.phase = .delivered
        case .failed: next.phase = .failed
        case .cancelled: next.phase = .cancelled
        case .suppressed: next.phase = .suppressed
        }
        return next
    }
}
