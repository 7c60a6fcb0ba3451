import AlertCore
import Persistence

extension RESTServices {
    /// Who stands in a shift, in the order of the escalation. Somebody stands in it once.
    var shiftMemberRoutes: [RESTRoute] {
        [
            .get("groups/{group}/shifts/{shift}/members", listShiftMembers),
            .change(.post, "groups/{group}/shifts/{shift}/members", placeShiftMember),
            .change(.delete, "groups/{group}/shifts/{shift}/members/{member}", removeShiftMember),
        ]
    }

    private func listShiftMembers(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let group = try view.group(call.parameter("group"), for: call.caller)
        let shift = try view.shift(call.parameter("shift"), of: group)
        return .ok(try call.page(of: shift.members.indices.map { view.place(at: $0, in: shift) }))
    }

    /// Puts somebody at a place, or moves and changes the one who is there already.
    private func placeShiftMember(_ call: RESTCall) async throws -> RESTAnswer {
        let request = ShiftMemberRequest(fields: try call.fields())
        let ((shift, index), view) = try await change(call) { edit in
            var (group, shift) = try edit.changeableShift()
            let recipient = try request.recipient(edit)
            let former = shift.members.firstIndex { $0.recipient == recipient }
            let member = try request.member(
                former.map { shift.members[$0] } ?? Shift.Member(recipient: recipient), edit)
            if let former { shift.members.remove(at: former) }
            let wanted = try request.position().map { $0 - 1 } ?? former ?? shift.members.count
            let index = min(wanted, shift.members.count)
            shift.members.insert(member, at: index)
            guard shift.members.count <= ShiftRequest.mostMembers else {
                throw RestError.invalidValue(
                    "recipient", "a shift may have at most \(ShiftRequest.mostMembers) members.")
            }
            try edit.put(shift)
            try edit.enrol(recipient, in: group, field: "recipient")
            return (shift, index)
        }
        return .ok(view.place(at: index, in: shift))
    }

    private func removeShiftMember(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await view()
        let (removed, _) = try await change(call) { edit -> (Shift, Int)? in
            let (_, shift) = try edit.changeableShift()
            let wanted = call.parameter("member")
            let named = before.member(encoded: wanted)
            guard let index = shift.members.firstIndex(where: { $0.recipient.id == wanted || $0.recipient == named })
            else { return nil }
            var changed = shift
            changed.members.remove(at: index)
            try edit.put(changed)
            return (shift, index)
        }
        return .deleted(removed.map { before.place(at: $1, in: $0) })
    }
}
