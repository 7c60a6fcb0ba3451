/// One webhook for one event and one integration, over all its attempts.
public enum WebhookDelivery: Aggregate {
    public static let category = "delivery"
    public static let initial = State()

    public struct State: Equatable, Sendable {
        public var phase = Phase.unknown
        /// The number of the last attempt.
        public var attempts = 0
        /// The number of the last attempt before the schedule began anew.
        public var attemptsBefore = 0
        /// What is personal in its request.
        public var personal: [PersonalText] = []

        public init(phase: Phase = .unknown, attempts: Int = 0, attemptsBefore: Int = 0) {
            self.phase = phase
            self.attempts = attempts
            self.attemptsBefore = attemptsBefore
        }
    }

    public enum Phase: String, Codable, CaseIterable, Sendable {
        case unknown
        /// Nothing has been tried yet, or it is waiting; durable, with a reason.
        case parked
        case delivered
        /// The schedule is used up: kept, and not tried again by itself.
        case exhausted
        /// Given up by a person.
        case cancelled
        /// Never requested: the integration did not want the event (``Skip``).
        case skipped
    }

    public enum Command: Equatable, Sendable {
        case request(Request)
        case park(Parking)
        /// - Parameters:
        ///   - schedule: Of the integration.
        ///   - chance: From 0 up to 1, for the spread of the pauses.
        case recordAttempt(Attempt, schedule: RetrySchedule, chance: Double)
        /// Begins the schedule anew, at once.
        /// - Parameter cause: The id of the request by which the person said so.
        case redrive(by: PersonReference, cause: String)
        /// Gives up what waits.
        case cancel(by: PersonReference, cause: String)
        case skip(Skip)
    }

    public enum Event: Codable, Equatable, Sendable {
        case requested(request: Request, at: Timestamp)
        case parked(parking: Parking, at: Timestamp)
        case attempted(attempt: Attempt, at: Timestamp)
        case delivered(at: Timestamp)
        case exhausted(attempts: Int, at: Timestamp)
        case redriven(by: PersonReference, cause: String, at: Timestamp)
        case cancelled(by: PersonReference, cause: String, at: Timestamp)
        case skipped(skip: Skip, at: Timestamp)
    }

    public enum Rejection: Error, Equatable, Sendable { case unknown }

    /// What is to be sent, fixed when the event happened.
    public struct Request: Codable, Equatable, Sendable {
        /// The delivery's id, which receivers see as `webhook-id`: the same for all attempts.
        public var id: String
        public var integration: NamedReference
        public var trigger: Trigger
        public var alert: String
        public var alertNumber: Int64
        /// The event's place in its alert's history: the order per alert.
        public var sequence: Int64
        /// JSON, as it is sent.
        public var payload: String
        public var correlation: String
        /// For an integration that runs a script; `nil` for one that sends a webhook.
        public var script: ScriptInput?
        /// Of a callback that the alert's own request asked for: where it goes. Its lane is that of the URL's origin.
        public var callback: Callback?
        /// The version of the integration's configuration by which it was requested; `nil` in older ones.
        public var configuration: Int64?
        /// The id of the replay that requested it, if one did.
        public var replay: String?
        /// What in the payload and the script's input says something about a person; absent in older ones.
        public var personal: [PersonalText]?

        /// Where a callback of an alert goes (spec §1.11).
        public struct Callback: Codable, Equatable, Sendable {
            /// Its place among the alert's.
            public var index: Int
            public var url: String
            /// Basic authentication, when there is one.
            public var user: String?
            /// Sealed by `SecretBox`.
            public var sealedPassword: String?
        }

        /// What a script gets besides the payload.
        public struct ScriptInput: Codable, Equatable, Sendable {
            /// JSON: the globals of the newer style (``TriggerOutputs``).
            public var globals: String
            /// The id of the person who began the alert: the script acts as them (spec §1.1).
            public var initiator: String
            /// How many requests in a row have led to the alert, each set off by a script of the one before.
            @Later public var depth: Int

            public init(globals: String, initiator: String, depth: Int) {
                self.globals = globals
                self.initiator = initiator
                self.depth = depth
            }
        }

        public init(
            id: String, integration: NamedReference, trigger: Trigger, alert: String, alertNumber: Int64,
            sequence: Int64, payload: String, correlation: String, script: ScriptInput? = nil,
            callback: Callback? = nil, configuration: Int64? = nil, replay: String? = nil
        ) {
            self.id = id
            self.integration = integration
            self.trigger = trigger
            self.alert = alert
            self.alertNumber = alertNumber
            self.sequence = sequence
            self.payload = payload
            self.correlation = correlation
            self.script = script
            self.callback = callback
            self.configuration = configuration
            self.replay = replay
        }
    }

    /// Why a delivery waits.
    public struct Parking: Codable, Equatable, Sendable {
        public enum Reason: String, Codable, CaseIterable, Sendable {
            /// An attempt failed; the next one is scheduled.
            case retry
            /// The target has not answered yet; the attempt goes on.
            case slow
            /// Too many attempts of this integration are under way.
            case busy
            /// An earlier delivery of the same alert waits.
            case behind
            /// The circuit breaker is open.
            case circuitOpen
            /// The rate of the integration, or of its recovery, is used up.
            case throttled
            /// The integration is out of service.
            case disabled
            /// The integration, or its endpoint, is not configured.
            case unconfigured
            /// Somebody has it tried again.
            case redriven
        }

        public var reason: Reason
        /// For people.
        public var detail: String
        /// When it goes on; absent when something else has to happen first.
        public var until: Timestamp?

        public init(reason: Reason, detail: String, until: Timestamp?) {
            self.reason = reason
            self.detail = detail
            self.until = until
        }
    }

    /// One try to deliver.
    public struct Attempt: Codable, Equatable, Sendable {
        /// From 1.
        public var number: Int
        /// Empty for a script.
        public var url: String
        public var startedAt: Timestamp
        public var durationMilliseconds: Int64
        /// The HTTP status, if there was an answer.
        public var status: Int?
        /// The beginning of the answer's body; of a script, what it printed and its calls.
        public var responseBody: String?
        public var isBodyTruncated: Bool
        /// In words, when there was no answer.
        public var error: String?
        /// Whether the target may have received it although it did not say so.
        public var isInDoubt: Bool
        /// From `Retry-After`, in seconds.
        public var retryAfter: Int?
        /// Of a script: whether it came to its end. `nil` for a webhook, and where no script could be run.
        public var hasCompleted: Bool?
        /// Whether no further attempt makes sense, as after the 410 of a callback: there is nothing to put back into
        /// service.
        public var isFinal: Bool?

        public init(
            number: Int, url: String, startedAt: Timestamp, durationMilliseconds: Int64, status: Int? = nil,
            responseBody: String? = nil, isBodyTruncated: Bool = false, error: String? = nil, isInDoubt: Bool = false,
            retryAfter: Int? = nil
        ) {
            self.number = number
            self.url = url
            self.startedAt = startedAt
            self.durationMilliseconds = durationMilliseconds
            self.status = status
            self.responseBody = responseBody
            self.isBodyTruncated = isBodyTruncated
            self.error = error
            self.isInDoubt = isInDoubt
            self.retryAfter = retryAfter
        }

        /// Any 2xx answer (Standard Webhooks), or a script that came to its end.
        public var isSuccess: Bool { hasCompleted ?? status.map { (200..<300).contains($0) } ?? false }
        /// 410: the receiver wants no more.
        public var isGone: Bool { status == 410 }
        /// "HTTP 503", or what went wrong.
        public var outcome: String {
            if hasCompleted == true { return "the script ran" }
            return status.map { "HTTP \($0)" } ?? error ?? "no answer"
        }
    }
}

extension WebhookDelivery {
    public static func decide(_ timed: Timed<Command>, _ state: State) throws(Rejection) -> [Event] {
        let now = timed.at
        switch (timed.command, state.phase) {
        case (.request(let request), .unknown):
            return [.requested(request: request, at: now)]
        case (.request, _):
            return []
        case (.skip(let skip), .unknown):
            return [.skipped(skip: skip, at: now)]
        case (.skip, _):
            return []
        case (.park, .unknown), (.recordAttempt, .unknown), (.redrive, .unknown), (.cancel, .unknown):
            throw .unknown
        case (.redrive(let person, let cause), .parked), (.redrive(let person, let cause), .exhausted),
            (.redrive(let person, let cause), .cancelled):
            return [
                .redriven(by: person, cause: cause, at: now),
                .parked(
                    parking: Parking(reason: .redriven, detail: "redriven by \(person.targetName)", until: now),
                    at: now),
            ]
        case (.cancel(let person, let cause), .parked):
            return [.cancelled(by: person, cause: cause, at: now)]
        case (.park, _) where state.phase != .parked, (.recordAttempt, _) where state.phase != .parked,
            (.redrive, _), (.cancel, _):
            return []
        case (.park(let parking), _):
            return [.parked(parking: parking, at: now)]
        case (.recordAttempt(let attempt, let schedule, let chance), _):
            guard attempt.number > state.attempts else { return [] }
            return [
                .attempted(attempt: attempt, at: now),
                consequence(of: attempt, schedule, chance, before: state.attemptsBefore, at: now),
            ]
        }
    }

    private static func consequence(
        of attempt: Attempt, _ schedule: RetrySchedule, _ chance: Double, before: Int, at now: Timestamp
    ) -> Event {
        // All attempts, and those by the present schedule.
        let (all, attempts) = (attempt.number, attempt.number - before)
        if attempt.isSuccess { return .delivered(at: now) }
        // What a script has done before it failed would be done twice.
        if attempt.hasCompleted == false || attempt.isFinal == true { return .exhausted(attempts: all, at: now) }
        if attempt.isGone {
            return .parked(
                parking: Parking(
                    reason: .disabled, detail: "the target answered 410 Gone: the integration is disabled", until: nil),
                at: now)
        }
        let retryAfter = attempt.retryAfter.map { Duration.seconds($0) }
        guard let pause = schedule.pause(afterAttempts: attempts, chance: chance, retryAfter: retryAfter) else {
            return .exhausted(attempts: all, at: now)
        }
        let detail = "attempt \(attempts) of \(schedule.delays.count + 1): \(attempt.outcome)"
        return .parked(parking: Parking(reason: .retry, detail: detail, until: now.advanced(by: pause)), at: now)
    }

    public static func evolve(_ state: State, _ event: Event) -> State {
        var next = state
        switch event {
        case .requested(let request, _):
            next.phase = .parked
            next.personal = request.personal ?? []
        case .parked: next.phase = .parked
        case .attempted(let attempt, _): next.attempts = attempt.number
        case .delivered: next.phase = .delivered
        case .exhausted: next.phase = .exhausted
        case .redriven: next.attemptsBefore = state.attempts
        case .cancelled: next.phase = .cancelled
        case .skipped: next.phase = .skipped
        }
        return next
    }
}
