import AlertCore
import Persistence

extension RESTServices {
    /// The most shifts of a group.
    static let mostShifts = 500

    var shiftRoutes: [RESTRoute] {
        [
            .get("groups/{group}/shifts", listShifts),
            .change(.post, "groups/{group}/shifts") { try await saveShift($0) },
            .get("groups/{group}/shifts/{shift}", getShift),
            .change(.post, "groups/{group}/shifts/{shift}") { try await saveShift($0) },
            .change(.delete, "groups/{group}/shifts/{shift}", deleteShift),
        ]
    }

    private func listShifts(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        let search = try Search(call.query)
        let shifts = view.shifts(of: group.id).filter { search.matches([$0.name]) }
        return .ok(try call.page(of: shifts.map { view.wire($0, in: group) }))
    }

    private func getShift(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        return .ok(view.wire(try view.shift(call.parameter("shift"), of: group), in: group))
    }

    private func saveShift(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let ((shift, group, isNew), view) = try await change(call) { edit in
            let group = try edit.changeable(call.parameter("group"))
            guard group.groupType == .onCall else {
                throw RestError.invalidValue("group", "only ON_CALL groups have shifts.")
            }
            let existing = try edit.existing(Shift.self, fields, in: group.id, path: call.parameters["shift"])
            if existing == nil,
                try edit.directory.list(Shift.self, in: group.id, offset: 0, limit: 1).total
                    >= Self.mostShifts
            {
                throw RestError.conflict("A group may have at most \(Self.mostShifts) shifts.")
            }
            let shift = try ShiftRequest(fields: fields, group: group).shift(existing, edit)
            try edit.put(shift)
            try edit.enrolMembers(of: shift)
            return (shift, group, existing == nil)
        }
        return .saved(view.wire(shift, in: group), isNew: isNew)
    }

    private func deleteShift(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await view()
        let (deleted, _) = try await change(call) { edit -> (Shift, Group)? in
            let group = try edit.changeable(call.parameter("group"))
            guard let shift = try edit.directory.resolve(Shift.self, call.parameter("shift"), in: group.id) else {
                return nil
            }
            try edit.delete(shift)
            return (shift, group)
        }
        return .deleted(deleted.map { before.wire($0, in: $1) })
    }
}

extension DirectoryEdit {
    /// Whoever stands in a shift belongs to the group.
    func enrolMembers(of shift: Shift) throws {
        for (index, member) in shift.members.enumerated() {
            guard let group = try directory.get(Group.self, id: shift.group) else { return }
            try enrol(member.recipient, in: group, field: "members[\(index)].recipient")
        }
    }

    /// The shift of the path, in a group that the caller may change.
    func changeableShift() throws -> (group: Group, shift: Shift) {
        let group = try changeable(call.parameter("group"))
        return (group, try directory.required(Shift.self, call.parameter("shift"), in: group.id))
    }
}
