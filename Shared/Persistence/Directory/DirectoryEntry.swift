import AlertCore

/// Something that people configure: a row of the directory, whose document is the value as JSON.
public protocol DirectoryEntry: Codable, Sendable, Identifiable where ID == String {
    /// The singular noun, in lower case. Part of stored keys: never renamed.
    static var kind: String { get }
    /// The field that carries ``entryName`` on the wire.
    static var nameField: String { get }

    /// The id of what it belongs to; empty when it stands by itself.
    var parentID: String { get }
    /// What people call it; see ``namesAreUnique``.
    var entryName: String { get }
    /// Whether no two of its kind and parent may have the same name.
    static var namesAreUnique: Bool { get }
    /// What two names are compared by: ignores case, but where scripts tell names apart by it.
    static func nameKey(_ name: String) -> String
    /// Another name, unique among its kind ignoring case, with its field on the wire.
    var secondName: (field: String, value: String)? { get }
    /// What says something about a person in it; of names that stand in other entries, the log itself knows.
    var personal: [PersonalText] { get }
}

extension DirectoryEntry {
    public static var nameField: String { "name" }
    public static var namesAreUnique: Bool { true }
    public static func nameKey(_ name: String) -> String { name.lowercased() }
    public var secondName: (field: String, value: String)? { nil }
    public var personal: [PersonalText] { [] }
}

extension Person: DirectoryEntry {
    public static let kind = "person"
    public static let nameField = "targetName"
    public var parentID: String { "" }
    public var entryName: String { targetName }
    public var secondName: (field: String, value: String)? { ("webLogin", webLogin) }
}

extension Device: DirectoryEntry {
    public static let kind = "device"
    public var parentID: String { owner }
    public var entryName: String { name }
}

extension Group: DirectoryEntry {
    public static let kind = "group"
    public static let nameField = "targetName"
    public var parentID: String { "" }
    public var entryName: String { targetName }
}

extension Shift: DirectoryEntry {
    public static let kind = "shift"
    public var parentID: String { group }
    public var entryName: String { name }
}

extension TemporaryAbsence: DirectoryEntry {
    public static let kind = "absence"
    public static let nameField = "id"
    public var parentID: String { member }
    public var entryName: String { id }
}

extension Site: DirectoryEntry {
    public static let kind = "site"
    public var parentID: String { "" }
    public var entryName: String { name }
}

extension NotificationProvider: DirectoryEntry {
    public static let kind = "provider"
    public var parentID: String { "" }
    public var entryName: String { name }
}

extension Plan: DirectoryEntry {
    public static let kind = "plan"
    public var parentID: String { "" }
    public var entryName: String { name }
}

extension Form: DirectoryEntry {
    public static let kind = "form"
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension PropertyDefinition: DirectoryEntry {
    public static let kind = "property"
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension Constant: DirectoryEntry {
    public static let kind = "constant"
    public static func nameKey(_ name: String) -> String { name }
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension Endpoint: DirectoryEntry {
    public static let kind = "endpoint"
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension Integration: DirectoryEntry {
    public static let kind = "integration"
    public static let namesAreUnique = false
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension SharedLibrary: DirectoryEntry {
    public static let kind = "library"
    public static func nameKey(_ name: String) -> String { name }
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension ScriptStep: DirectoryEntry {
    public static let kind = "scriptstep"
    public static let namesAreUnique = false
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension Canvas: DirectoryEntry {
    public static let kind = "canvas"
    public static let namesAreUnique = false
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension TriggerFilter: DirectoryEntry {
    public static let kind = "triggerfilter"
    public static let namesAreUnique = false
    public var parentID: String { plan }
    public var entryName: String { id }
}

extension LegalHold: DirectoryEntry {
    public static let kind = "legalhold"
    public var parentID: String { "" }
    public var entryName: String { name }
}

/// A way for a program to sign in as a person: its id is the user name, the secret the password.
public struct APIKey: DirectoryEntry, Hashable {
    public static let kind = "apikey"
    /// What every key's id begins with, so that it is told from a person's login.
    public static let prefix = "x-api-key-"

    public var id: String
    /// The id of the person as whom the key acts.
    public var person: String
    public var name: String
    /// SHA-256 of the secret, in hexadecimal. The secret is 32 random bytes, so a slow hash adds nothing.
    public var secretHash: String
    public var created: Timestamp

    public var parentID: String { person }
    public var entryName: String { name }

    public init(id: String, person: String, name: String, secretHash: String, created: Timestamp) {
        self.id = id
        self.person = person
        self.name = name
        self.secretHash = secretHash
        self.created = created
    }
}

extension WorkflowFile: DirectoryEntry {
    public static let kind = "workflowfile"
    public static let nameField = "path"
    public static func nameKey(_ name: String) -> String { name }
    public var parentID: String { plan }
    public var entryName: String { path }
}
