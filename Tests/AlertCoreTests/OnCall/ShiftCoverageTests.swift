import AlertCore
import TestSupport
import Testing

/// Shifts that touch on the clock: at each moment of a year with changes in both directions one holds, and only one.
struct ShiftCoverageTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// By the clock, in minutes after midnight; each goes on up to the next.
        let beginnings: [Int]
        var recurrence = Recurrence(frequency: .daily)
        /// In days.
        var period = 1
    }

    static let cases = [
        Case(testDescription: "a day from midnight", beginnings: [0]),
        Case(testDescription: "a day from within what is skipped or comes twice", beginnings: [135]),
        Case(testDescription: "a day from half past one", beginnings: [90]),
        Case(testDescription: "three shifts a day", beginnings: [360, 840, 1320]),
        Case(
            testDescription: "every ten minutes through the night's change",
            beginnings: Array(stride(from: 60, through: 190, by: 10))),
        Case(testDescription: "from one to two to three", beginnings: [60, 120, 180]),
        Case(
            testDescription: "a week from Sunday at two", beginnings: [6 * 1440 + 120],
            recurrence: Recurrence(frequency: .weekly), period: 7),
    ]

    private func shifts(_ row: Case, in zone: String) -> [Shift] {
        let clock = WallClock(zone)
        let monday = CalendarDay("2025-06-02")!
        func moment(_ minute: Int) -> Timestamp {
            clock.moment(of: WallClock.Time(monday, timeOfDay: Int64(minute) * 60_000))
        }
        return row.beginnings.enumerated().map { index, minute in
            let next =
                index + 1 < row.beginnings.count
                ? row.beginnings[index + 1] : row.beginnings[0] + row.period * 1440
            var shift = onCallShift(
                named: "s\(index)", "2025-06-02T00:00Z", "2025-06-03T00:00Z", zone: zone, row.recurrence,
                members: [Shift.Member(recipient: onCallPerson("ann"))])
            shift.start = moment(minute)
            shift.end = moment(next)
            return shift
        }
    }

    @Test(arguments: cases, threeZones)
    func leaveNoGapAndDoNotOverlap(_ row: Case, in zone: String) {
        let shifts = shifts(row, in: zone)
        let all = shifts.flatMap {
            shiftCalendar($0).occurrences(from: zulu("2026-01-01T00:00Z"), to: zulu("2027-01-01T00:00Z"), limit: 1000)
        }.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        #expect(all.count >= 52)
        for (earlier, later) in zip(all, all.dropFirst()) where earlier.end != later.start {
            Issue.record("from \(earlier.end.iso) to \(later.start.iso)")
        }

        let roster = onCallRoster(shifts: shifts)
        #expect(roster.gaps(in: "ops", from: zulu("2026-01-01T00:00Z"), to: zulu("2026-12-31T00:00Z")).isEmpty)
        var chance = SeededGenerator(seed: 3)
        let changes =
            ["2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-03-29T01:00Z", "2026-10-25T01:00Z"]
            + ["2026-04-04T15:00Z", "2026-10-03T15:30Z"]
        for change in changes.map(zulu) {
            for _ in 0..<40 {
                let moment = change.advanced(by: .seconds(Int.random(in: -14_400...14_400, using: &chance)))
                #expect(roster.onCall(group: "ops", at: moment).count == 1, "\(moment.iso)")
            }
        }
    }

    /// The time of day by the clocks stays, so that the day of a change is shorter or longer.
    @Test(arguments: [
        ("America/New_York", "2026-03-07T05:00Z", [1440, 1380, 1440]),
        ("America/New_York", "2026-10-31T04:00Z", [1440, 1500, 1440]),
        ("Europe/Berlin", "2026-03-27T23:00Z", [1440, 1380, 1440]),
        ("Europe/Berlin", "2026-10-23T22:00Z", [1440, 1500, 1440]),
        ("Australia/Lord_Howe", "2026-04-03T13:00Z", [1440, 1470, 1440]),
        ("Australia/Lord_Howe", "2026-10-02T13:30Z", [1440, 1410, 1440]),
    ])
    func dayOfAChangeHasItsOwnLength(zone: String, from: String, lengths: [Int]) {
        let clock = WallClock(zone)
        var shift = onCallShift("2025-06-02T00:00Z", "2025-06-03T00:00Z", zone: zone)
        shift.start = clock.moment(of: WallClock.Time(CalendarDay("2025-06-02")!))
        shift.end = clock.moment(of: WallClock.Time(CalendarDay("2025-06-03")!))
        let found = shiftCalendar(shift).occurrences(from: zulu(from), to: zulu("2027-01-01T00:00Z"), limit: 3)
        #expect(found[0].start == zulu(from))
        #expect(found.map { $0.end.since($0.start) } == lengths.map { span(minutes: $0) })
        #expect(found.allSatisfy { localText($0.start, zone).hasSuffix(" 00:00") })
    }

    @Test func whatTheClocksSkipWholeDoesNotTakePlace() {
        let night = shiftCalendar(
            onCallShift("2026-01-10T07:15Z", "2026-01-10T07:45Z", zone: "America/New_York"))
        let found = night.occurrences(from: zulu("2026-03-07T00:00Z"), to: zulu("2026-03-10T00:00Z"), limit: 9)
        #expect(found.map(\.start) == [zulu("2026-03-07T07:15Z"), zulu("2026-03-09T06:15Z")])
    }

    /// Somebody who says by the moment which of the two they mean is taken at their word for the first occurrence.
    @Test func theFirstOccurrenceIsWhereItWasPut() {
        let once = onCallShift(
            "2026-11-01T06:30Z", "2026-11-01T06:45Z", zone: "America/New_York", Recurrence(frequency: .once))
        let found = shiftCalendar(once).occurrences(
            from: zulu("2026-11-01T00:00Z"), to: zulu("2026-11-03T00:00Z"), limit: 9)
        #expect(found.map(\.start) == [zulu("2026-11-01T06:30Z")])
        #expect(found.map(\.end) == [zulu("2026-11-01T06:45Z")])
        #expect(shiftCalendar(once).occurrence(at: zulu("2026-11-01T05:35Z")) == nil)
    }
}
