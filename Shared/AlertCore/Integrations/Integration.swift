/// What sets off an outbound integration, by its wire name (spec §1.1).
public enum Trigger: String, Codable, CaseIterable, Sendable {
    case status = "STATUS"
    case annotation = "ANNOTATION"
    case deliveryStatus = "DELIVERYSTATUS"
    case response = "RESPONSE"
    case escalation = "ESCALATION"
    case targetedRecipientFailure = "TARGETEDRECIPIENTFAILURE"
}

/// A way in or out of a workflow (spec §2, §1, §4.7).
public struct Integration: Codable, Hashable, Sendable, Identifiable {
    public enum Direction: String, Codable, CaseIterable, Sendable {
        case inbound = "INBOUND_WEBHOOK"
        case outbound = "OUTBOUND_WEBHOOK"
    }

    public enum Operation: String, Codable, CaseIterable, Sendable {
        case createAlert = "CREATE_EVENT_SIMPLE"
        case transformAndCreateAlert = "CREATE_EVENT"
        case runScript = "RUN_SCRIPT"
        case sendWebhook = "SEND_WEBHOOK"
        case sendToAgent = "SEND_TO_IA"
    }

    public enum Environment: String, Codable, CaseIterable, Sendable {
        case hosted = "HOSTED"
        case onPremise = "ONPREMISE"
    }

    /// How a caller of an inbound integration proves who it is; `.any` lets any of the others in, and nobody
    /// without one of them.
    public enum Authentication: String, Codable, CaseIterable, Sendable {
        case any = "ANY"
        case url = "URL"
        case basic = "BASIC"
        case apiKey = "API_KEY"
        case oauth2 = "OAUTH2"
        case none = "NONE"
    }

    public var id: String
    public var plan: String
    /// The id of a form.
    public var form: String?
    public var name: String
    public var integrationType: Direction
    public var operation: Operation
    public var environment: Environment
    public var triggeredBy: Trigger?
    public var authenticationType: Authentication
    public var createdBy: String
    /// An integration that is not deployed does nothing; an outbound one parks what comes.
    public var deployed: Bool
    /// Why it was taken out of service by the system (the target answered 410), for people to read.
    public var disabledReason: String?
    /// The author's text, not encoded.
    public var script: String?
    /// Set by the directory, one more with each change of the text; `nil` in older documents: 1.
    public var scriptVersion: Int?
    /// The id of an endpoint; only outbound.
    public var endpoint: String?
    /// Appended to the endpoint's base URL; only outbound.
    public var path: String?
    /// The key of URL authentication, sealed by `SecretBox`; only inbound.
    public var sealedKey: String?
    /// The id of the person as whom requests act.
    public var authenticatingUser: String?
    /// The Standard Webhooks signing keys (``SigningKey``), newest first, each sealed by `SecretBox`; only outbound.
    public var sealedSigningSecrets: [String]
    /// Until when those after the first sign, in their order; one without an entry has no end.
    @Later public var signingExpiries: [Timestamp]
    public var retrySchedule: RetrySchedule?
    /// How it delivers; only outbound.
    public var delivery: DeliverySettings?
    /// Since when it is in service again, after it was not; `nil` when it always was.
    public var inServiceSince: Timestamp?
    /// Whether the limits on notifications of one person hold for its alerts (spec §2.7).
    @Later public var floodControl: Bool
    /// The answer that a trigger of kind RESPONSE waits for; `nil` for any.
    public var responseChoice: String?
    /// Of SEND_TO_IA: the service, and the agent that must take it (empty for any).
    public var integrationServiceName: String?
    public var integrationAgentId: String?
    /// Of a trigger of a canvas: the id of the script step that reads the request.
    public var scriptStep: String?
    public var archived: JSONValue?

    public init(
        id: String, plan: String, form: String?, name: String, integrationType: Direction, operation: Operation,
        environment: Environment = .hosted, triggeredBy: Trigger? = nil, authenticationType: Authentication = .any,
        createdBy: String = "IB", deployed: Bool = true, disabledReason: String? = nil, script: String? = nil,
        endpoint: String? = nil, path: String? = nil, sealedKey: String? = nil, authenticatingUser: String? = nil,
        sealedSigningSecrets: [String] = [], retrySchedule: RetrySchedule? = nil,
        floodControl: Bool = false, responseChoice: String? = nil, integrationServiceName: String? = nil,
        integrationAgentId: String? = nil, scriptStep: String? = nil, archived: JSONValue? = nil,
        delivery: DeliverySettings? = nil
    ) {
        self.id = id
        self.plan = plan
        self.form = form
        self.name = name
        self.integrationType = integrationType
        self.operation = operation
        self.environment = environment
        self.triggeredBy = triggeredBy
        self.authenticationType = authenticationType
        self.createdBy = createdBy
        self.deployed = deployed
        self.disabledReason = disabledReason
        self.script = script
        self.endpoint = endpoint
        self.path = path
        self.sealedKey = sealedKey
        self.authenticatingUser = authenticatingUser
        self.sealedSigningSecrets = sealedSigningSecrets
        self.retrySchedule = retrySchedule
        self.delivery = delivery
        signingExpiries = []
        self.floodControl = floodControl
        self.responseChoice = responseChoice
        self.integrationServiceName = integrationServiceName
        self.integrationAgentId = integrationAgentId
        self.scriptStep = scriptStep
        self.archived = archived
    }
}
