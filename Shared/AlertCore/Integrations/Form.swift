/// What an alert of one kind consists of: who is told, in which words, with which answers.
public struct Form: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    /// The number that the platform shows as `formId`.
    public var number: Int64
    /// The id of a plan.
    public var plan: String
    public var name: String
    public var description: String
    public var triggerType: String
    public var mobileEnabled: Bool
    public var uiEnabled: Bool
    public var apiEnabled: Bool
    /// Who is told when a request names nobody: target names or ids.
    public var recipients: [String]
    public var responseOptions: [ResponseOption]
    /// The first one is sent.
    public var emailTemplates: [EmailTemplate]
    @Later public var smsTemplates: [SMSTemplate]
    @Later public var voiceTemplates: [VoiceTemplate]
    public var priority: Priority
    /// Minutes after which an alert ends by itself.
    public var expirationInMinutes: Int
    @Later public var handling: HandlingDefaults
    /// Whether alerts count responses against thresholds (spec §5.5).
    @Later public var responseCountsEnabled: Bool
    public var otherResponseCountThreshold: Int?
    /// `displayName` and `callerId` of the messages where a request gives none.
    public var senderOverrides: SenderOverrides?
    /// Restricts alerts to devices with one of these names; empty for no restriction.
    @Later public var targetDeviceNames: [String]
    public var sections: [FormSection]
    /// Who may begin alerts; empty for everybody. See ``maySend(_:)``.
    @Later public var senderPermissions: [SenderPermission]
    /// Its place among the plan's forms, from 0.
    @Later public var position: Int
    public var archived: JSONValue?

    public init(
        id: String, number: Int64, plan: String, name: String, description: String = "",
        triggerType: String = "MESSAGING", mobileEnabled: Bool = false, uiEnabled: Bool = true,
        apiEnabled: Bool = true, recipients: [String] = [], responseOptions: [ResponseOption] = [],
        emailTemplates: [EmailTemplate] = [], smsTemplates: [SMSTemplate] = [], voiceTemplates: [VoiceTemplate] = [],
        priority: Priority = .medium, expirationInMinutes: Int = 180,
        handling: HandlingDefaults = HandlingDefaults(), responseCountsEnabled: Bool = false,
        otherResponseCountThreshold: Int? = nil, senderOverrides: SenderOverrides? = nil,
        targetDeviceNames: [String] = [], sections: [FormSection] = [],
        senderPermissions: [SenderPermission] = [], position: Int = 0, archived: JSONValue? = nil
    ) {
        self.id = id
        self.number = number
        self.plan = plan
        self.name = name
        self.description = description
        self.triggerType = triggerType
        self.mobileEnabled = mobileEnabled
        self.uiEnabled = uiEnabled
        self.apiEnabled = apiEnabled
        self.recipients = recipients
        self.responseOptions = responseOptions
        self.emailTemplates = emailTemplates
        self.smsTemplates = smsTemplates
        self.voiceTemplates = voiceTemplates
        self.priority = priority
        self.expirationInMinutes = expirationInMinutes
        self.handling = handling
        self.responseCountsEnabled = responseCountsEnabled
        self.otherResponseCountThreshold = otherResponseCountThreshold
        self.senderOverrides = senderOverrides
        self.targetDeviceNames = targetDeviceNames
        self.sections = sections
        self.senderPermissions = senderPermissions
        self.position = position
        self.archived = archived
    }
}
