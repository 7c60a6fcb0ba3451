/// When who is on call can change.
extension Roster {
    /// The moments after `from` and before `to` at which who stands in a shift can change while it lasts: it turns by
    /// time, or somebody's absence begins or ends. In order, each once.
    /// - Parameter limit: How many turns at most.
    public func changes(of calendar: ShiftCalendar, from: Timestamp, to: Timestamp, limit: Int) -> [Timestamp] {
        let turns = calendar.shift.rotation?.turnTimes(of: calendar, from: from, to: to, limit: limit) ?? []
        let people = calendar.shift.members.map(\.recipient)
        return Set(turns).union(absenceChanges(of: people, from: from, to: to)).sorted()
    }

    /// When absences of these, and of those who replace them, begin or end.
    func absenceChanges(of members: [GroupMember], from: Timestamp, to: Timestamp) -> Set<Timestamp> {
        var changes: Set<Timestamp> = []
        for person in people(behind: members, from: from, to: to) {
            for absence in absences[person] ?? [] {
                changes.formUnion([absence.start, absence.end].filter { from < $0 && $0 < to })
            }
        }
        return changes
    }

    /// The ids of the people among these and of those who may replace them, at any time from `from` up to `to`.
    func people(behind members: [GroupMember], from: Timestamp, to: Timestamp) -> Set<String> {
        var waiting = members.filter { $0.recipientType == .person }.map(\.id)
        var seen: Set<String> = []
        while let person = waiting.popLast() {
            guard seen.insert(person).inserted else { continue }
            let ahead = (absences[person] ?? []).filter { $0.start < to && from < $0.end }
            waiting += ahead.compactMap(\.replacement)
        }
        return seen
    }
}
