/// The days on which a recurrence has an occurrence, in order and without an end.
///
/// A recurrence goes in periods: days, weeks (from Monday), months or years, each `repeatEvery` long and counted from
/// the one of the first day. That lets any day be found at once, however long ago the first one is.
/// `repeatEvery` says nothing for `ONCE`, `EVERY_WEEKDAY`, `EVERY_WEEKEND_DAY` and `HOLIDAY`.
struct RecurrenceDays: Sendable {
    private enum Period: Sendable { case only, days, weeks, months, years }

    /// The largest number of days, weeks, months or years between two occurrences.
    static let longestStep = 10_000

    let first: CalendarDay
    private let recurrence: Recurrence
    private let holidays: HolidayCalendar
    private let period: Period
    private let step: Int
    /// Of weekly ones, in order.
    private let weekdays: [Int]
    /// Of yearly ones, in order, and which ones a monthly recurrence is kept to; from 1.
    private let months: [Int]

    /// - Parameter first: Not itself such a day unless the rule says so: what is on every weekday and begins on a
    ///   Saturday is first on Monday.
    init(_ recurrence: Recurrence, first: CalendarDay, holidays: HolidayCalendar) {
        self.recurrence = recurrence
        self.first = first
        self.holidays = holidays
        let named = Recurrence.Month.allCases.enumerated().filter { recurrence.months.contains($1) }.map { $0.0 + 1 }
        var step = min(max(1, recurrence.repeatEvery), Self.longestStep)
        var weekdays: [Weekday] = []
        switch recurrence.frequency {
        case .once: period = .only
        case .daily: period = .days
        case .weekly:
            period = .weeks
            weekdays = recurrence.onDays.isEmpty ? [first.weekday] : recurrence.onDays
        case .everyWeekday:
            (period, step) = (.weeks, 1)
            weekdays = [.monday, .tuesday, .wednesday, .thursday, .friday]
        case .everyWeekendDay:
            (period, step) = (.weeks, 1)
            weekdays = [.saturday, .sunday]
        case .monthly: period = .months
        case .yearly: period = .years
        case .holiday: (period, step) = (.years, 1)
        }
        self.step = step
        self.weekdays = Weekday.allCases.enumerated().filter { weekdays.contains($1) }.map { $0.0 }
        months = named.isEmpty && period == .years ? [first.parts.month] : named
    }

    /// Whether `body`, given days from `latest` backwards to `earliest`, has said that it is enough.
    @discardableResult
    func backwards(from latest: CalendarDay, to earliest: CalendarDay, _ body: (CalendarDay) -> Bool) -> Bool {
        let earliest = max(earliest, first)
        guard latest >= earliest else { return false }
        for number in stride(from: index(of: latest), through: index(of: earliest), by: -1) {
            for day in days(ofPeriod: number).reversed() where earliest <= day && day <= latest {
                if body(day) { return true }
            }
        }
        return false
    }

    /// The days from `earliest` to `latest` in order, until `body` says that it is enough.
    func forwards(from earliest: CalendarDay, to latest: CalendarDay, _ body: (CalendarDay) -> Bool) {
        let earliest = max(earliest, first)
        guard latest >= earliest else { return }
        for number in index(of: earliest)...index(of: latest) {
            for day in days(ofPeriod: number) where earliest <= day && day <= latest {
                if body(day) { return }
            }
        }
    }

    /// How many such days there are before `day`.
    /// - Complexity: O(1) by days and weeks, else O(periods since the first day).
    func count(before day: CalendarDay) -> Int {
        guard day > first else { return 0 }
        let last = index(of: day)
        let inLast = days(ofPeriod: last).count { $0 < day }
        guard last > 0 else { return inLast }
        switch period {
        case .only, .days: return last + inLast
        case .weeks: return days(ofPeriod: 0).count + (last - 1) * weekdays.count + inLast
        case .months, .years: return (0..<last).reduce(inLast) { $0 + days(ofPeriod: $1).count }
        }
    }

    /// Which period a day from the first on is in, or between which and the next.
    private func index(of day: CalendarDay) -> Int {
        switch period {
        case .only: 0
        case .days: (day.number - first.number) / step
        case .weeks: (day.week - first.week) / step
        case .months: (day.month - first.month) / step
        case .years: (day.parts.year - first.parts.year) / step
        }
    }

    /// In order; none before the first.
    private func days(ofPeriod number: Int) -> [CalendarDay] {
        switch period {
        case .only: return [first]
        case .days: return [first.advanced(by: number * step)]
        case .weeks:
            let monday = CalendarDay.monday(ofWeek: first.week + number * step)
            return weekdays.map { monday.advanced(by: $0) }.filter { $0 >= first }
        case .months:
            let month = first.month + number * step
            guard months.isEmpty || months.contains(month % 12 + 1) else { return [] }
            return day(year: month / 12, month: month % 12 + 1).map { [$0] } ?? []
        case .years:
            let year = first.parts.year + number * step
            let days =
                recurrence.frequency == .holiday
                ? holidays.days(inYear: year) : months.compactMap { day(year: year, month: $0) }
            return days.filter { $0 >= first }
        }
    }
}

// MARK: - The day of a month

extension RecurrenceDays {
    /// `nil` in a month that has no such day, or where it is before the first.
    private func day(year: Int, month: Int) -> CalendarDay? {
        let isByWeekday = recurrence.on == .dayOfWeek || (recurrence.on == nil && recurrence.dayOfWeekClassifier != nil)
        let day =
            isByWeekday
            ? weekday(year: year, month: month)
            : CalendarDay(year: year, month: month, day: recurrence.dateOfMonth ?? first.parts.day)
        return day.flatMap { $0 >= first ? $0 : nil }
    }

    /// What the recurrence does not say is as on the first day: a fifth Tuesday is the last.
    private func weekday(year: Int, month: Int) -> CalendarDay? {
        guard let begin = CalendarDay(year: year, month: month, day: 1) else { return nil }
        let wanted = recurrence.dayOfWeek ?? first.weekday
        let ordinal: Int? =
            switch recurrence.dayOfWeekClassifier {
            case .first: 0
            case .second: 1
            case .third: 2
            case .fourth: 3
            case .last: nil
            case nil: first.parts.day > 28 ? nil : (first.parts.day - 1) / 7
            }
        let index = Weekday.allCases.firstIndex(of: wanted) ?? 0
        let beginIndex = Weekday.allCases.firstIndex(of: begin.weekday) ?? 0
        let firstOne = begin.advanced(by: (index - beginIndex).modulo(7))
        if let ordinal { return firstOne.advanced(by: ordinal * 7) }
        let fifth = firstOne.advanced(by: 28)
        return fifth.month == begin.month ? fifth : firstOne.advanced(by: 21)
    }
}
