/// A workflow: forms, properties, integrations, endpoints and constants that belong together. `plan` on the
/// wire (spec §4.7).
public struct Plan: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var name: String
    public var description: String
    public var enabled: Bool
    public var loggingLevel: String
    public var accessibleByAll: Bool
    public var floodControl: Bool
    public var created: Timestamp
    /// The id of a person.
    public var creator: String?

    public init(
        id: String, name: String, description: String = "", enabled: Bool = true, loggingLevel: String = "INFO",
        accessibleByAll: Bool = true, floodControl: Bool = false, created: Timestamp, creator: String? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.enabled = enabled
        self.loggingLevel = loggingLevel
        self.accessibleByAll = accessibleByAll
        self.floodControl = floodControl
        self.created = created
        self.creator = creator
    }
}

/// What an alert of one kind consists of: who is told, in which words, with which answers.
public struct Form: Codable, Hashable, Sendable, Identifiable {
    public struct EmailTemplate: Codable, Hashable, Sendable {
        public var language: String
        /// May hold placeholders, as in `${Service} is down`.
        public var subject: String
        /// HTML, may hold placeholders.
        public var body: String

        public init(language: String = "en", subject: String, body: String) {
            self.language = language
            self.subject = subject
            self.body = body
        }
    }

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
    public var emailTemplates: [EmailTemplate]
    public var priority: Priority
    /// Minutes after which an alert ends by itself.
    public var expirationInMinutes: Int
    public var sections: [FormSection]

    public init(
        id: String, number: Int64, plan: String, name: String, description: String = "",
        triggerType: String = "MESSAGING", mobileEnabled: Bool = false, uiEnabled: Bool = true,
        apiEnabled: Bool = true, recipients: [String] = [], responseOptions: [ResponseOption] = [],
        emailTemplates: [EmailTemplate] = [], priority: Priority = .medium, expirationInMinutes: Int = 180,
        sections: [FormSection] = []
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
        self.priority = priority
        self.expirationInMinutes = expirationInMinutes
        self.sections = sections
    }
}

/// A part of a form. In a custom section, each item puts a property on the form.
public struct FormSection: Codable, Hashable, Sendable, Identifiable {
    public struct Item: Codable, Hashable, Sendable, Identifiable {
        public var id: String
        public var orderNum: Int
        public var required: Bool
        public var multiLineText: Bool
        public var visible: Bool
        /// Whether webhooks carry the property in `eventProperties`.
        public var includeInCallback: Bool
        /// The id of a property definition.
        public var propertyDefinition: String

        public init(
            id: String, orderNum: Int, required: Bool = false, multiLineText: Bool = false, visible: Bool = true,
            includeInCallback: Bool = false, propertyDefinition: String
        ) {
            self.id = id
            self.orderNum = orderNum
            self.required = required
            self.multiLineText = multiLineText
            self.visible = visible
            self.includeInCallback = includeInCallback
            self.propertyDefinition = propertyDefinition
        }
    }

    public var id: String
    public var title: String
    public var type: String
    public var visible: Bool
    public var collapsed: Bool
    public var orderNum: Int
    public var items: [Item]

    public init(
        id: String, title: String, type: String, visible: Bool = true, collapsed: Bool = false, orderNum: Int,
        items: [Item] = []
    ) {
        self.id = id
        self.title = title
        self.type = type
        self.visible = visible
        self.collapsed = collapsed
        self.orderNum = orderNum
        self.items = items
    }
}

/// A property that forms of a plan can have (spec §2.4).
public struct PropertyDefinition: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case boolean = "BOOLEAN"
        case number = "NUMBER"
        case text = "TEXT"
        case password = "PASSWORD"
        case hierarchy = "HIERARCHY"
        case singleSelect = "LIST_TEXT_SINGLE_SELECT"
        case multiSelect = "LIST_TEXT_MULTI_SELECT"
    }

    public var id: String
    public var plan: String
    public var propertyType: Kind
    public var name: String
    public var description: String
    public var helpText: String
    public var defaultValue: JSONValue?
    public var minLength: Int?
    public var maxLength: Int?
    public var pattern: String?
    public var minimum: Double?
    public var maximum: Double?
    public var items: [String]?
    public var categories: [String]?

    public init(
        id: String, plan: String, propertyType: Kind, name: String, description: String = "", helpText: String = "",
        defaultValue: JSONValue? = nil, minLength: Int? = nil, maxLength: Int? = nil, pattern: String? = nil,
        minimum: Double? = nil, maximum: Double? = nil, items: [String]? = nil, categories: [String]? = nil
    ) {
        self.id = id
        self.plan = plan
        self.propertyType = propertyType
        self.name = name
        self.description = description
        self.helpText = helpText
        self.defaultValue = defaultValue
        self.minLength = minLength
        self.maxLength = maxLength
        self.pattern = pattern
        self.minimum = minimum
        self.maximum = maximum
        self.items = items
        self.categories = categories
    }
}

/// A named value that the scripts of a plan can read.
public struct Constant: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var plan: String
    public var name: String
    public var value: String
    public var description: String

    public init(id: String, plan: String, name: String, value: String, description: String = "") {
        self.id = id
        self.plan = plan
        self.name = name
        self.value = value
        self.description = description
    }
}
