import AlertCore

/// Who sends a request.
public struct Caller: Sendable {
    public let person: Person
    /// The id of the API key with which the person signed in; `nil` for a password.
    public let apiKey: String?
    /// How the person signed in.
    public let credential: Credential
    /// Whether nothing is allowed but to sign in and to set another password.
    public let mustChangePassword: Bool
    public let permissions: Set<Permission>

    public enum Credential: Sendable { case password, apiKey, token }

    public init(person: Person, apiKey: String? = nil, isByToken: Bool = false, mustChangePassword: Bool = false) {
        self.person = person
        self.apiKey = apiKey
        credential = isByToken ? .token : apiKey == nil ? .password : .apiKey
        self.mustChangePassword = mustChangePassword
        let permissions = Role.permissions(of: person.roles)
        self.permissions = mustChangePassword ? permissions.intersection([.signIn]) : permissions
    }

    public func may(_ permission: Permission) -> Bool { permissions.contains(permission) }

    /// - Throws: 403 when no role of the person's allows it.
    public func require(_ permission: Permission) throws(RestError) {
        try require(anyOf: [permission])
    }

    /// - Throws: 403 when no role of the person's allows any of them.
    public func require(anyOf wanted: [Permission]) throws(RestError) {
        guard !wanted.contains(where: may) else { return }
        guard !mustChangePassword else {
            throw RestError(
                403,
                "The user \(person.targetName) has to set another password first: POST /api/xm/1/people/"
                    + "\(person.targetName) with password.", subcode: "authentication.password_change_required")
        }
        let roles = Set(wanted.flatMap(Role.allowing)).sorted().joined(separator: ", ")
        throw RestError(
            403, "The user \(person.targetName) needs one of these roles: \(roles).",
            subcode: "authorization.role_required")
    }
}

// MARK: - Whom and what the caller may change

extension Caller {
    /// Whether the person may do nothing that the caller may not: whoever could set such a person's password or
    /// roles would have that person's permissions.
    func isAtLeast(_ other: Person) -> Bool {
        Role.permissions(of: other.roles).subtracting(Role.everyday).isSubset(of: permissions)
    }

    /// Whether the caller may change that person: one of those whom the caller supervises, or anybody, who has no
    /// more permissions than the caller.
    public func administers(_ other: Person) -> Bool {
        guard isAtLeast(other) else { return false }
        return may(.administerPeople) || (may(.supervisePeople) && other.supervisors.contains(person.id))
    }

    /// Whether the caller may make people: somebody who administers only some is to supervise them.
    public var mayMakePeople: Bool { may(.administerPeople) || may(.supervisePeople) }

    /// Whether the caller may change that person's devices, timeframes and absences.
    public func mayEditDevices(of owner: Person) -> Bool {
        (owner.id == person.id && may(.signIn) && !mustChangePassword) || administers(owner)
    }

    /// Whether the caller may say that a person is away: who administers the person, and of one group who
    /// administers that.
    /// - Parameter group: `nil` for all groups.
    public func mayEditAbsences(of member: Person, in group: Group?) -> Bool {
        mayEditDevices(of: member) || may(.administerGroups) || group.map(administers) == true
    }

    /// Whether what the caller configures may run as that person: the caller, or somebody whom the caller supervises
    /// (spec §2.2).
    public func mayActAs(_ other: Person) -> Bool {
        if other.id == person.id { return true }
        return isAtLeast(other) && (may(.administerPeople) || other.supervisors.contains(person.id))
    }

    /// Whether the caller may make groups.
    public var mayMakeGroups: Bool { may(.administerGroups) || may(.superviseGroups) }

    /// Whether the caller may look at a group by what the group itself says. Its members may, too.
    public func observes(_ group: Group) -> Bool {
        group.observedByAll || may(.administerGroups) || group.supervisors.contains(person.id)
            || !Set(group.observers).isDisjoint(with: person.roles)
    }

    /// Whether the caller may change that group, its members and its shifts.
    public func administers(_ group: Group) -> Bool {
        may(.administerGroups) || (may(.superviseGroups) && group.supervisors.contains(person.id))
    }

    /// Whether the caller may give that role to people and take it from them: nobody gives more than they have.
    public func mayAssign(role: String) -> Bool {
        guard mayMakePeople else { return false }
        return (Role.permissions[role] ?? Set(Permission.allCases)).subtracting(Role.everyday).isSubset(of: permissions)
    }

    /// Whether the caller may make scenarios of that form, and see and change all that there are.
    public func mayManageScenarios(of form: Form) -> Bool {
        may(.manageScenarios) || may(.writeConfiguration) || (may(.signIn) && form.mayManageScenarios(person))
    }

    /// Whether the caller may change a scenario of that form.
    public func mayEdit(_ scenario: Scenario, of form: Form) -> Bool {
        mayManageScenarios(of: form) || (may(.signIn) && scenario.mayEdit(person))
    }

    /// Whether the caller may see a scenario of that form, and send the form by it where they may send it at all.
    public func maySee(_ scenario: Scenario, of form: Form) -> Bool {
        mayEdit(scenario, of: form) || (form.maySend(person) && scenario.maySend(person))
    }

    public static func refusal(_ message: String) -> RestError {
        RestError(403, message, subcode: "authorization.not_supervised")
    }
}
