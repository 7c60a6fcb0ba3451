import AlertCore
import Testing

/// Calendars as text, for calendar programs.
struct OnCallCalendarTests {
    static let stamp = zulu("2026-06-01T00:00Z")

    @Test func isWritten() {
        let calendar = ICalendar(
            name: "Ops; nights, days",
            events: [
                .init(
                    uid: "u1@tocsin", start: zulu("2026-06-01T08:00Z"), end: zulu("2026-06-01T18:00Z"),
                    summary: "a\\b", description: "1. Ann\n2. Bob\u{7}")
            ])
        #expect(
            calendar.text(stamp: Self.stamp)
                == [
                    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tocsin//On call//EN", "CALSCALE:GREGORIAN",
                    "METHOD:PUBLISH", "X-WR-CALNAME:Ops\\; nights\\, days", "BEGIN:VEVENT", "UID:u1@tocsin",
                    "DTSTAMP:20260601T000000Z", "DTSTART:20260601T080000Z", "DTEND:20260601T180000Z", "SUMMARY:a\\\\b",
                    "DESCRIPTION:1. Ann\\n2. Bob", "TRANSP:TRANSPARENT", "END:VEVENT", "END:VCALENDAR", "",
                ].joined(separator: "\r\n"))
    }

    /// Whatever the text, lines are short, whole in UTF-8, and give it back when unfolded and unescaped.
    @Test(arguments: [
        String(repeating: "x", count: 63), String(repeating: "x", count: 64), String(repeating: "x", count: 400),
        String(repeating: "ü", count: 90), String(repeating: "日本", count: 60), String(repeating: "👩‍🚒", count: 40),
        String(repeating: ",;\\\n", count: 60),
    ])
    func isFolded(_ text: String) {
        let event = ICalendar.Event(
            uid: "u", start: Self.stamp, end: zulu("2026-06-02T00:00Z"), summary: "", description: text)
        let written = ICalendar(name: "", events: [event]).text(stamp: Self.stamp)
        let lines = written.components("\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 75 })
        let line = written.components("\r\n ").joined().components("\r\n").first { $0.hasPrefix("DESCRIPTION:") }
        #expect(line?.dropFirst(12).unescaped == text)
        #expect(text.utf8.count < 64 || lines.contains { $0.utf8.count > 70 && $0.hasPrefix("DESCRIPTION:") })
    }

    static let shift = onCallShift(
        named: "Day", "2026-06-01T08:00Z", "2026-06-01T18:00Z",
        members: [
            Shift.Member(recipient: onCallPerson("ann")), Shift.Member(recipient: onCallPerson("bob"), delay: 5),
        ],
        rotation: Rotation(type: .time, interval: 1, intervalUnit: .days, nextRotationTime: zulu("2026-06-02T12:00Z")))

    private func rows(_ calendar: ICalendar) -> [String] {
        calendar.events.map {
            "\($0.start.iso.dropFirst(5).prefix(11))–\($0.end.iso.dropFirst(5).prefix(11)) \($0.summary)"
        }
    }

    @Test func ofAGroupIsCutWhereItTurns() {
        let roster = onCallRoster(
            shifts: [Self.shift],
            absences: [
                onCallAbsence("ann", by: "cat", from: "2026-06-03T09:00Z"),
                // Of another group: changes nothing, and so cuts nothing.
                onCallAbsence("bob", group: "dev", from: "2026-06-01T10:00Z", to: "2026-06-02T17:00Z"),
            ])
        let calendar = roster.calendar(ofGroup: "ops", from: zulu("2026-06-01T12:00Z"), to: zulu("2026-06-03T11:00Z"))
        #expect(
            rows(calendar) == [
                "06-01T08:00–06-01T18:00 Day: Ann Doe", "06-02T08:00–06-02T12:00 Day: Ann Doe",
                "06-02T12:00–06-02T18:00 Day: Bob Doe", "06-03T08:00–06-03T09:00 Day: Bob Doe",
                "06-03T09:00–06-03T12:00 Day: Bob Doe",
            ])
        #expect(calendar.name == "On call: Ops")
        #expect(calendar.events.first?.description == "1. Ann Doe, at once\n2. Bob Doe, after 5 minutes")
        #expect(
            calendar.events.last?.description == "1. Bob Doe, at once\n2. Cat Doe instead of Ann Doe, after 5 minutes")
        #expect(Set(calendar.events.map(\.uid)).count == 5)
    }

    @Test func hasTheSameEventsLater() {
        let roster = onCallRoster(shifts: [Self.shift])
        let early = roster.calendar(ofGroup: "ops", from: zulu("2026-06-01T12:00Z"), to: zulu("2026-06-05T00:00Z"))
        let late = roster.calendar(ofGroup: "ops", from: zulu("2026-06-02T13:00Z"), to: zulu("2026-06-06T00:00Z"))
        #expect(early.events.suffix(5) == late.events.prefix(5))
        #expect(early.events.count == 7)
    }

    @Test func ofAPersonHasWhatTheyAreNotifiedOf() {
        let device = Device(id: "d", number: 1, owner: "dan", name: "Pager", deviceType: .generic)
        var other = onCallShift(
            named: "Other", "2026-06-01T20:00Z", "2026-06-01T21:00Z", Recurrence(frequency: .once),
            members: [Shift.Member(recipient: GroupMember(id: "d", recipientType: .device))])
        other.group = "dev"
        let roster = onCallRoster(
            shifts: [Self.shift, other], absences: [onCallAbsence("ann", by: "cat", from: "2026-06-03T09:00Z")],
            groups: [GroupMembershipTests.group("dev", .onCall)], devices: [device])
        func events(_ person: String) -> [String] {
            rows(roster.calendar(ofPerson: person, from: zulu("2026-06-01T00:00Z"), to: zulu("2026-06-03T11:00Z")))
        }
        #expect(
            events("ann") == [
                "06-01T08:00–06-01T18:00 On call: Ops, Day, place 1",
                "06-02T08:00–06-02T12:00 On call: Ops, Day, place 1",
                "06-02T12:00–06-02T18:00 On call: Ops, Day, place 2",
                "06-03T08:00–06-03T09:00 On call: Ops, Day, place 2",
            ])
        #expect(events("cat") == ["06-03T09:00–06-03T12:00 On call: Ops, Day, place 2, instead of Ann Doe"])
        #expect(events("dan") == ["06-01T20:00–06-01T21:00 On call: Dev, Other, place 1"])
        #expect(events("nobody").isEmpty)
    }
}

extension StringProtocol {
    fileprivate func components(_ separator: String) -> [String] {
        var parts: [String] = [""]
        // By scalars: a carriage return and a line feed are one character.
        var rest = Array(unicodeScalars)[...]
        let wanted = Array(separator.unicodeScalars)
        while let scalar = rest.first {
            if rest.starts(with: wanted) {
                parts.append("")
                rest = rest.dropFirst(wanted.count)
            } else {
                parts[parts.count - 1].unicodeScalars.append(scalar)
                rest = rest.dropFirst()
            }
        }
        return parts
    }

    fileprivate var unescaped: String {
        var result = ""
        var isEscaped = false
        for scalar in unicodeScalars {
            if isEscaped {
                result.unicodeScalars.append(scalar == "n" ? "\n" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
