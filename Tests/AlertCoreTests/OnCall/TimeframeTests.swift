import AlertCore
import Testing

/// When a device may be used.
struct TimeframeTests {
    struct Case: CustomTestStringConvertible {
        let moment: String
        let holds: Bool
        var testDescription: String { "\(moment) \(holds)" }

        init(_ moment: String, _ holds: Bool) {
            self.moment = moment
            self.holds = holds
        }
    }

    static let site: Site = {
        var site = Site(id: "s", name: "HQ", country: "DE", language: "en", timezone: "Europe/Berlin")
        site.holidays = [Site.Holiday(name: "Christmas", date: "2020-12-25", isYearly: true)]
        return site
    }()

    /// 2026-01-02 is a Friday; Berlin is an hour ahead in winter.
    @Test(arguments: [
        Case("2026-01-02T20:59:59Z", false), Case("2026-01-02T21:00Z", true), Case("2026-01-02T23:30Z", true),
        Case("2026-01-03T04:59:59Z", true), Case("2026-01-03T05:00Z", false),
        // Not on Saturday evening, although Saturday morning belongs to Friday.
        Case("2026-01-03T21:30Z", false), Case("2026-01-04T03:00Z", false),
        // On the eve of the holiday, a Thursday, and into it; not on the evening of the holiday, a Friday.
        Case("2026-12-24T22:00Z", true), Case("2026-12-25T03:00Z", true), Case("2026-12-25T22:00Z", false),
        Case("2026-12-26T03:00Z", false),
        // Friday 2026-03-27 in winter, Friday 2026-04-03 in summer.
        Case("2026-03-27T20:30Z", false), Case("2026-04-03T20:30Z", true),
    ])
    func keepsPastMidnightToTheDayOnWhichItBegan(_ row: Case) {
        let nights = Timeframe(
            name: "Nights", startTime: "22:00", timezone: "Europe/Berlin", durationInMinutes: 480,
            excludeHolidays: true,
            days: [.monday, .thursday, .friday])
        #expect(nights.holds(at: zulu(row.moment), site: Self.site) == row.holds)
    }

    @Test func holidaysCountOnlyWhereTheyAreExcludedAndThere() {
        let noon = zulu("2026-12-25T12:00Z")
        var day = Timeframe(name: "Day", startTime: "08:00", timezone: "Europe/Berlin", durationInMinutes: 600)
        #expect(day.holds(at: noon, site: Self.site))
        day.excludeHolidays = true
        #expect(!day.holds(at: noon, site: Self.site))
        #expect(day.holds(at: noon, site: nil))
        #expect(day.holds(at: zulu("2026-12-23T12:00Z"), site: Self.site))
    }

    @Test func aHolidayGoesOnIntoTheNextYear() throws {
        let yearly = HolidayCalendar([Site.Holiday(name: "Turn", date: "2020-12-31", days: 2, isYearly: true)])
        for (text, isHoliday) in [
            ("2026-12-30", false), ("2026-12-31", true), ("2027-01-01", true), ("2027-01-02", false),
        ] {
            let day = try #require(CalendarDay(text))
            #expect((yearly.holiday(on: day)?.name == "Turn") == isHoliday, "\(text)")
        }
    }

    @Test func theDateOfAHolidayIsThatOfTheSite() {
        // 08:00 on the 26th in Sydney is the evening of the 25th in Berlin.
        let sydney = Timeframe(
            name: "Day", startTime: "08:00", timezone: "Australia/Sydney", durationInMinutes: 600, excludeHolidays: true
        )
        #expect(!sydney.holds(at: zulu("2026-12-25T21:30Z"), site: Self.site))
        #expect(sydney.holds(at: zulu("2026-12-24T21:30Z"), site: Self.site))
    }

    /// All over a year with both changes, a device that is always on is on.
    @Test(arguments: threeZones, ["00:00", "02:15", "01:30"])
    func aWholeDayHasNoGap(zone: String, start: String) {
        let always = Timeframe(name: "Always", startTime: start, timezone: zone, durationInMinutes: 1440)
        for quarter in stride(from: 0, to: 366 * 96, by: 7) {
            let moment = zulu("2026-01-01T00:00Z").advanced(by: span(minutes: quarter * 15))
            if !always.holds(at: moment, site: nil) { Issue.record("not at \(moment.iso)") }
        }
    }
}
