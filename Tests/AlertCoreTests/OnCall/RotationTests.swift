import AlertCore
import Testing

/// Who stands where as a rotation turns.
struct RotationTests {
    static func members(_ names: String...) -> [Shift.Member] {
        names.enumerated().map { index, name in
            Shift.Member(
                recipient: onCallPerson(String(name.trimmingPrefix("!"))), delay: index * 5,
                escalationType: index == 0 ? .none : .peer, inRotation: !name.hasPrefix("!"))
        }
    }

    private func standing(_ roster: Roster, at moment: String) -> [String] {
        roster.onCall(group: "ops", at: zulu(moment)).flatMap { $0.members.map(\.recipient.id) }
    }

    @Test(arguments: [
        (0, Rotation.Direction.firstToLast, ["ann", "bob", "cat", "boss"]),
        (1, .firstToLast, ["bob", "cat", "ann", "boss"]),
        (2, .firstToLast, ["cat", "ann", "bob", "boss"]),
        (3, .firstToLast, ["ann", "bob", "cat", "boss"]),
        (1, .lastToFirst, ["cat", "ann", "bob", "boss"]),
        (2, .lastToFirst, ["bob", "cat", "ann", "boss"]),
        (7, .lastToFirst, ["cat", "ann", "bob", "boss"]),
    ])
    func movesThoseInRotation(turns: Int, direction: Rotation.Direction, then: [String]) {
        let shift = onCallShift(
            "2026-01-01T00:00Z", "2026-01-02T00:00Z", members: Self.members("ann", "bob", "cat", "!boss"),
            rotation: Rotation(type: .alerts, direction: direction, interval: 2))
        for count in [turns * 2, turns * 2 + 1] {
            let roster = onCallRoster(["ann", "bob", "cat", "boss"], shifts: [shift], alertCounts: ["day": count])
            let members = roster.onCall(group: "ops", at: zulu("2026-05-05T12:00Z"))[0].members
            #expect(members.map(\.recipient.id) == then)
            // The timeline stays: delays and the kind of escalation belong to the place.
            #expect(members.map(\.delay) == [0, 5, 10, 15])
            #expect(members.map(\.escalationType) == [.none, .peer, .peer, .peer])
            #expect(members.map(\.position) == [1, 2, 3, 4])
            #expect(members.map(\.inRotation) == [true, true, true, false])
        }
    }

    @Test func passesOverAPlaceThatStaysInTheMiddle() {
        let shift = onCallShift(
            "2026-01-01T00:00Z", "2026-01-02T00:00Z", members: Self.members("ann", "!boss", "bob", "!cat"),
            rotation: Rotation(type: .alerts))
        let roster = onCallRoster(["ann", "bob", "cat", "boss"], shifts: [shift], alertCounts: ["day": 1, "night": 9])
        #expect(standing(roster, at: "2026-05-05T12:00Z") == ["bob", "boss", "ann", "cat"])
    }

    struct TimeCase: CustomTestStringConvertible {
        let testDescription: String
        let rotation: Rotation
        /// Who is first just before and at the moment.
        let moment: String
        let before: String
        let after: String

        init(_ description: String, _ rotation: Rotation, at moment: String, _ before: String, _ after: String) {
            testDescription = description
            self.rotation = rotation
            self.moment = moment
            self.before = before
            self.after = after
        }
    }

    /// Of a shift that is always on, from 2026-01-31 00:00 in New York, with ann, bob and cat.
    @Test(arguments: [
        TimeCase(
            "a week after the first", Rotation(type: .time, interval: 1, intervalUnit: .weeks),
            at: "2026-02-07T05:00Z", "ann", "bob"),
        TimeCase(
            "every week keeps the time of day over a change", Rotation(type: .time, interval: 1, intervalUnit: .weeks),
            at: "2026-03-14T04:00Z", "cat", "ann"),
        TimeCase(
            "from the time that is named",
            Rotation(
                type: .time, interval: 2, intervalUnit: .weeks, nextRotationTime: zulu("2026-02-02T14:00Z")),
            at: "2026-02-02T14:00Z", "ann", "bob"),
        TimeCase(
            "and an interval after it, at nine o'clock in summer too",
            Rotation(
                type: .time, interval: 2, intervalUnit: .weeks, nextRotationTime: zulu("2026-02-02T14:00Z")),
            at: "2026-03-16T13:00Z", "ann", "bob"),
        TimeCase(
            "backwards",
            Rotation(
                type: .time, direction: .lastToFirst, interval: 2, intervalUnit: .weeks,
                nextRotationTime: zulu("2026-02-02T14:00Z")),
            at: "2026-02-16T14:00Z", "cat", "bob"),
        TimeCase(
            "every day", Rotation(type: .time, interval: 1, intervalUnit: .days), at: "2026-03-09T04:00Z",
            "ann", "bob"),
        TimeCase(
            "every twelve hours at noon and midnight in summer too",
            Rotation(type: .time, interval: 12, intervalUnit: .hours), at: "2026-03-08T16:00Z", "ann", "bob"),
        TimeCase(
            "every month, on the last day of a short one", Rotation(type: .time, interval: 1, intervalUnit: .months),
            at: "2026-02-28T05:00Z", "ann", "bob"),
        TimeCase(
            "and on the 31st again", Rotation(type: .time, interval: 1, intervalUnit: .months),
            at: "2026-03-31T04:00Z", "bob", "cat"),
        TimeCase(
            "every third month", Rotation(type: .time, interval: 3, intervalUnit: .months), at: "2027-01-31T05:00Z",
            "ann", "bob"),
    ])
    func turnsByTime(_ row: TimeCase) {
        let shift = onCallShift(
            "2026-01-31T05:00Z", "2026-02-01T05:00Z", zone: "America/New_York",
            members: Self.members("ann", "bob", "cat"), rotation: row.rotation)
        let roster = onCallRoster(shifts: [shift])
        let moment = zulu(row.moment)
        func first(_ moment: Timestamp) -> String? {
            roster.onCall(group: "ops", at: moment).first?.members.first?.recipient.id
        }
        #expect(first(moment.advanced(by: .milliseconds(-1))) == row.before)
        #expect(first(moment) == row.after)
        let window = (moment.advanced(by: .seconds(-60)), moment.advanced(by: .seconds(60)))
        #expect(roster.changes(of: shiftCalendar(shift), from: window.0, to: window.1, limit: 9) == [moment])
    }

    /// Every day at 01:30, which the clocks in New York show twice on 1 November: at 05:30 and at 06:30 UTC.
    @Test func doesNotTurnBackWithTheClocks() {
        let shift = onCallShift(
            "2026-10-30T04:00Z", "2026-10-31T04:00Z", zone: "America/New_York",
            members: Self.members("ann", "bob", "cat"),
            rotation: Rotation(
                type: .time, interval: 1, intervalUnit: .days, nextRotationTime: zulu("2026-10-31T05:30Z")))
        let roster = onCallRoster(shifts: [shift])
        for (time, first) in [
            ("05:29", "bob"), ("05:30", "cat"), ("06:00", "cat"), ("06:29", "cat"), ("06:30", "cat"), ("07:00", "cat"),
        ] {
            #expect(standing(roster, at: "2026-11-01T\(time)Z").first == first, "\(time)")
        }
        #expect(standing(roster, at: "2026-11-02T06:30Z").first == "ann")
    }

    /// Hour by hour over both changes: as often as it turns by the list of turns, it has turned.
    @Test(arguments: threeZones, [Rotation.Unit.hours, .days, .weeks, .months])
    func turnsAsOftenAsItIsListed(zone: String, unit: Rotation.Unit) {
        let shift = onCallShift(
            "2026-01-01T00:20Z", "2026-01-02T00:20Z", zone: zone, members: Self.members("ann", "bob", "cat"),
            rotation: Rotation(type: .time, interval: unit == .hours ? 5 : 1, intervalUnit: unit))
        let calendar = shiftCalendar(shift)
        let roster = onCallRoster(shifts: [shift])
        let end = zulu("2026-12-01T00:00Z")
        let turns = roster.changes(of: calendar, from: shift.start, to: end, limit: 5000)
        #expect(turns.count > 9)
        for moment in stride(from: shift.start.milliseconds, to: end.milliseconds, by: 9_700_000) {
            let moment = Timestamp(milliseconds: moment)
            let first = roster.onCall(group: "ops", at: moment).first?.members.first?.recipient.id
            #expect(first == ["ann", "bob", "cat"][turns.count { $0 <= moment } % 3], "\(moment.iso)")
        }
    }

    /// Weekday shifts, the second of which was excluded: it turns after every two that took place.
    @Test func turnsByCompletedShifts() {
        let shift = onCallShift(
            "2026-01-01T09:00Z", "2026-01-01T17:00Z", Recurrence(frequency: .everyWeekday),
            members: Self.members("ann", "bob", "cat"), rotation: Rotation(type: .shifts, interval: 2),
            exclusions: ["2026-01-02T09:00Z"])
        let roster = onCallRoster(shifts: [shift])
        for (day, first) in [
            ("2026-01-01", "ann"), ("2026-01-05", "ann"), ("2026-01-06", "bob"), ("2026-01-07", "bob"),
            ("2026-01-08", "cat"), ("2026-01-09", "cat"), ("2026-01-12", "ann"),
        ] {
            #expect(standing(roster, at: "\(day)T12:00Z").first == first, "\(day)")
        }
        #expect(standing(roster, at: "2026-01-02T12:00Z").isEmpty)
        #expect(
            roster.changes(of: shiftCalendar(shift), from: shift.start, to: zulu("2027-01-01T00:00Z"), limit: 9).isEmpty
        )
    }
}
