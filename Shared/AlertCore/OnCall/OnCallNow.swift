/// Who is on call.
extension Roster {
    /// The shifts of a group that are on at that moment, in the order of their names, each with who stands in it.
    ///
    /// A group that is inactive, or has no shifts of its own as a broadcast group, has none. Of a shift whose
    /// occurrences overlap the one that began last counts.
    /// - Parameter group: An id.
    public func onCall(group: String, at moment: Timestamp) -> [OnCallShift] {
        guard let entry = groups[group], entry.status == .active, entry.groupType == .onCall else { return [] }
        return (shifts[group] ?? []).compactMap { shift in
            let calendar = calendar(of: shift)
            return calendar.occurrence(at: moment).map { onCall(calendar, in: $0, at: moment) }
        }
    }

    /// The occurrences of the shifts of a group, at least a part of which is from `from` up to `to`, in the order of
    /// time, then of the shifts' names; each with who stands in it at its beginning, or at `from` if it began before.
    /// Who stands in it can change while it lasts: ``changes(of:in:limit:)``.
    /// - Parameters:
    ///   - group: An id.
    ///   - shifts: Ids of the only shifts that are wanted; empty for all.
    ///   - limit: How many of each shift at most.
    public func onCall(
        group: String, from: Timestamp, to: Timestamp, shifts wanted: Set<String> = [], limit: Int
    ) -> [OnCallShift] {
        guard let entry = groups[group], entry.status == .active, entry.groupType == .onCall else { return [] }
        let calendars = (shifts[group] ?? []).filter { wanted.isEmpty || wanted.contains($0.id) }
            .map { calendar(of: $0) }
        return calendars.enumerated().flatMap { index, calendar in
            calendar.occurrences(from: from, to: to, limit: limit).map { (index, calendar, $0) }
        }.sorted { ($0.2.start, $0.0) < ($1.2.start, $1.0) }
            .map { onCall($1, in: $2, at: max($2.start, from)) }
    }

    /// When a shift takes place, with the holidays of its group's site.
    public func calendar(of shift: Shift) -> ShiftCalendar {
        // Holidays take time to read: only where they are asked for.
        guard shift.recurrence.frequency == .holiday else {
            return ShiftCalendar(shift, holidays: HolidayCalendar([]))
        }
        return ShiftCalendar(shift, holidays: HolidayCalendar(groups[shift.group]?.site.flatMap { sites[$0] }))
    }

    /// A shift with who stands in it at a moment of one of its occurrences.
    public func onCall(
        _ calendar: ShiftCalendar, in occurrence: ShiftOccurrence, at moment: Timestamp
    ) -> OnCallShift {
        let shift = calendar.shift
        var members = shift.members
        if let rotation = shift.rotation {
            let alerts = alertCounts[shift.id] ?? 0
            members = rotation.turned(
                members, by: rotation.turns(of: calendar, in: occurrence, at: moment, alerts: alerts))
        }
        return OnCallShift(
            shift: shift, start: occurrence.start, end: occurrence.end,
            members: standing(members, in: shift.group, at: moment))
    }

    /// Members in the order of an escalation: who is skipped takes the delay that follows along, but not the one
    /// before (spec §5.4).
    func standing(_ members: [Shift.Member], in group: String, at moment: Timestamp) -> [OnCallMember] {
        var isAfterSkipped = false
        return members.enumerated().map { index, member in
            let standIn = standIn(for: member.recipient, in: group, at: moment)
            defer { isAfterSkipped = standIn.notified == nil }
            return OnCallMember(
                position: index + 1, delay: isAfterSkipped ? 0 : max(0, member.delay),
                escalationType: member.escalationType, inRotation: member.inRotation, recipient: member.recipient,
                absence: standIn.absence, notified: standIn.notified, skipped: standIn.skipped)
        }
    }
}
