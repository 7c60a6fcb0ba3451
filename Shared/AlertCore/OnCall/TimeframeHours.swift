/// When a timeframe holds.
extension Timeframe {
    /// The longest one, in minutes: a day.
    static let longest = 1440

    /// Whether it holds at a moment.
    ///
    /// It keeps to the clocks of its zone (see ``WallClock``); a part after midnight goes by the day on which it
    /// began, for ``days`` and for holidays. Without days it is on every day; a start that cannot be read is midnight.
    /// - Parameters:
    ///   - site: Of the device's owner: its holidays, by the date in its own zone.
    public func holds(at moment: Timestamp, site: Site?) -> Bool {
        let clock = WallClock(timezone)
        let today = clock.day(at: moment)
        let minutes = Int64(min(max(0, durationInMinutes), Self.longest))
        return [today, today.advanced(by: -1)].contains { day in
            guard days.isEmpty || days.contains(day.weekday) else { return false }
            let begin = WallClock.Time(day, timeOfDay: startOfDay)
            let start = clock.moment(of: begin)
            let end = clock.moment(of: WallClock.Time(milliseconds: begin.milliseconds + minutes * 60_000))
            guard start <= moment, moment < end else { return false }
            return !(excludeHolidays && Self.isHoliday(start, at: site))
        }
    }

    private static func isHoliday(_ moment: Timestamp, at site: Site?) -> Bool {
        guard let site else { return false }
        return HolidayCalendar(site).holiday(on: WallClock(site.timezone).day(at: moment)) != nil
    }

    /// In milliseconds after midnight.
    private var startOfDay: Int64 {
        let parts = startTime.split(separator: ":").prefix(2).map { Int64($0) ?? 0 }
        guard let hours = parts.first, (0...23).contains(hours) else { return 0 }
        let minutes = parts.count > 1 && (0...59).contains(parts[1]) ? parts[1] : 0
        return (hours * 60 + minutes) * 60_000
    }

    /// `Weekdays (08:00, 840 minutes, Europe/Berlin)`: for people to read.
    var readable: String { "\(name) (\(startTime), \(durationInMinutes) minutes, \(timezone))" }
}
