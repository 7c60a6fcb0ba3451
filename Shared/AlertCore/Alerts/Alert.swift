/// One problem that somebody must look at, from the request that made it to its end (spec §5.1).
public enum Alert: Aggregate {
    public static let category = "alert"
    public static let initial = State()

    public struct State: Equatable, Sendable {
        public var phase = Phase.unknown
        /// The ids of all comments, responses and device deliveries that are recorded: each counts once.
        public var recorded: Set<String> = []
        public var responseOptions: [ResponseOption] = []
        /// The ids of answers that came too late.
        public var rejected: Set<String> = []
    }

    public enum Phase: Sendable { case unknown, active, suspended, terminated }

    public enum Command: Equatable, Sendable, Codable {
        case create(AlertDetails)
        case comment(id: String, by: PersonReference, text: String)
        case respond(AlertResponse)
        case recordDelivery(DeviceDelivery)
        /// Too many like it have come: it is kept, and nobody is told.
        case createSuppressed(details: AlertDetails, suppression: AlertSuppression)
        case recordSuppression(NotificationSuppression)
        case suspend(by: PersonReference)
        case resume(by: PersonReference)
        case terminate(by: PersonReference)
        case expire
        /// All the answers that were wanted are there, or cannot come any more.
        case complete
        case recordEscalation(EscalationReport)
        case recordRecipientsFailure(RecipientsFailure)
    }

    public enum Event: Codable, Equatable, Sendable {
        case created(details: AlertDetails, at: Timestamp)
        case commented(id: String, by: PersonReference, text: String, at: Timestamp)
        case responded(response: AlertResponse, option: ResponseOption, at: Timestamp)
        case deliveryRecorded(delivery: DeviceDelivery, at: Timestamp)
        /// The beginning and the end of an alert of which nobody is told.
        case suppressed(details: AlertDetails, suppression: AlertSuppression, at: Timestamp)
        case notificationSuppressed(suppression: NotificationSuppression, at: Timestamp)
        case suspended(by: PersonReference, at: Timestamp)
        case resumed(by: PersonReference, at: Timestamp)
        /// An answer that came when the alert had ended: it is kept and changes nothing.
        case responseRejected(response: AlertResponse, reason: RejectionReason, at: Timestamp)
        case escalated(report: EscalationReport, at: Timestamp)
        case recipientsFailed(failure: RecipientsFailure, at: Timestamp)
        /// `by` is absent when the alert expired or was completed.
        case terminated(by: PersonReference?, reason: EndReason, at: Timestamp)
    }

    /// Why an alert ended.
    public enum EndReason: String, Codable, Sendable {
        case expired, endedByUser, endedByResponse
        /// By the system: every target has the answers that were wanted, or cannot have them any more.
        case completed
    }

    /// Why an answer was not taken.
    public enum RejectionReason: String, Codable, Sendable { case ended }

    public enum Rejection: Error, Equatable, Sendable {
        /// There is no such alert.
        case unknown
        /// The alert has ended: nothing more can be done with it.
        case terminated
        /// The alert does not offer such an answer.
        case noSuchResponse
    }
}

/// An answer of a recipient.
public struct AlertResponse: Codable, Hashable, Sendable {
    /// The same for each try to give the same answer: it is recorded once.
    public var id: String
    public var by: PersonReference
    /// The name of the device that the answer came from.
    public var device: String
    /// The id of a response option.
    public var option: String
    public var comment: String?
    /// `EMAIL`, `WEB`, `API`, …
    public var source: String

    public init(
        id: String, by: PersonReference, device: String, option: String, comment: String?, source: String
    ) {
        self.id = id
        self.by = by
        self.device = device
        self.option = option
        self.comment = comment
        self.source = source
    }
}

/// What came of handing a notification to a device's provider.
public struct DeviceDelivery: Codable, Hashable, Sendable {
    public enum Status: String, Codable, Sendable {
        case delivered = "Delivered"
        case failed = "Failed"
    }

    /// What the id ends with when a provider takes back what was said before: an alert keeps one report of each id.
    public static let correction = "-undelivered"

    /// The notification's id; with ``correction`` at its end when the provider has taken back what was said before.
    public var id: String
    public var recipient: PersonReference
    public var device: NamedReference
    public var deviceNumber: Int64
    public var status: Status
    /// In words: "Notification delivered", or what the provider said.
    public var message: String

    public init(
        id: String, recipient: PersonReference, device: NamedReference, deviceNumber: Int64, status: Status,
        message: String
    ) {
        self.id = id
        self.recipient = recipient
        self.device = device
        self.deviceNumber = deviceNumber
        self.status = status
        self.message = message
    }
}

extension DeviceDelivery {
    /// The notification's id.
    public var notification: String {
        id.hasSuffix(Self.correction) ? String(id.dropLast(Self.correction.count)) : id
    }
}

/// A command with the time at which it is decided on.
public struct Timed<Command: Sendable>: Sendable {
    public let command: Command
    public let at: Timestamp

    public init(_ command: Command, at: Timestamp) {
        self.command = command
        self.at = at
    }
}
