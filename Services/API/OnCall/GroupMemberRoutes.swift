import AlertCore
import Persistence

extension RESTServices {
    /// Who belongs to a group: of an on-call group the people of whom its shifts are made.
    var groupMemberRoutes: [RESTRoute] {
        [
            .get("groups/{group}/members", listGroupMembers),
            .change(.post, "groups/{group}/members", addGroupMember),
            .change(.delete, "groups/{group}/members/{member}", removeGroupMember),
        ]
    }

    private func listGroupMembers(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let withShifts = call.query.embeds("shifts")
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        let members = view.members(of: group).filter { view.reference($0) != nil }
        let rows = paging.cut(members).map { view.membership(of: $0, in: group, withShifts: withShifts) }
        return .ok(call.page(rows, total: members.count, paging))
    }

    private func addGroupMember(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let (member, view) = try await change(call) { edit in
            let group = try edit.changeable(call.parameter("group"))
            let member = try fields.ownMember(in: edit.directory)
            try edit.enrol(member, in: group, field: "id")
            return member
        }
        return .ok(view.wire(member) ?? .null)
    }

    private func removeGroupMember(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await view()
        let (removed, _) = try await change(call) { edit -> (Group, GroupMember)? in
            var group = try edit.changeable(call.parameter("group"))
            let wanted = call.parameter("member")
            guard let member = group.members.first(where: { $0.id == wanted }) ?? before.member(encoded: wanted),
                group.members.contains(member)
            else { return nil }
            try edit.refuseDynamic(group, field: "id")
            group.members.removeAll { $0 == member }
            try edit.put(group)
            for var shift in try edit.directory.all(Shift.self, in: group.id) {
                shift.members.removeAll { $0.recipient == member }
                try edit.put(shift)
            }
            return (group, member)
        }
        return .deleted(removed.map { before.membership(of: $1, in: $0, withShifts: false) })
    }
}

extension DirectoryEdit {
    static let mostMembers = 10_000

    /// Puts somebody into the group's roster, unless it is there already.
    /// - Throws: 400 for a dynamic group, a circle of groups, or a roster that is full.
    func enrol(_ member: GroupMember, in group: Group, field: String) throws {
        try refuseDynamic(group, field: field)
        guard !group.members.contains(member) else { return }
        try refuseCircle(member, in: group, field: field)
        guard group.members.count < Self.mostMembers else {
            throw RestError.invalidValue(field, "a group may have at most \(Self.mostMembers) members.")
        }
        var group = group
        group.members.append(member)
        try put(group)
    }

    func refuseDynamic(_ group: Group, field: String) throws(RestError) {
        guard group.groupType == .dynamic else { return }
        throw .invalidValue(
            field, "the members of the dynamic group \(group.targetName) follow from its criteria.")
    }

    /// A group never notifies itself, by whatever detour.
    private func refuseCircle(_ member: GroupMember, in group: Group, field: String) throws {
        guard member.recipientType == .group else { return }
        var open = [member.id]
        var seen: Set<String> = []
        while let id = open.popLast() {
            if id == group.id {
                throw RestError.invalidValue(field, "the group \(group.targetName) would be a member of itself.")
            }
            guard seen.insert(id).inserted, let inner = try directory.get(Group.self, id: id) else { continue }
            open += inner.members.filter { $0.recipientType == .group }.map(\.id)
        }
    }
}

extension Roster {
    /// Who belongs to a group, whoever is away.
    func recipients(of group: Group) -> [GroupMember] {
        // The time matters only for who is notified instead.
        members(of: group.id, at: group.created).map(\.recipient)
    }
}

extension DirectoryView {
    func members(of group: Group) -> [GroupMember] { roster.recipients(of: group) }

    /// A member of a group as lists of members have it.
    func membership(of member: GroupMember, in group: Group, withShifts: Bool) -> JSONValue {
        var fields: [String: JSONValue?] = ["group": group.reference, "member": membershipReference(member)]
        if withShifts {
            let shifts = shifts(of: group.id).filter { $0.members.contains { $0.recipient == member } }
            fields["shifts"] = .embeddedPage(
                shifts.map { $0.reference(in: group) }, path: "\(RESTPath.base)\(group.path)/shifts")
        }
        return .fields(fields)
    }

    private func membershipReference(_ member: GroupMember) -> JSONValue? {
        guard case .object(var fields) = reference(member) else { return nil }
        if member.recipientType == .person, let person = people[member.id] {
            fields["licenseType"] = .string(person.licenseType)
            fields["status"] = .string(person.status.rawValue)
        }
        return .object(fields)
    }
}
