/// A named way to fill in a form, ready to be sent (spec §4.8).
public struct Scenario: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    public var form: String
    /// Unique within the form, ignoring case.
    public var name: String
    public var description: String
    /// Where it stands among those of its form, from 0.
    public var position: Int
    public var created: Timestamp
    public var kept: KeptRequest
    /// Who may see and send it; nobody named for everybody who may send the form.
    public var permissions: [ScenarioPermission]

    public init(
        id: String, form: String, name: String, description: String = "", position: Int = 0, created: Timestamp,
        kept: KeptRequest = KeptRequest(), permissions: [ScenarioPermission] = []
    ) {
        self.id = id
        self.form = form
        self.name = name
        self.description = description
        self.position = position
        self.created = created
        self.kept = kept
        self.permissions = permissions
    }

    /// Whether the scenario itself lets the person see and send it; whether the form does is another matter.
    public func maySend(_ person: Person) -> Bool {
        permissions.isEmpty || permissions.contains { $0.isOf(person) }
    }

    /// Whether the scenario itself lets the person change it.
    public func mayEdit(_ person: Person) -> Bool { permissions.contains { $0.editScenarios && $0.isOf(person) } }
}

/// Who may see and send a scenario: a person, or everybody with a role (spec §4.9).
public struct ScenarioPermission: Codable, Hashable, Sendable {
    public var senderType: SenderPermission.SenderType
    /// The id of a person, or the name of a role.
    public var sender: String
    /// Whether they may change it, too.
    public var editScenarios: Bool

    public init(senderType: SenderPermission.SenderType, sender: String, editScenarios: Bool = false) {
        self.senderType = senderType
        self.sender = sender
        self.editScenarios = editScenarios
    }

    func isOf(_ person: Person) -> Bool {
        switch senderType {
        case .person: sender == person.id
        case .role: person.roles.contains(sender)
        }
    }
}

extension Form {
    /// Whether the form lets the person make scenarios of it, and change all that there are.
    public func mayManageScenarios(_ person: Person) -> Bool {
        senderPermissions.contains { permission in
            guard permission.manageScenarios else { return false }
            switch permission.senderType {
            case .person: return permission.sender == person.id
            case .role: return person.roles.contains(permission.sender)
            }
        }
    }
}
