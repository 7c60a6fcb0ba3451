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
    /// A regular expression that the whole of a text has to match, if ``validates``.
    public var pattern: String?
    /// Whether texts are held against the pattern; `nil` for yes.
    public var validate: Bool?
    public var minimum: Double?
    public var maximum: Double?
    public var items: [String]?
    public var categories: [String]?
    /// Of a hierarchy: each path from the top down, one value a level.
    public var paths: [[String]]?
    /// Stands between the levels of a hierarchy where it is shown as text.
    public var delimiter: String?
    /// Of a number, for people.
    public var units: String?
    public var archived: JSONValue?

    public init(
        id: String, plan: String, propertyType: Kind, name: String, description: String = "", helpText: String = "",
        defaultValue: JSONValue? = nil, minLength: Int? = nil, maxLength: Int? = nil, pattern: String? = nil,
        validate: Bool? = nil, minimum: Double? = nil, maximum: Double? = nil, items: [String]? = nil,
        categories: [String]? = nil, paths: [[String]]? = nil, delimiter: String? = nil, units: String? = nil,
        archived: JSONValue? = nil
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
        self.validate = validate
        self.minimum = minimum
        self.maximum = maximum
        self.items = items
        self.categories = categories
        self.paths = paths
        self.delimiter = delimiter
        self.units = units
        self.archived = archived
    }

    /// Whether texts are held against the pattern.
    public var validates: Bool { pattern != nil && validate != false }
}
