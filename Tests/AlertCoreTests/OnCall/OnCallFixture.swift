import AlertCore
import Foundation

/// `2026-03-08T07:00Z`, with seconds if need be.
func zulu(_ text: String) -> Timestamp {
    let full = text.count == 17 ? text.replacing("Z", with: ":00Z") : text
    guard let date = try? Date(full, strategy: .iso8601) else {  // a wrong table, not a wrong program
        preconditionFailure("\(text) is no time")
    }
    return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
}

/// What the clocks of a zone show, by Foundation's calendar: `2026-03-08 03:00`.
func localText(_ moment: Timestamp, _ zone: String) -> String {
    var calendar = Foundation.Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: zone)!
    let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
    return String(
        format: "%04d-%02d-%02d %02d:%02d", parts.year!, parts.month!, parts.day!, parts.hour!, parts.minute!)
}

func span(minutes number: Int) -> Duration { .seconds(60 * number) }
func span(hours number: Int) -> Duration { .seconds(3600 * number) }
func span(days number: Int) -> Duration { .seconds(86_400 * number) }

func onCallPerson(_ name: String) -> GroupMember { GroupMember(id: name, recipientType: .person) }

/// Of one group, `ops`, whose shifts are in `zone`.
func onCallShift(
    named name: String = "day", _ start: String, _ end: String, zone: String = "UTC",
    _ recurrence: Recurrence = Recurrence(frequency: .daily), members: [Shift.Member] = [],
    rotation: Rotation? = nil, exclusions: [String] = []
) -> Shift {
    Shift(
        id: name, group: "ops", name: name, start: zulu(start), end: zulu(end), timezone: zone, recurrence: recurrence,
        members: members, rotation: rotation, exclusions: exclusions.map(zulu), created: zulu("2015-01-01T00:00Z"))
}

func shiftCalendar(_ shift: Shift, _ holidays: [Site.Holiday] = []) -> ShiftCalendar {
    ShiftCalendar(shift, holidays: HolidayCalendar(holidays))
}

/// A roster in which ids are names.
func onCallRoster(
    _ people: [String] = ["ann", "bob", "cat", "dan"], inactive: Set<String> = [], shifts: [Shift] = [],
    absences: [TemporaryAbsence] = [], groups: [Group] = [], devices: [Device] = [], sites: [Site] = [],
    site: String? = nil, alertCounts: [String: Int] = [:], change: (inout Person) -> Void = { _ in }
) -> Roster {
    let everybody = people.map { name in
        var person = Person(
            id: name, targetName: name, firstName: name.capitalized, lastName: "Doe",
            status: inactive.contains(name) ? .inactive : .active, whenCreated: zulu("2015-01-01T00:00Z"))
        change(&person)
        return person
    }
    let ops = Group(id: "ops", targetName: "Ops", site: site, created: zulu("2015-01-01T00:00Z"))
    return Roster(
        version: 1, people: Dictionary(uniqueKeysWithValues: everybody.map { ($0.id, $0) }),
        groups: Dictionary(([ops] + groups).map { ($0.id, $0) }) { _, last in last },
        sites: Dictionary(uniqueKeysWithValues: sites.map { ($0.id, $0) }),
        devices: Dictionary(grouping: devices, by: \.owner), shifts: Dictionary(grouping: shifts, by: \.group),
        absences: Dictionary(grouping: absences, by: \.member), alertCounts: alertCounts)
}

func onCallAbsence(
    _ member: String, by replacement: String? = nil, group: String? = nil, from: String = "2026-01-01T00:00Z",
    to: String = "2027-01-01T00:00Z", direct: Bool = false, id: String? = nil, created: String = "2025-01-01T00:00Z"
) -> TemporaryAbsence {
    TemporaryAbsence(
        id: id ?? "\(member)-\(replacement ?? "away")-\(group ?? "all")",
        absenceType: replacement == nil ? .away : .replacement, start: zulu(from), end: zulu(to), member: member,
        group: group, replacement: replacement, includeDirectNotifications: direct, created: zulu(created))
}

/// What an alert to a group leads to within two hours in which nobody answers. Everybody has one device.
func onCallEscalation(of group: String, in roster: Roster, at moment: Timestamp) -> EscalationSimulation {
    let devices = roster.people.keys.map { name in
        Device(id: "\(name)-mail", number: 1, owner: name, name: "Mail", deviceType: .email, emailAddress: "\(name)@x")
    }
    let reachable = Roster(
        version: 1, people: roster.people, groups: roster.groups, sites: roster.sites,
        devices: Dictionary(grouping: devices, by: \.owner), shifts: roster.shifts, absences: roster.absences,
        alertCounts: roster.alertCounts)
    var terms = AlertEscalation.Terms()
    terms.alert = "a"
    let target = AlertRecipient(id: group, targetName: group, recipientType: .group)
    return EscalationSimulation(
        terms, targets: [target], reachable, at: moment, until: moment.advanced(by: span(hours: 2)))
}

extension EscalationSimulation {
    private var advances: [(AlertEscalation.Advance, Timestamp)] {
        events.compactMap { if case .advanced(let advance, let at) = $0 { (advance, at) } else { nil } }
    }

    /// Who is notified, and how many minutes after the first event, in the order of time.
    var told: [(name: String, minutes: Int)] {
        guard let begin = advances.first?.1 else { return [] }
        return advances.flatMap { advance, at in
            advance.notices.map { ($0.person.targetName, Int(at.since(begin).milliseconds / 60_000)) }
        }
    }

    var omissions: [AlertEscalation.Omission] { advances.flatMap(\.0.omissions) }

    var reports: [EscalationReport] {
        events.compactMap { if case .escalated(let report, _) = $0 { report } else { nil } }
    }
}

let threeZones = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]
