/// Who is on call, as calendars.
extension Roster {
    /// The most events of one calendar.
    public static let calendarLimit = 5000

    /// A part of an occurrence in which the same people stand in the same places.
    public struct Part: Sendable {
        public let shift: OnCallShift
        public let start: Timestamp
        public internal(set) var end: Timestamp
    }

    /// When the shifts of a group are on from `from` up to `to`, and who is notified in which order.
    /// - Parameter group: An id; of one that is not there the calendar is empty.
    public func calendar(ofGroup group: String, from: Timestamp, to: Timestamp) -> ICalendar {
        let events = parts(of: group, from: from, to: to).prefix(Self.calendarLimit).map { part in
            ICalendar.Event(
                uid: uid(part), start: part.start, end: part.end,
                summary: "\(part.shift.shift.name): \(firstNotified(part.shift))",
                description: order(part.shift))
        }
        return ICalendar(name: "On call: \(groups[group]?.targetName ?? group)", events: Array(events))
    }

    /// When a person is on call from `from` up to `to`, in which group and shift and at which place: also instead of
    /// somebody else, or by one of their devices. Groups within groups count by their own shifts.
    /// - Parameter person: An id.
    public func calendar(ofPerson person: String, from: Timestamp, to: Timestamp) -> ICalendar {
        var events: [ICalendar.Event] = []
        let own = Set((devices[person] ?? []).map(\.id))
        for group in groups.values.sorted(by: {
            ($0.targetName.lowercased(), $0.id) < ($1.targetName.lowercased(), $1.id)
        }) {
            let parts = parts(of: group.id, from: from, to: to) { shift in
                let members = shift.members.map(\.recipient)
                return members.contains { $0.recipientType == .device && own.contains($0.id) }
                    || people(behind: members, from: from, to: to).contains(person)
            }
            for part in parts {
                let places = part.shift.members.filter { member in
                    guard let notified = member.notified else { return false }
                    return notified.recipientType == .person ? notified.id == person : own.contains(notified.id)
                }
                guard let place = places.first else { continue }
                let instead = place.absence == nil ? "" : ", instead of \(name(place.recipient))"
                events.append(
                    ICalendar.Event(
                        uid: uid(part, person), start: part.start, end: part.end,
                        summary: "On call: \(group.targetName), \(part.shift.shift.name), "
                            + "place \(place.position)\(instead)",
                        description: order(part.shift)))
            }
        }
        events.sort { ($0.start, $0.uid) < ($1.start, $1.uid) }
        return ICalendar(
            name: "On call: \(people[person]?.targetName ?? person)",
            events: Array(events.prefix(Self.calendarLimit)))
    }

    /// The occurrences, cut where who stands in them changes. What began before `from` is whole, so that its events
    /// stay the same while time goes on.
    public func parts(
        of group: String, from: Timestamp, to: Timestamp, where isWanted: (Shift) -> Bool = { _ in true }
    ) -> [Part] {
        guard let entry = groups[group], entry.status == .active, entry.groupType == .onCall, from < to else {
            return []
        }
        var parts: [Part] = []
        for shift in shifts[group] ?? [] where isWanted(shift) {
            let calendar = calendar(of: shift)
            for occurrence in calendar.occurrences(from: from, to: to, limit: Self.calendarLimit) {
                let begin = parts.count
                let changes = changes(
                    of: calendar, from: occurrence.start, to: occurrence.end, limit: Self.calendarLimit)
                let starts = [occurrence.start] + changes
                for (index, start) in starts.enumerated() {
                    let end = index + 1 < starts.count ? starts[index + 1] : occurrence.end
                    let state = onCall(calendar, in: occurrence, at: start)
                    if parts.count > begin, parts[parts.count - 1].shift == state {
                        parts[parts.count - 1].end = end
                    } else {
                        parts.append(Part(shift: state, start: start, end: end))
                    }
                }
            }
        }
        return parts.filter { from < $0.end && $0.start < to }.sorted { $0.start < $1.start }
    }

    private func uid(_ part: Part, _ person: String = "") -> String {
        let id = DerivedID.uuid("calendar", part.shift.shift.id, "\(part.start.milliseconds)", person)
        return "\(id)@tocsin"
    }

    private func firstNotified(_ shift: OnCallShift) -> String {
        shift.members.lazy.compactMap(\.notified).first.map { name($0) } ?? "nobody"
    }

    /// One line for each place.
    private func order(_ shift: OnCallShift) -> String {
        var minutes = 0
        return shift.members.map { member in
            minutes += member.delay
            let when = minutes == 0 ? "at once" : "after \(minutes) minutes"
            guard let notified = member.notified else {
                return "\(member.position). \(name(member.recipient)): not notified, as \(member.skipped ?? "skipped")"
            }
            let instead = notified == member.recipient ? "" : " instead of \(name(member.recipient))"
            return "\(member.position). \(name(notified))\(instead), \(when)"
        }.joined(separator: "\n")
    }

    private func name(_ member: GroupMember) -> String {
        switch member.recipientType {
        case .person:
            people[member.id].map { person in
                let name = "\(person.firstName) \(person.lastName)".trimmingPrefix(" ")
                return name.allSatisfy { $0 == " " } ? person.targetName : String(name)
            } ?? member.id
        case .group: groups[member.id]?.targetName ?? member.id
        case .device:
            device(member.id).map { "\(people[$0.owner]?.targetName ?? $0.owner)|\($0.name)" } ?? member.id
        }
    }
}
