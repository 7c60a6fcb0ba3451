/// One way to reach a person (spec §4.5).
public struct Device: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case androidPush = "ANDROID_PUSH"
        case applePush = "APPLE_PUSH"
        case email = "EMAIL"
        case fax = "FAX"
        case generic = "GENERIC"
        case textPager = "TEXT_PAGER"
        case textPhone = "TEXT_PHONE"
        case voice = "VOICE"
        case voiceIVR = "VOICE_IVR"
        /// An incoming webhook of a chat.
        case slack = "SLACK"
        case msTeams = "MS_TEAMS"
        /// The console, installed as an app: a subscription of the browser's.
        case webPush = "WEB_PUSH"
    }

    public enum TestStatus: String, Codable, CaseIterable, Sendable {
        case untested = "UNTESTED"
        case pending = "PENDING"
        case tested = "TESTED"
        case invalid = "INVALID"
    }

    public var id: String
    /// The number that DELIVERYSTATUS webhooks carry as `deviceId`.
    public var number: Int64
    /// The id of a person.
    public var owner: String
    /// "Work Email": unique for its owner, ignoring case.
    public var name: String
    public var deviceType: Kind
    public var emailAddress: String?
    /// E.164.
    public var phoneNumber: String?
    public var description: String
    public var status: RecipientStatus
    /// Whether it is the failsafe device.
    public var defaultDevice: Bool
    /// Minutes before the next device in the sequence is notified.
    public var delay: Int
    /// 1-based place in the owner's order.
    public var sequence: Int
    /// Alerts below it do not reach this device.
    public var priorityThreshold: Priority
    public var testStatus: TestStatus
    public var externalKey: String?
    public var externallyOwned: Bool
    /// When it may be used; empty for always.
    @Later public var timeframes: [Timeframe]
    /// The id or name of the notification provider that it wants; empty for any that has its kind.
    @Later public var provider: String
    /// Where a message goes when that is neither an email address nor a phone number: a pager's pin, a chat's address,
    /// a topic, a browser's subscription. Those of ``Kind/hasSecretPin`` are sealed, but for some that were stored
    /// before their kind was one of these: until the device is saved, or the key rotated.
    @Later public var pin: String
    /// Of a pager: whether it can answer.
    @Later public var twoWayDevice: Bool
    /// Of a fax.
    @Later public var country: String

    public init(
        id: String, number: Int64, owner: String, name: String, deviceType: Kind, emailAddress: String? = nil,
        phoneNumber: String? = nil, description: String = "", status: RecipientStatus = .active,
        defaultDevice: Bool = false, delay: Int = 0, sequence: Int = 1, priorityThreshold: Priority = .low,
        testStatus: TestStatus = .untested, externalKey: String? = nil, externallyOwned: Bool = false
    ) {
        self.id = id
        self.number = number
        self.owner = owner
        self.name = name
        self.deviceType = deviceType
        self.emailAddress = emailAddress
        self.phoneNumber = phoneNumber
        self.description = description
        self.status = status
        self.defaultDevice = defaultDevice
        self.delay = delay
        self.sequence = sequence
        self.priorityThreshold = priorityThreshold
        self.testStatus = testStatus
        self.externalKey = externalKey
        self.externallyOwned = externallyOwned
        timeframes = []
        provider = ""
        pin = ""
        twoWayDevice = false
        country = ""
    }
}
