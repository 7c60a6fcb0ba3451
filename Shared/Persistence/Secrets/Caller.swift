import AlertCore

/// What a role lets somebody do.
public enum Permission: Hashable, Sendable {
    case readConfiguration
    case writeConfiguration
    /// The platform's function “REST Web Service User”: to send requests to integrations and forms.
    case sendRequests
}

/// Who sends a request.
public struct Caller: Sendable {
    public let person: Person
    /// The id of the API key with which the person signed in; `nil` for a password.
    public let apiKey: String?
    /// How the person signed in.
    public let credential: Credential

    public enum Credential: Sendable { case password, apiKey, token }

    public init(person: Person, apiKey: String? = nil, isByToken: Bool = false) {
        self.person = person
        self.apiKey = apiKey
        credential = isByToken ? .token : apiKey == nil ? .password : .apiKey
    }

    public func may(_ permission: Permission) -> Bool {
        !Role.allowing(permission).isDisjoint(with: person.roles)
    }

    /// - Throws: 403 when no role of the person's allows it.
    public func require(_ permission: Permission) throws(RestError) {
        guard may(permission) else {
            let roles = Role.allowing(permission).sorted().joined(separator: ", ")
            throw RestError(
                403, "The user \(person.targetName) needs one of these roles: \(roles).",
                subcode: "authorization.role_required")
        }
    }
}

/// The roles that a person can have, by the names that the platform uses (spec §4.8).
public enum Role {
    public static let all: [(name: String, description: String)] = [
        ("Company Supervisor", "Configures everything and supervises everybody."),
        ("Developer", "Builds workflows and integrations."),
        ("Full Access User", "May do everything."),
        ("Group Supervisor", "Supervises groups."),
        ("No Access User", "Is notified, and may not sign in."),
        ("Person Supervisor", "Supervises people."),
        ("REST Web Service User", "Reads by the REST API and sends requests to integrations."),
        ("Scenario Administrator", "Prepares scenarios."),
        ("Standard User", "Is notified, answers, and reads."),
    ]

    static let writers: Set<String> = ["Full Access User", "Company Supervisor", "Developer"]
    static let readers = writers.union([
        "REST Web Service User", "Person Supervisor", "Group Supervisor", "Standard User",
    ])

    static let senders = writers.union(["REST Web Service User"])

    static func allowing(_ permission: Permission) -> Set<String> {
        switch permission {
        case .readConfiguration: readers
        case .writeConfiguration: writers
        case .sendRequests: senders
        }
    }
}
