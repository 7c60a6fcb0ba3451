import AlertCore
import Persistence

extension Caller {
    /// Who manages every group, site and absence.
    private static let managers: Set<String> = ["Company Supervisor", "Full Access User"]
    private static let groupSupervisor = "Group Supervisor"

    var managesAllGroups: Bool { !Self.managers.isDisjoint(with: person.roles) }
    var mayCreateGroups: Bool { managesAllGroups || person.roles.contains(Self.groupSupervisor) }

    /// A group supervisor changes the groups that name him as one.
    func mayChange(_ group: Group) -> Bool {
        managesAllGroups
            || (person.roles.contains(Self.groupSupervisor) && group.supervisors.contains(person.id))
    }

    func maySee(_ group: Group) -> Bool {
        group.observedByAll || managesAllGroups || group.supervisors.contains(person.id)
            || !Set(group.observers).isDisjoint(with: person.roles)
    }

    /// - Throws: 403.
    func requireChanging(_ group: Group) throws(RestError) {
        guard mayChange(group) else {
            throw RestError(
                403,
                "The user \(person.targetName) may not change the group \(group.targetName): only its supervisors "
                    + "with the role Group Supervisor, and a Company Supervisor or Full Access User, may.",
                subcode: "authorization.group_supervisor_required")
        }
    }

    /// - Throws: 403.
    func requireCreatingGroups() throws(RestError) {
        guard mayCreateGroups else {
            throw RestError(
                403,
                "The user \(person.targetName) needs one of these roles: Company Supervisor, Full Access User, "
                    + "Group Supervisor.", subcode: "authorization.role_required")
        }
    }

    /// Whether somebody may say that a person is away: the person, whoever supervises it, and of one group its
    /// supervisors.
    func mayChangeAbsences(of member: Person, in group: Group?) -> Bool {
        member.id == person.id || managesAllGroups || member.supervisors.contains(person.id)
            || group.map(mayChange) == true
    }
}

extension DirectoryView {
    /// The group of that id or name.
    /// - Throws: 404, also for a group that the caller may not see.
    func group(_ idOrName: String, for caller: Caller) throws(RestError) -> Group {
        guard let group = group(idOrName), caller.maySee(group) else {
            throw .notFound("There is no group \(idOrName).")
        }
        return group
    }

    /// The group's shift of that id or name.
    /// - Throws: 404.
    func shift(_ idOrName: String, of group: Group) throws(RestError) -> Shift {
        let shifts = shifts(of: group.id)
        let key = idOrName.lowercased()
        guard
            let shift = shifts.first(where: { $0.id == idOrName })
                ?? shifts.first(where: { $0.name.lowercased() == key })
        else { throw .notFound("There is no shift \(idOrName) in the group \(group.targetName).") }
        return shift
    }
}

extension DirectoryEdit {
    /// The group that is about to be changed.
    /// - Throws: 404, also for a group that the caller may not see; 403.
    func changeable(_ idOrName: String) throws -> Group {
        guard let group = try changeableIfThere(idOrName) else {
            throw RestError.notFound("There is no group \(idOrName).")
        }
        return group
    }

    /// - Throws: 403.
    func changeableIfThere(_ idOrName: String) throws -> Group? {
        guard let group = try directory.resolve(Group.self, idOrName), call.caller.maySee(group) else { return nil }
        try call.caller.requireChanging(group)
        return group
    }
}
