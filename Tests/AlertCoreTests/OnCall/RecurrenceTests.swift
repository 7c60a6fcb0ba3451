import AlertCore
import Foundation
import TestSupport
import Testing

/// When shifts take place.
struct RecurrenceTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let start: String
        let recurrence: Recurrence
        /// The first ones, as far as the next five years have them.
        let then: [String]

        init(_ testDescription: String, from start: String, _ recurrence: Recurrence, then: [String]) {
            self.testDescription = testDescription
            self.start = start
            self.recurrence = recurrence
            self.then = then
        }
    }

    static let holidays = [
        Site.Holiday(name: "Christmas", date: "2020-12-25", days: 2, isYearly: true),
        Site.Holiday(name: "Moving day", date: "2026-06-10"),
        Site.Holiday(name: "Turn of the year", date: "2026-12-31", days: 2),
        Site.Holiday(name: "No such day", date: "2026-02-30", isYearly: true),
    ]

    /// 2026-01-01 is a Thursday.
    @Test(arguments: [
        Case("once", from: "2026-01-01", Recurrence(frequency: .once), then: ["2026-01-01"]),
        Case(
            "daily", from: "2026-02-27", Recurrence(frequency: .daily),
            then: ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
        Case(
            "every third day", from: "2026-02-27", Recurrence(frequency: .daily, repeatEvery: 3),
            then: ["2026-02-27", "2026-03-02", "2026-03-05"]),
        Case(
            "weekly on the weekday of the first", from: "2026-01-01", Recurrence(frequency: .weekly),
            then: ["2026-01-01", "2026-01-08", "2026-01-15"]),
        Case(
            "weekly on named days", from: "2026-01-01",
            Recurrence(frequency: .weekly, onDays: [.sunday, .monday, .thursday]),
            then: ["2026-01-01", "2026-01-04", "2026-01-05", "2026-01-08", "2026-01-11"]),
        Case(
            "every other week, weeks from Monday", from: "2026-01-01",
            Recurrence(frequency: .weekly, repeatEvery: 2, onDays: [.monday, .sunday]),
            then: ["2026-01-04", "2026-01-12", "2026-01-18", "2026-01-26", "2026-02-01"]),
        Case(
            "every weekday", from: "2026-01-01", Recurrence(frequency: .everyWeekday),
            then: ["2026-01-01", "2026-01-02", "2026-01-05", "2026-01-06"]),
        Case(
            "every weekday, begun on a Saturday", from: "2026-01-03", Recurrence(frequency: .everyWeekday),
            then: ["2026-01-05", "2026-01-06"]),
        Case(
            "every weekend day", from: "2026-01-01", Recurrence(frequency: .everyWeekendDay),
            then: ["2026-01-03", "2026-01-04", "2026-01-10"]),
        Case(
            "monthly by the date of the first: short months have none", from: "2026-01-31",
            Recurrence(frequency: .monthly), then: ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
        Case(
            "monthly by a date that is past in the first month", from: "2026-01-20",
            Recurrence(frequency: .monthly, on: .dateOfMonth, dateOfMonth: 5),
            then: ["2026-02-05", "2026-03-05", "2026-04-05"]),
        Case(
            "every second month", from: "2026-01-15", Recurrence(frequency: .monthly, repeatEvery: 2),
            then: ["2026-01-15", "2026-03-15", "2026-05-15"]),
        Case(
            "monthly in named months", from: "2026-01-15",
            Recurrence(frequency: .monthly, months: [.december, .march]),
            then: ["2026-03-15", "2026-12-15", "2027-03-15"]),
        Case(
            "the first Monday", from: "2026-01-01",
            Recurrence(frequency: .monthly, on: .dayOfWeek, dayOfWeekClassifier: .first, dayOfWeek: .monday),
            then: ["2026-01-05", "2026-02-02", "2026-03-02"]),
        Case(
            "the third Thursday", from: "2026-01-01",
            Recurrence(frequency: .monthly, on: .dayOfWeek, dayOfWeekClassifier: .third, dayOfWeek: .thursday),
            then: ["2026-01-15", "2026-02-19", "2026-03-19"]),
        Case(
            "the last Friday, a fourth or a fifth", from: "2026-01-01",
            Recurrence(frequency: .monthly, on: .dayOfWeek, dayOfWeekClassifier: .last, dayOfWeek: .friday),
            then: ["2026-01-30", "2026-02-27", "2026-03-27", "2026-04-24", "2026-05-29"]),
        Case(
            "by weekday as the first one is: the second Tuesday", from: "2026-01-13",
            Recurrence(frequency: .monthly, on: .dayOfWeek), then: ["2026-01-13", "2026-02-10", "2026-03-10"]),
        Case(
            "yearly", from: "2026-05-01", Recurrence(frequency: .yearly),
            then: ["2026-05-01", "2027-05-01", "2028-05-01"]),
        Case(
            "yearly on 29 February", from: "2024-02-29", Recurrence(frequency: .yearly),
            then: ["2024-02-29", "2028-02-29"]),
        Case(
            "every second year in two months by weekday", from: "2026-01-01",
            Recurrence(
                frequency: .yearly, repeatEvery: 2, on: .dayOfWeek, months: [.november, .may],
                dayOfWeekClassifier: .fourth, dayOfWeek: .thursday),
            then: ["2026-05-28", "2026-11-26", "2028-05-25"]),
        Case(
            "on holidays", from: "2026-01-01", Recurrence(frequency: .holiday),
            then: [
                "2026-06-10", "2026-12-25", "2026-12-26", "2026-12-31", "2027-01-01", "2027-12-25", "2027-12-26",
            ]),
        Case(
            "up to a date", from: "2026-01-01", Recurrence(frequency: .daily, end: .date(zulu("2026-01-03T09:00Z"))),
            then: ["2026-01-01", "2026-01-02"]),
        Case(
            "a date just after a beginning", from: "2026-01-01",
            Recurrence(frequency: .daily, end: .date(zulu("2026-01-03T09:01Z"))),
            then: ["2026-01-01", "2026-01-02", "2026-01-03"]),
        Case(
            "so many times", from: "2026-01-03", Recurrence(frequency: .everyWeekday, end: .repetitions(3)),
            then: ["2026-01-05", "2026-01-06", "2026-01-07"]),
        Case(
            "so many months, not counting those without", from: "2026-01-31",
            Recurrence(frequency: .monthly, end: .repetitions(2)), then: ["2026-01-31", "2026-03-31"]),
    ])
    func takesPlace(_ row: Case) {
        let calendar = shiftCalendar(
            onCallShift("\(row.start)T09:00Z", "\(row.start)T17:00Z", row.recurrence), Self.holidays)
        let from = zulu("\(row.start)T00:00Z")
        let found = calendar.occurrences(from: from, to: from.advanced(by: span(days: 1826)), limit: row.then.count)
        #expect(found.map { String($0.start.iso.prefix(10)) } == row.then)
        #expect(found.map(\.ordinal) == Array(row.then.indices))
        for occurrence in found {
            #expect(occurrence.start.iso.hasSuffix("T09:00:00.000Z"))
            #expect(occurrence.end.since(occurrence.start) == span(hours: 8))
        }
        guard case .never = row.recurrence.end, row.recurrence.frequency != .once else {
            #expect(
                calendar.occurrences(from: from, to: from.advanced(by: span(days: 1826)), limit: 99).count
                    == found.count)
            return
        }
    }

    @Test func anExcludedOccurrenceDoesNotTakePlaceButCounts() {
        let calendar = shiftCalendar(
            onCallShift(
                "2026-01-01T09:00Z", "2026-01-01T17:00Z", Recurrence(frequency: .daily, end: .repetitions(3)),
                exclusions: ["2026-01-02T09:00Z", "2026-01-01T08:00Z"]))
        let found = calendar.occurrences(from: zulu("2026-01-01T00:00Z"), to: zulu("2026-02-01T00:00Z"), limit: 9)
        #expect(found.map(\.start) == [zulu("2026-01-01T09:00Z"), zulu("2026-01-03T09:00Z")])
        #expect(found.map(\.ordinal) == [0, 2])
        #expect(calendar.occurrence(at: zulu("2026-01-02T10:00Z")) == nil)
        #expect(calendar.occurrence(beginningAt: zulu("2026-01-02T09:00Z"))?.ordinal == 1)
        #expect(calendar.occurrence(beginningAt: zulu("2026-01-02T09:01Z")) == nil)
        #expect(calendar.completed(before: found[1]) == 1)
    }

    @Test func anOccurrenceHoldsFromItsBeginningUpToItsEnd() {
        let calendar = shiftCalendar(
            onCallShift("2026-01-01T22:00Z", "2026-01-02T06:00Z", Recurrence(frequency: .everyWeekday)))
        for (moment, start) in [
            ("2026-01-01T21:59Z", nil), ("2026-01-01T22:00Z", "2026-01-01T22:00Z"),
            ("2026-01-02T05:59:59Z", "2026-01-01T22:00Z"), ("2026-01-02T06:00Z", nil),
            // Friday's goes on into Saturday; there is none from Saturday on.
            ("2026-01-03T03:00Z", "2026-01-02T22:00Z"), ("2026-01-04T03:00Z", nil), ("2026-01-05T03:00Z", nil),
            ("2036-01-01T23:00Z", "2036-01-01T22:00Z"),
        ] {
            #expect(calendar.occurrence(at: zulu(moment))?.start == start.map(zulu), "\(moment)")
        }
    }

    @Test func aShiftOfAWeekIsFoundOnItsLastDay() {
        let week = shiftCalendar(onCallShift("2026-01-05T09:00Z", "2026-01-12T09:00Z", Recurrence(frequency: .weekly)))
        #expect(week.occurrence(at: zulu("2026-06-29T08:59Z"))?.start == zulu("2026-06-22T09:00Z"))
        #expect(week.occurrence(at: zulu("2026-06-29T09:00Z"))?.start == zulu("2026-06-29T09:00Z"))
        let overlapping = shiftCalendar(onCallShift("2026-01-05T09:00Z", "2026-01-08T09:00Z"))
        #expect(overlapping.occurrence(at: zulu("2026-03-01T10:00Z"))?.start == zulu("2026-03-01T09:00Z"))
        let quarter = shiftCalendar(onCallShift("2026-01-05T09:00Z", "2026-04-05T09:00Z", Recurrence(frequency: .once)))
        #expect(quarter.occurrence(at: zulu("2026-04-05T08:00Z")) != nil)
        #expect(quarter.occurrence(at: zulu("2026-04-05T09:00Z")) == nil)
    }

    /// However far ahead it is looked: what is over is not walked through.
    @Test(arguments: [Recurrence.End.repetitions(3), .date(zulu("2015-01-04T00:00Z"))])
    func whatIsOverIsOver(end: Recurrence.End) {
        let calendar = shiftCalendar(
            onCallShift("2015-01-01T00:00Z", "2015-01-02T00:00Z", Recurrence(frequency: .daily, end: end)))
        let took = ContinuousClock().measure {
            let far = Timestamp(milliseconds: 8_000 * 365 * 86_400_000)
            #expect(calendar.occurrences(from: zulu("2014-01-01T00:00Z"), to: far, limit: 9).count == 3)
            #expect(calendar.occurrence(at: far) == nil)
        }
        // 2.2 million days would take a hundred times as long.
        #expect(took < .seconds(5))
    }

    @Test func aLimitAndAWindowBoundWhatIsListed() {
        let calendar = shiftCalendar(onCallShift("2015-01-01T00:00Z", "2015-01-02T00:00Z"))
        #expect(
            calendar.occurrences(from: zulu("2026-01-01T12:00Z"), to: zulu("2026-01-03T00:00Z"), limit: 9).count == 2)
        #expect(
            calendar.occurrences(from: zulu("2026-01-01T12:00Z"), to: zulu("2027-01-03T00:00Z"), limit: 5).count == 5)
        #expect(calendar.occurrences(from: zulu("2026-01-01T12:00Z"), to: zulu("2026-01-01T12:00Z"), limit: 5).isEmpty)
    }
}
