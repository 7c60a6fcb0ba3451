/// The holidays of a site by date.
public struct HolidayCalendar: Sendable {
    private struct Entry: Sendable {
        let holiday: Site.Holiday
        let year: Int
        let month: Int
        let day: Int
    }

    /// The longest holiday there is, in days.
    static let longest = 366

    private let entries: [Entry]

    /// What has a date that there is not is left out.
    public init(_ holidays: [Site.Holiday]) {
        entries = holidays.compactMap { holiday in
            guard let parts = CalendarDay(holiday.date)?.parts else { return nil }
            return Entry(holiday: holiday, year: parts.year, month: parts.month, day: parts.day)
        }
    }

    public init(_ site: Site?) { self.init(site?.holidays ?? []) }

    /// The holiday on that date; of several the one that is named first.
    public func holiday(on day: CalendarDay) -> Site.Holiday? {
        let year = day.parts.year
        return entries.first { entry in
            Self.beginnings(of: entry, around: year).contains { begin in
                begin <= day && day < begin.advanced(by: Self.length(entry))
            }
        }?.holiday
    }

    /// Every day of the year that is a holiday, in order.
    func days(inYear year: Int) -> [CalendarDay] {
        guard let first = CalendarDay(year: year, month: 1, day: 1),
            let last = CalendarDay(year: year, month: 12, day: 31)
        else { return [] }
        var days: Set<CalendarDay> = []
        for entry in entries {
            for begin in Self.beginnings(of: entry, around: year) {
                for number in 0..<Self.length(entry) {
                    let day = begin.advanced(by: number)
                    if first <= day && day <= last { days.insert(day) }
                }
            }
        }
        return days.sorted()
    }

    /// One that began in the year before can go on. 29 February comes in leap years only.
    private static func beginnings(of entry: Entry, around year: Int) -> [CalendarDay] {
        let years = entry.holiday.isYearly ? [year - 1, year] : [entry.year]
        return years.compactMap { CalendarDay(year: $0, month: entry.month, day: entry.day) }
    }

    private static func length(_ entry: Entry) -> Int { min(max(1, entry.holiday.days), longest) }
}
