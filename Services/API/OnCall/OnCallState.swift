import AlertCore
import Persistence

/// What decides who is on call at a moment: the directory of that moment, and the turns of its rotations.
struct OnCallState: Sendable {
    let view: DirectoryView
    /// The directory of today: what the caller may see, and what groups are called.
    let present: DirectoryView
    let roster: Roster

    /// The group as it was then; `nil` for one that there was not yet.
    /// - Parameter idOrName: Its name of today, or that of then of one that is gone.
    /// - Throws: 404, also for a group that the caller may not see.
    func group(_ idOrName: String, for caller: Caller) throws(RestError) -> Group? {
        guard let present = present.group(idOrName) else { return try view.group(idOrName, for: caller) }
        guard caller.maySee(present, in: self.present) else { throw .notFound("There is no group \(idOrName).") }
        return view.groups[present.id]
    }
}

extension RESTServices {
    /// - Parameter moment: In the past: everything as it was then. In the future or `nil`: as it is now.
    func onCall(at moment: Timestamp? = nil) async throws -> OnCallState {
        let present = try await view()
        if let moment, moment < now() {
            return try await database.reading { connection in
                let view = try DirectoryHistory(connection).view(at: moment)
                var roster = view.roster
                roster.alertCounts = try RotationCounts(connection).counts(at: moment)
                return OnCallState(view: view, present: present, roster: roster)
            }
        }
        var roster = present.roster
        if present.shifts.values.contains(where: { $0.rotation?.type == .alerts }) {
            roster.alertCounts = try await database.reading { try RotationCounts($0).current() }
        }
        return OnCallState(view: present, present: present, roster: roster)
    }
}
