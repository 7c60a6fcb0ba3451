/// A part of a form. In a custom section, each item puts a property on the form.
public struct FormSection: Codable, Hashable, Sendable, Identifiable {
    /// The kinds of section, by their wire names (spec §4.7).
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case custom = "CUSTOM_SECTION"
        case recipients = "RECIPIENTS"
        case deviceFilter = "DEVICE_FILTER"
        case handling = "HANDLING_OPTIONS"
        case conferenceBridge = "CONFERENCE_BRIDGE"
        case senderOverrides = "SENDER_OVERRIDES"
        case responseChoices = "RESPONSE_CHOICES"
        case attachments = "ATTACHMENTS"
        case incident = "INCIDENT"
        case documentUpload = "DOCUMENT_UPLOAD"
    }

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
        public var archived: JSONValue?

        public init(
            id: String, orderNum: Int, required: Bool = false, multiLineText: Bool = false, visible: Bool = true,
            includeInCallback: Bool = false, propertyDefinition: String, archived: JSONValue? = nil
        ) {
            self.id = id
            self.orderNum = orderNum
            self.required = required
            self.multiLineText = multiLineText
            self.visible = visible
            self.includeInCallback = includeInCallback
            self.propertyDefinition = propertyDefinition
            self.archived = archived
        }
    }

    public var id: String
    public var title: String
    /// A ``Kind``, or one that this program does not know.
    public var type: String
    public var visible: Bool
    public var collapsed: Bool
    public var orderNum: Int
    public var items: [Item]
    /// What only sections of this kind have, by its names on the wire: `bridgeType`, `targetDeviceNames`,
    /// `searchableTypes`, …. What takes effect from it stands in the ``Form`` too, which leads.
    public var settings: JSONValue?
    public var archived: JSONValue?

    public init(
        id: String, title: String, type: String, visible: Bool = true, collapsed: Bool = false, orderNum: Int,
        items: [Item] = [], settings: JSONValue? = nil, archived: JSONValue? = nil
    ) {
        self.id = id
        self.title = title
        self.type = type
        self.visible = visible
        self.collapsed = collapsed
        self.orderNum = orderNum
        self.items = items
        self.settings = settings
        self.archived = archived
    }
}
