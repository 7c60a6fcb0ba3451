/// How many of a kind may pass in a period (spec §2.7).
public struct FloodLimit: Codable, Hashable, Sendable {
    /// At least 1.
    public let count: Int
    public let periodSeconds: Int

    /// `nil` for a count below 1, which is no limit.
    public init?(count: Int, periodSeconds: Int) {
        guard count >= 1, periodSeconds >= 1 else { return nil }
        self.count = count
        self.periodSeconds = periodSeconds
    }

    /// More than four alerts in a minute from one integration to the same recipients.
    public static let alerts = FloodLimit(count: 4, periodSeconds: 60)
    /// One notification in five minutes to one person on devices of one class.
    public static let notifications = FloodLimit(count: 1, periodSeconds: 300)

    var period: Duration { .seconds(periodSeconds) }

    /// As in "at most 4 in 60 s".
    public var words: String { "at most \(count) in \(periodSeconds) s" }
}

/// What has passed lately of all that is counted together, and the flood that it is part of. Pure: of two that come in
/// the same order at the same times, the same pass.
public struct FloodWindow: Codable, Hashable, Sendable, EmptyInitializable {
    /// One that has passed.
    public struct Pass: Codable, Hashable, Sendable {
        public var id: String
        /// Of an alert, what people see.
        public var number: Int64?
        public var at: Timestamp

        public init(id: String, number: Int64? = nil, at: Timestamp) {
            self.id = id
            self.number = number
            self.at = at
        }
    }

    public enum Verdict: Equatable, Sendable {
        case passes
        /// - Parameters:
        ///   - parent: The oldest of those that have used the limit up.
        ///   - until: From then on, the next one passes.
        ///   - isNewFlood: Whether none was suppressed in the period before.
        case suppressed(parent: Pass, until: Timestamp, isNewFlood: Bool)
    }

    /// At most as many as the limit, oldest first.
    public private(set) var passes: [Pass]
    /// The end of the flood, if no more come.
    public private(set) var floodUntil: Timestamp?

    public init() { passes = [] }

    /// Decides on one more, and remembers it. One that has passed already passes again, and counts once.
    public mutating func admit(_ candidate: Pass, limit: FloodLimit) -> Verdict {
        if passes.contains(where: { $0.id == candidate.id }) { return .passes }
        let recent = passes.filter { candidate.at.since($0.at) < limit.period }
        guard recent.count >= limit.count, let parent = recent.dropLast(limit.count - 1).last else {
            passes = (recent + [candidate]).sorted { $0.at < $1.at }
            return .passes
        }
        let until = parent.at.advanced(by: limit.period)
        let isNew = floodUntil.map { candidate.at.since($0) >= limit.period } ?? true
        floodUntil = max(floodUntil ?? until, until)
        return .suppressed(parent: parent, until: until, isNewFlood: isNew)
    }

    /// From then on the window says nothing any more.
    public func expiry(_ limit: FloodLimit) -> Timestamp? {
        let last = [passes.last?.at, floodUntil].compactMap { $0 }.max()
        return last?.advanced(by: limit.period)
    }
}

/// Why an alert, a request or a notification came to nothing, and for how long that holds.
public struct Suppression: Codable, Hashable, Sendable {
    /// The rule, for people, as in "alert flood control: at most 4 in 60 s".
    public var rule: String
    /// From then on, the next one passes.
    public var until: Timestamp

    public init(rule: String, until: Timestamp) {
        self.rule = rule
        self.until = until
    }
}

/// An alert that was suppressed, and because of which one.
public struct AlertSuppression: Codable, Hashable, Sendable {
    /// The id of the alert that people know of.
    public var parent: String
    public var parentNumber: Int64
    public var suppression: Suppression

    public init(parent: String, parentNumber: Int64, suppression: Suppression) {
        self.parent = parent
        self.parentNumber = parentNumber
        self.suppression = suppression
    }
}

/// A notification that was suppressed.
public struct NotificationSuppression: Codable, Hashable, Sendable {
    /// The notification's id.
    public var id: String
    public var recipient: PersonReference
    public var device: NamedReference
    public var suppression: Suppression

    public init(id: String, recipient: PersonReference, device: NamedReference, suppression: Suppression) {
        self.id = id
        self.recipient = recipient
        self.device = device
        self.suppression = suppression
    }
}

// MARK: - What is counted together

extension AlertDetails {
    /// Alerts with the same key are counted together: of one integration, for the same recipients. `nil` for one that
    /// is never suppressed: it was made by a form or by the system.
    public var floodKey: String? {
        guard let integration, systemEventType.isEmpty else { return nil }
        let recipients = recipients.map(\.id).sorted().joined(separator: ",")
        return "alert/\(integration)/\(DerivedID.uuid("flood", recipients))"
    }
}

extension TriggerFilter {
    public var limit: FloodLimit? { enabled ? FloodLimit(count: threshold, periodSeconds: periodSeconds) : nil }

    /// Requests with the same key are counted together.
    /// - Parameter value: The value of an output of the request.
    public func floodKey(_ value: (String) -> String?) -> String {
        let values = outputs.map { value($0) ?? "" }
        return "request/\(id)/\(DerivedID.uuid("flood", values.map { "\($0.utf8.count):\($0)" }.joined()))"
    }
}

extension Notification.Plan {
    /// Notifications with the same key are counted together: to one person, on devices of one class.
    public var floodKey: String { "notification/\(recipient.id)/\(deviceClass)" }
}

/// How the limit on notifications holds in an installation.
public struct NotificationFloodControl: Hashable, Sendable {
    public var limit: FloodLimit?
    public var classes: Set<DeviceClass>

    public init(
        limit: FloodLimit? = .notifications, classes: Set<DeviceClass> = [.mobile, .chat, .sms, .voice]
    ) {
        self.limit = limit
        self.classes = classes
    }

    /// The limit for a notification; `nil` for one that is never suppressed.
    public func limit(for plan: Notification.Plan) -> FloodLimit? {
        guard plan.isLimited, let kind = DeviceClass(rawValue: plan.deviceClass), classes.contains(kind) else {
            return nil
        }
        return limit
    }
}

/// Devices that reach people the same way.
public enum DeviceClass: String, Codable, CaseIterable, Sendable {
    case mobile
    case chat
    case sms
    case voice
    case email
    case other

    public init(_ kind: Device.Kind) {
        self =
            switch kind {
            case .androidPush, .applePush, .webPush: .mobile
            case .generic, .slack, .msTeams: .chat
            case .textPhone, .textPager: .sms
            case .voice, .voiceIVR: .voice
            case .email: .email
            case .fax: .other
            }
    }
}
