/// A person as events and answers name them (spec §4.2, PersonReference).
public struct PersonReference: Codable, Hashable, Sendable {
    public var id: String
    public var targetName: String
    public var firstName: String
    public var lastName: String

    public init(id: String, targetName: String, firstName: String, lastName: String) {
        self.id = id
        self.targetName = targetName
        self.firstName = firstName
        self.lastName = lastName
    }

    public init(_ person: Person) {
        self.init(
            id: person.id, targetName: person.targetName, firstName: person.firstName, lastName: person.lastName)
    }
}

/// Something with an id and a name that was configured when the alert began.
public struct NamedReference: Codable, Hashable, Sendable {
    public var id: String
    public var name: String

    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

/// Who is to be told: what the request named, resolved.
public struct AlertRecipient: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable {
        case person = "PERSON"
        case device = "DEVICE"
        case group = "GROUP"
    }

    public var id: String
    public var targetName: String
    public var recipientType: Kind
    /// How many of its answers are wanted.
    public var responseCountThreshold: Int?
    /// Of a device the id of the person whose it is; absent in older records.
    public var owner: String?

    public init(
        id: String, targetName: String, recipientType: Kind, responseCountThreshold: Int? = nil, owner: String? = nil
    ) {
        self.id = id
        self.targetName = targetName
        self.recipientType = recipientType
        self.responseCountThreshold = responseCountThreshold
        self.owner = owner
    }
}

/// What an alert is about, fixed when it begins.
public struct AlertDetails: Codable, Hashable, Sendable {
    /// The number that people see; `eventIdentifier` in webhooks, `eventId` in REST.
    public var number: Int64
    public var plan: NamedReference
    public var form: NamedReference
    /// The inbound integration, if one made it.
    public var integration: String?
    public var requestId: String
    public var submitter: PersonReference
    public var priority: Priority
    public var properties: [String: JSONValue]
    /// The names of the text properties: REST shows their keys with a language (`#en`).
    public var textProperties: [String]
    /// The names of the properties that webhooks carry, in the order of the form.
    public var callbackProperties: [String]
    public var recipients: [AlertRecipient]
    public var responseOptions: [ResponseOption]
    public var subject: String
    /// HTML.
    public var body: String
    public var expirationInMinutes: Int
    public var overrideDeviceRestrictions: Bool
    public var escalationOverride: Bool
    public var bypassPhoneIntro: Bool
    public var requirePhonePassword: Bool
    /// Restricts the devices to those with one of these names; empty for no restriction.
    public var targetDeviceNames: [String]
    @Later public var voicemailOptions: VoicemailOptions
    public var conference: ConferenceReference?
    public var senderOverrides: SenderOverrides?
    @Later public var attachments: [AlertAttachment]
    /// Who is told about this alert besides the outbound integrations.
    @Later public var callbacks: [AlertCallback]
    /// Whether responses are counted against thresholds (spec §5.5).
    @Later public var responseCountsEnabled: Bool
    public var otherResponseCountThreshold: Int?
    /// Of text properties, by name and language: what is not English.
    @Later public var propertyTranslations: [String: [String: String]]
    /// Whether the limits on the notifications of one person hold for this alert (spec §2.7).
    @Later public var limitsNotifications: Bool
    /// What the system itself reports by this alert; empty for an alert that somebody wanted.
    @Later public var systemEventType: String
    /// How many requests in a row have led here, each set off by a script of the one before.
    @Later public var depth: Int
    /// The subscriptions whose criteria it meets, as they were then.
    @Later public var subscriptions: [AlertSubscription]

    public init(
        number: Int64, plan: NamedReference, form: NamedReference, integration: String? = nil, requestId: String,
        submitter: PersonReference, priority: Priority, properties: [String: JSONValue] = [:],
        textProperties: [String] = [], callbackProperties: [String] = [], recipients: [AlertRecipient] = [],
        responseOptions: [ResponseOption] = [], subject: String = "", body: String = "",
        expirationInMinutes: Int = 180, overrideDeviceRestrictions: Bool = false, escalationOverride: Bool = false,
        bypassPhoneIntro: Bool = false, requirePhonePassword: Bool = false, targetDeviceNames: [String] = []
    ) {
        self.number = number
        self.plan = plan
        self.form = form
        self.integration = integration
        self.requestId = requestId
        self.submitter = submitter
        self.priority = priority
        self.properties = properties
        self.textProperties = textProperties
        self.callbackProperties = callbackProperties
        self.recipients = recipients
        self.responseOptions = responseOptions
        self.subject = subject
        self.body = body
        self.expirationInMinutes = expirationInMinutes
        self.overrideDeviceRestrictions = overrideDeviceRestrictions
        self.escalationOverride = escalationOverride
        self.bypassPhoneIntro = bypassPhoneIntro
        self.requirePhonePassword = requirePhonePassword
        self.targetDeviceNames = targetDeviceNames
        voicemailOptions = VoicemailOptions()
        attachments = []
        callbacks = []
        responseCountsEnabled = false
        propertyTranslations = [:]
        limitsNotifications = false
        systemEventType = ""
        depth = 0
        subscriptions = []
    }
}
