import AlertCore
import Persistence

extension Caller {
    /// - Throws: 403 when the caller may not make this of that person; `nil` for a new one.
    func requireSaving(_ person: Person, over existing: Person?) throws(RestError) {
        guard let existing else { return try requireCreating(person) }
        if administers(existing) {
            try requireRoles(of: person, over: existing)
            return
        }
        guard existing.id == self.person.id else { return try requireAdministering(existing) }
        try requireOwnChange(person, over: existing)
    }

    /// - Throws: 403.
    func requireMakingPeople() throws(RestError) { try require(anyOf: [.administerPeople, .supervisePeople]) }

    /// - Throws: 403.
    func requireAdministering(_ other: Person) throws(RestError) {
        try requireMakingPeople()
        guard administers(other) else {
            throw Self.refusal(
                "The user \(person.targetName) may not change \(other.targetName), who is supervised by others or "
                    + "may do more.")
        }
    }

    /// - Throws: 403.
    func requireEditingDevices(of owner: Person) throws(RestError) {
        if mayEditDevices(of: owner) { return }
        try requireAdministering(owner)
    }

    private func requireCreating(_ new: Person) throws(RestError) {
        try requireMakingPeople()
        guard may(.administerPeople) || new.supervisors.contains(person.id) else {
            throw Self.refusal("The supervisors field must name \(person.targetName), who makes this user.")
        }
        try requireRoles(of: new, over: nil)
    }

    private func requireRoles(of new: Person, over existing: Person?) throws(RestError) {
        let changed = Set(new.roles).symmetricDifference(existing?.roles ?? [])
        guard let refused = changed.sorted().first(where: { !mayAssign(role: $0) }) else { return }
        throw RestError(
            403, "The user \(person.targetName) may not give or take the role \(refused), which allows more.",
            subcode: "authorization.role_not_assignable", arguments: ["roles", refused])
    }

    /// What somebody may change of themselves, by the fields on the wire.
    private static let ownFields: [(String, @Sendable (inout Person, Person) -> Void)] = [
        ("language", { $0.language = $1.language }), ("timezone", { $0.timezone = $1.timezone }),
        ("phoneLogin", { $0.phoneLogin = $1.phoneLogin }), ("phonePin", { $0.phonePinHash = $1.phonePinHash }),
    ]

    private func requireOwnChange(_ new: Person, over existing: Person) throws(RestError) {
        var allowed = existing
        allowed.passwordHash = new.passwordHash
        if new.passwordHash != existing.passwordHash { allowed.forcePasswordReset = new.forcePasswordReset }
        allowed.whenUpdated = new.whenUpdated
        if !mustChangePassword {
            for (field, copy) in Self.ownFields {
                var changed = existing
                copy(&changed, new)
                guard changed == existing || !existing.locked.contains(field) else {
                    throw RestError(
                        403, "The field \(field) is locked: another system owns it.",
                        subcode: "authorization.field_locked", arguments: [field])
                }
                copy(&allowed, new)
            }
        }
        guard allowed == new else {
            let fields = mustChangePassword ? ["password"] : ["password"] + Self.ownFields.map(\.0)
            throw Self.refusal(
                "The user \(person.targetName) may change nothing here but \(fields.joined(separator: ", ")).")
        }
    }
}
