import AlertCore
import Foundation
import TestSupport
import Testing

/// What becomes of times of day where the clocks are changed.
struct WallClockTests {
    struct Case: CustomTestStringConvertible {
        let zone: String
        let date: String
        let time: Int
        let moment: String
        var testDescription: String { "\(zone) \(date) \(time)" }

        init(_ zone: String, _ date: String, _ time: Int, _ moment: String) {
            self.zone = zone
            self.date = date
            self.time = time
            self.moment = moment
        }
    }

    @Test(arguments: [
        // Forwards by an hour at 2: what is skipped is the moment of the change.
        Case("America/New_York", "2026-03-08", 0159, "2026-03-08T06:59Z"),
        Case("America/New_York", "2026-03-08", 0200, "2026-03-08T07:00Z"),
        Case("America/New_York", "2026-03-08", 0230, "2026-03-08T07:00Z"),
        Case("America/New_York", "2026-03-08", 0300, "2026-03-08T07:00Z"),
        Case("America/New_York", "2026-03-08", 0301, "2026-03-08T07:01Z"),
        // Back by an hour at 2: what comes twice is the first.
        Case("America/New_York", "2026-11-01", 0059, "2026-11-01T04:59Z"),
        Case("America/New_York", "2026-11-01", 0100, "2026-11-01T05:00Z"),
        Case("America/New_York", "2026-11-01", 0130, "2026-11-01T05:30Z"),
        Case("America/New_York", "2026-11-01", 0200, "2026-11-01T07:00Z"),
        Case("Europe/Berlin", "2026-03-29", 0159, "2026-03-29T00:59Z"),
        Case("Europe/Berlin", "2026-03-29", 0230, "2026-03-29T01:00Z"),
        Case("Europe/Berlin", "2026-03-29", 0300, "2026-03-29T01:00Z"),
        Case("Europe/Berlin", "2026-10-25", 0230, "2026-10-25T00:30Z"),
        Case("Europe/Berlin", "2026-10-25", 0300, "2026-10-25T02:00Z"),
        // Half an hour, and south of the equator.
        Case("Australia/Lord_Howe", "2026-04-05", 0129, "2026-04-04T14:29Z"),
        Case("Australia/Lord_Howe", "2026-04-05", 0145, "2026-04-04T14:45Z"),
        Case("Australia/Lord_Howe", "2026-04-05", 0200, "2026-04-04T15:30Z"),
        Case("Australia/Lord_Howe", "2026-10-04", 0159, "2026-10-03T15:29Z"),
        Case("Australia/Lord_Howe", "2026-10-04", 0215, "2026-10-03T15:30Z"),
        Case("Australia/Lord_Howe", "2026-10-04", 0230, "2026-10-03T15:30Z"),
        // A whole day that there was not.
        Case("Pacific/Apia", "2011-12-29", 2359, "2011-12-30T09:59Z"),
        Case("Pacific/Apia", "2011-12-30", 1200, "2011-12-30T10:00Z"),
        Case("Pacific/Apia", "2011-12-31", 0000, "2011-12-30T10:00Z"),
        // At midnight.
        Case("America/Santiago", "2026-09-06", 0000, "2026-09-06T04:00Z"),
        Case("America/Santiago", "2026-09-06", 0100, "2026-09-06T04:00Z"),
    ])
    func findsTheMoment(_ row: Case) throws {
        let day = try #require(CalendarDay(row.date))
        let time = WallClock.Time(day, timeOfDay: Int64(row.time / 100 * 60 + row.time % 100) * 60_000)
        #expect(WallClock(row.zone).moment(of: time) == zulu(row.moment))
    }

    /// Foundation's calendar says the same of any moment, and each time that there is once leads back to its moment.
    @Test(arguments: threeZones + ["Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "UTC"])
    func showsWhatFoundationShows(in zone: String) {
        var chance = SeededGenerator(seed: 1)
        let clock = WallClock(zone)
        for _ in 0..<2000 {
            let moment = Timestamp(milliseconds: Int64.random(in: 0..<2_500_000_000, using: &chance) * 1000)
            let time = clock.time(at: moment)
            let minutes = time.timeOfDay / 60_000
            #expect(
                "\(time.day) \(String(format: "%02d:%02d", minutes / 60, minutes % 60))" == localText(moment, zone))
            let back = clock.moment(of: time)
            #expect(back <= moment)
            #expect(clock.time(at: back) == time)
        }
    }

    /// Later by the clock is never earlier in fact: over a whole year, minute by minute at changes.
    @Test(arguments: threeZones)
    func neverGoesBack(in zone: String) throws {
        let clock = WallClock(zone)
        let begin = try #require(CalendarDay("2026-01-01"))
        var last = clock.moment(of: WallClock.Time(begin))
        for minute in stride(from: 15, through: 366 * 1440, by: 15) {
            let next = clock.moment(of: WallClock.Time(begin, timeOfDay: Int64(minute) * 60_000))
            #expect(last <= next)
            #expect(next.since(last) <= span(minutes: 75))
            last = next
        }
    }

    @Test func readsAndWritesDays() throws {
        for text in ["1970-01-01", "2000-02-29", "2024-02-29", "2026-12-31", "2100-03-01", "1969-12-31"] {
            #expect(CalendarDay(text)?.description == text)
        }
        for text in ["2026-02-29", "2100-02-29", "2026-13-01", "2026-00-01", "2026-1-01", "20260101", "", "2026-04-31"]
        {
            #expect(CalendarDay(text) == nil, "\(text)")
        }
        let monday = try #require(CalendarDay("2026-11-23"))
        #expect((0..<7).map { monday.advanced(by: $0).weekday } == Weekday.allCases)
        let before = try #require(CalendarDay("1969-12-29"))
        #expect((0..<7).map { before.advanced(by: $0).weekday } == Weekday.allCases)
    }
}
