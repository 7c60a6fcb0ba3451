/// Who may begin alerts of a form: a person, or everybody with a role (spec §4.9).
public struct SenderPermission: Codable, Hashable, Sendable {
    public enum SenderType: String, Codable, CaseIterable, Sendable {
        case person = "PERSON"
        case role = "ROLE"
    }

    public var senderType: SenderType
    /// The id of a person, or the name of a role.
    public var sender: String
    public var manageScenarios: Bool

    public init(senderType: SenderType, sender: String, manageScenarios: Bool = false) {
        self.senderType = senderType
        self.sender = sender
        self.manageScenarios = manageScenarios
    }
}

extension Form {
    /// Whether the person may begin alerts of this form. A form without sender permissions is open to everybody.
    public func maySend(_ person: Person) -> Bool {
        guard !senderPermissions.isEmpty else { return true }
        return senderPermissions.contains { permission in
            switch permission.senderType {
            case .person: permission.sender == person.id
            case .role: person.roles.contains(permission.sender)
            }
        }
    }
}
