import AlertCore
import Persistence

extension Caller {
    /// Whether the caller may look at a group: its members see what its observers see.
    func maySee(_ group: Group, in directory: DirectoryView) -> Bool {
        observes(group)
            || directory.members(of: group).contains { member in
                member.id == person.id || directory.devices[member.id]?.owner == person.id
            }
    }

    /// - Throws: 403.
    func requireAdministering(_ group: Group) throws(RestError) {
        try requireMakingGroups()
        guard administers(group) else {
            throw RestError(
                403,
                "The user \(person.targetName) may not change the group \(group.targetName): only its supervisors and "
                    + "those who may change every group may.",
                subcode: "authorization.group_supervisor_required")
        }
    }

    /// - Throws: 403.
    func requireMakingGroups() throws(RestError) { try require(anyOf: [.administerGroups, .superviseGroups]) }

    /// - Throws: 403.
    func requireEditingAbsences(of member: Person, in group: Group?) throws(RestError) {
        if mayEditAbsences(of: member, in: group) { return }
        if mustChangePassword { try require(.readConfiguration) }
        throw RestError(
            403, "The user \(person.targetName) may not change absences of \(member.targetName).",
            subcode: "authorization.supervisor_required")
    }
}

extension DirectoryView {
    /// The group of that id or name.
    /// - Throws: 404, also for a group that the caller may not see.
    func group(_ idOrName: String, for caller: Caller) throws(RestError) -> Group {
        guard let group = group(idOrName), caller.maySee(group, in: self) else {
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
        guard let group = try visibleGroup(idOrName) else { return nil }
        try call.caller.requireAdministering(group)
        return group
    }

    /// The group of that id or name; `nil` also for one that the caller may not see.
    func visibleGroup(_ idOrName: String) throws -> Group? {
        guard let group = try directory.resolve(Group.self, idOrName) else { return nil }
        guard try call.caller.observes(group) || directory.isMember(call.caller.person, of: group) else { return nil }
        return group
    }
}

extension Directory {
    /// Whether a group has a person or a device of that person among its members. Of a dynamic group it takes all
    /// people and groups.
    func isMember(_ person: Person, of group: Group) throws -> Bool {
        let own = Set(try all(Device.self, in: person.id).map(\.id) + [person.id])
        guard group.groupType == .dynamic else { return group.members.contains { own.contains($0.id) } }
        let roster = Roster(
            version: 0, people: try byID(Person.self), groups: try byID(Group.self), sites: try byID(Site.self),
            devices: Dictionary(grouping: try all(Device.self)) { $0.owner }, shifts: [:], absences: [:])
        return roster.recipients(of: group).contains { own.contains($0.id) }
    }

    private func byID<Entry: DirectoryEntry>(_ type: Entry.Type) throws -> [String: Entry] {
        Dictionary(try all(Entry.self).map { ($0.id, $0) }) { first, _ in first }
    }
}
