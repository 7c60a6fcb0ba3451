/// What people may subscribe to: the alerts of one form of a plan, or of all its forms, and by which properties
/// (spec §4.8).
public struct SubscriptionForm: Codable, Hashable, Sendable, Identifiable {
    public enum Scope: String, Codable, CaseIterable, Sendable {
        case form = "FORM"
        case allForms = "ALL_FORMS"
    }

    public var id: String
    public var plan: String
    /// Unique in the plan, ignoring case.
    public var name: String
    public var description: String
    public var scope: Scope
    /// The id of the form; `nil` for ``Scope/allForms``.
    public var form: String?
    public var created: Timestamp
    /// Whether subscribers are told without being asked for an answer.
    public var oneWay: Bool
    /// Whether people may subscribe others than themselves.
    public var subscribeOthers: Bool
    /// Minutes; of subscriptions that name none of their own.
    public var notificationDelay: Int
    public var showNotificationDelay: Bool
    /// The ids of the properties that criteria can be about; `nil` for all of the plan.
    public var propertyDefinitions: [String]?
    /// Who may subscribe, by the names of roles; empty for everybody.
    public var roles: [String]
    public var devicesSectionCollapsed: Bool
    public var devicesSectionVisible: Bool
    /// Of subscriptions that choose no devices; empty for all devices.
    public var targetDeviceNames: [String]
    /// The names that people may choose from; `nil` for all.
    public var visibleTargetDeviceNames: [String]?

    public init(id: String, plan: String, name: String, scope: Scope, form: String? = nil, created: Timestamp) {
        self.id = id
        self.plan = plan
        self.name = name
        description = ""
        self.scope = scope
        self.form = form
        self.created = created
        oneWay = false
        subscribeOthers = false
        notificationDelay = 0
        showNotificationDelay = true
        roles = []
        devicesSectionCollapsed = false
        devicesSectionVisible = true
        targetDeviceNames = []
    }

    /// Whether it is about the alerts of that form of its plan.
    public func covers(form id: String) -> Bool { scope == .allForms || form == id }

    /// Whether criteria can be about the property.
    public func offers(_ property: PropertyDefinition) -> Bool {
        property.plan == plan && property.propertyType != .password
            && (propertyDefinitions?.contains(property.id) ?? true)
    }
}
