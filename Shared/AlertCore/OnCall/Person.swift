/// Whether a recipient can be notified.
public enum RecipientStatus: String, Codable, CaseIterable, Sendable {
    case active = "ACTIVE"
    case inactive = "INACTIVE"
}

/// Somebody who is notified, or who uses the console and the API (spec §4.4).
public struct Person: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var targetName: String
    public var firstName: String
    public var lastName: String
    public var language: String
    public var timezone: String
    public var webLogin: String
    public var phoneLogin: String?
    public var licenseType: String
    public var status: RecipientStatus
    public var roles: [String]
    /// Ids of people.
    public var supervisors: [String]
    public var properties: [String: JSONValue]
    public var externalKey: String?
    public var externallyOwned: Bool
    /// A site's id.
    public var site: String?
    /// As `PasswordHash` makes it; `nil` for somebody who cannot sign in. Never leaves the server.
    public var passwordHash: String?
    /// Whether the password lets its owner do nothing but set another.
    @Later public var forcePasswordReset: Bool
    /// Of the digits with which the person proves who it is on the phone, as `PasswordHash` makes it; empty for none.
    /// Never leaves the server.
    @Later public var phonePinHash: String
    /// Of somebody who comes from another system: the fields on the wire that the person cannot change here.
    @Later public var locked: [String]
    public var whenCreated: Timestamp
    public var whenUpdated: Timestamp

    public init(
        id: String, targetName: String, firstName: String, lastName: String, language: String = "en",
        timezone: String = "UTC", webLogin: String? = nil, phoneLogin: String? = nil,
        licenseType: String = "FULL_USER", status: RecipientStatus = .active, roles: [String] = ["Standard User"],
        supervisors: [String] = [], properties: [String: JSONValue] = [:], externalKey: String? = nil,
        externallyOwned: Bool = false, passwordHash: String? = nil, whenCreated: Timestamp
    ) {
        self.id = id
        self.targetName = targetName
        self.firstName = firstName
        self.lastName = lastName
        self.language = language
        self.timezone = timezone
        self.webLogin = webLogin ?? targetName
        self.phoneLogin = phoneLogin
        self.licenseType = licenseType
        self.status = status
        self.roles = roles
        self.supervisors = supervisors
        self.properties = properties
        self.externalKey = externalKey
        self.externallyOwned = externallyOwned
        self.passwordHash = passwordHash
        forcePasswordReset = false
        phonePinHash = ""
        locked = []
        self.whenCreated = whenCreated
        self.whenUpdated = whenCreated
    }
}
