/// What became of one event at one integration, and why. Pure: all that it depends on is a parameter.
public struct DeliveryVerdict: Equatable, Sendable {
    /// A stable name, for programs.
    public enum Outcome: String, CaseIterable, Sendable {
        case sent = "SENT"
        /// Requested, or about to be; nothing has come of it yet.
        case underWay = "UNDER_WAY"
        /// Parked until a time, or until something happens: ``DeliveryVerdict/reason`` says which.
        case waiting = "WAITING"
        /// Parked behind an earlier delivery of the alert.
        case behind = "BEHIND"
        /// Parked while the integration is out of service.
        case disabled = "DISABLED"
        /// Parked while the integration, or its endpoint, is not configured.
        case unconfigured = "UNCONFIGURED"
        /// The schedule is used up.
        case exhausted = "EXHAUSTED"
        /// Given up by a person.
        case cancelled = "CANCELLED"
        case notDeployed = "NOT_DEPLOYED"
        case otherAnswer = "OTHER_ANSWER"
        case filtered = "FILTERED"
        case notExecuted = "NOT_EXECUTED"
        case otherForm = "OTHER_FORM"
        case otherTrigger = "OTHER_TRIGGER"
        /// The event sets off no integration at all.
        case noTrigger = "NO_TRIGGER"
        /// The integration takes requests in, and sends nothing.
        case notOutbound = "NOT_OUTBOUND"
        /// The integration is younger than the event.
        case createdLater = "CREATED_LATER"
        /// Nothing is recorded: the integration had another form, trigger or direction then, or the event is older than
        /// these records.
        case unrecorded = "UNRECORDED"
    }

    /// What is recorded of the event at the integration.
    public struct Record: Equatable, Sendable {
        public var delivery: String
        public var phase: WebhookDelivery.Phase
        /// Why it waits (``WebhookDelivery/Parking/Reason``), or why it was not requested (``DeliveryRefusal/Reason``).
        public var reason: String
        public var detail: String
        public var until: Timestamp?
        public var attempts: Int
        public var configuration: Int64?
        public var requestedAt: Timestamp
        public var replay: String?

        public init(
            delivery: String, phase: WebhookDelivery.Phase, reason: String = "", detail: String = "",
            until: Timestamp? = nil, attempts: Int = 0, configuration: Int64? = nil, requestedAt: Timestamp,
            replay: String? = nil
        ) {
            self.delivery = delivery
            self.phase = phase
            self.reason = reason
            self.detail = detail
            self.until = until
            self.attempts = attempts
            self.configuration = configuration
            self.requestedAt = requestedAt
            self.replay = replay
        }
    }

    /// The event that is asked about.
    public struct Subject: Sendable {
        public var event: Alert.Event
        public var recordedAt: Timestamp
        public var details: AlertDetails

        public init(event: Alert.Event, recordedAt: Timestamp, details: AlertDetails) {
            self.event = event
            self.recordedAt = recordedAt
            self.details = details
        }
    }

    /// For how long after an event its delivery may be in memory only.
    static let patience = Duration.seconds(60)

    public var outcome: Outcome
    /// Of what waits or was refused, the name of the reason; empty otherwise.
    public var reason = ""
    /// For people, a sentence without its full stop.
    public var text: String
    /// When it goes on.
    public var until: Timestamp?
    /// The delivery, if there is one.
    public var delivery: String?
    /// The delivery that it waits behind.
    public var behind: String?
    /// The version of the integration's configuration that decided, if that was recorded.
    public var configuration: Int64?

    /// - Parameters:
    ///   - integration: As it is now.
    ///   - since: When the integration was made, if that is known.
    ///   - records: All that is recorded of the event at this integration.
    ///   - ahead: The delivery of the same alert that is sent next.
    public init(
        of subject: Subject, at integration: Integration, since: Timestamp?, records: [Record], ahead: String?,
        now: Timestamp
    ) {
        let requested = records.filter { $0.phase != .skipped }.max { $0.requestedAt < $1.requestedAt }
        if let record = requested ?? records.first {
            self.init(record, ahead: ahead)
        } else {
            self.init(unrecorded: subject, at: integration, since: since, now: now)
        }
    }

    /// Of what is recorded.
    public init(_ record: Record, ahead: String?) {
        let times = record.attempts == 1 ? "1 attempt" : "\(record.attempts) attempts"
        switch record.phase {
        case .delivered: (outcome, text) = (.sent, "it was delivered")
        case .exhausted: (outcome, text) = (.exhausted, "\(times) failed, and the schedule has no further one")
        case .cancelled: (outcome, text) = (.cancelled, record.detail.isEmpty ? "it was given up" : record.detail)
        case .skipped: (outcome, text) = (Self.outcome(refused: record.reason), record.detail)
        case .unknown: (outcome, text) = (.underWay, "it is on its way")
        case .parked:
            outcome = Self.outcome(parked: record.reason)
            text = record.detail.isEmpty ? "it has been requested" : record.detail
        }
        if record.phase == .parked || record.phase == .skipped { reason = record.reason }
        if record.phase == .parked { until = record.until }
        if outcome == .behind { behind = ahead }
        if record.replay != nil { text += " (by a replay)" }
        delivery = record.phase == .skipped ? nil : record.delivery
        configuration = record.configuration
    }

    private static func outcome(parked reason: String) -> Outcome {
        switch WebhookDelivery.Parking.Reason(rawValue: reason) {
        case .behind: .behind
        case .disabled: .disabled
        case .unconfigured: .unconfigured
        case nil where reason.isEmpty: .underWay
        default: .waiting
        }
    }

    private static func outcome(refused reason: String) -> Outcome {
        switch DeliveryRefusal.Reason(rawValue: reason) {
        case .notDeployed: .notDeployed
        case .answer: .otherAnswer
        case .notExecuted: .notExecuted
        case .filter, nil: .filtered
        }
    }

    private init(unrecorded subject: Subject, at integration: Integration, since: Timestamp?, now: Timestamp) {
        let payload = WebhookPayload(subject.event, of: subject.details)
        if integration.integrationType != .outbound {
            (outcome, text) = (.notOutbound, "the integration takes requests in and sends nothing")
        } else if payload == nil {
            (outcome, text) = (.noTrigger, "an event of this kind sets off no integration")
        } else if integration.form != subject.details.form.id {
            (outcome, text) = (.otherForm, "the integration belongs to another form than the alert's")
        } else if let payload, integration.triggeredBy != payload.trigger {
            let own = integration.triggeredBy?.rawValue ?? "nothing"
            (outcome, text) = (
                .otherTrigger, "the integration is triggered by \(own), and the event is \(payload.trigger.rawValue)"
            )
        } else if let since, since > subject.recordedAt {
            (outcome, text) = (.createdLater, "the integration was made after the event; a replay would send it")
        } else if now.since(subject.recordedAt) < Self.patience {
            (outcome, text) = (.underWay, "it has not been handed out yet, or is being sent right now")
        } else {
            (outcome, text) = (
                .unrecorded,
                "nothing is recorded: the integration had another form or trigger then, or the event is older than "
                    + "these records"
            )
        }
    }
}
