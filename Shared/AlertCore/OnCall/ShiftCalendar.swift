/// One time that a shift takes place.
public struct ShiftOccurrence: Hashable, Sendable {
    /// How many came before it, excluded ones among them.
    public var ordinal: Int
    public var start: Timestamp
    /// Not in it any more.
    public var end: Timestamp

    public init(ordinal: Int, start: Timestamp, end: Timestamp) {
        self.ordinal = ordinal
        self.start = start
        self.end = end
    }

    public func contains(_ moment: Timestamp) -> Bool { start <= moment && moment < end }
}

/// When a shift takes place. Every occurrence begins at the time of day of the first, and ends as much later as that
/// one did by the clocks of the shift's zone, whatever these do meanwhile: see ``WallClock``.
public struct ShiftCalendar: Sendable {
    public let shift: Shift
    let clock: WallClock
    private let days: RecurrenceDays
    private let timeOfDay: Int64
    /// By the clock, in milliseconds.
    private let length: Int64
    private let exclusions: Set<Timestamp>

    /// - Parameter holidays: Of the group's site.
    public init(_ shift: Shift, holidays: HolidayCalendar) {
        self.shift = shift
        clock = WallClock(shift.timezone)
        let begin = clock.time(at: shift.start)
        let length = clock.time(at: shift.end).milliseconds - begin.milliseconds
        // Only of a shift within the hour that comes twice, the clocks say that it ends before it begins.
        self.length = length > 0 ? length : max(0, shift.end.since(shift.start).milliseconds)
        timeOfDay = begin.timeOfDay
        days = RecurrenceDays(shift.recurrence, first: begin.day, holidays: holidays)
        exclusions = Set(shift.exclusions)
    }

    /// The occurrence that holds at a moment; where several overlap, the one that began last.
    /// - Complexity: Does not depend on how long ago the shift began, but where occurrences are counted (repetitions,
    ///   rotation by shifts) and go by months or years.
    public func occurrence(at moment: Timestamp) -> ShiftOccurrence? {
        guard moment >= shift.start else { return nil }
        let today = clock.day(at: moment)
        var found: ShiftOccurrence?
        days.backwards(from: today.advanced(by: 1), to: today.advanced(by: -lengthInDays)) { day in
            guard let occurrence = occurrence(on: day), occurrence.contains(moment),
                !exclusions.contains(occurrence.start)
            else { return false }
            found = occurrence
            return true
        }
        return found
    }

    /// Those that take place at least in part from `from` up to `to`, in order.
    /// - Parameter limit: How many at most.
    public func occurrences(from: Timestamp, to: Timestamp, limit: Int) -> [ShiftOccurrence] {
        var found: [ShiftOccurrence] = []
        guard from < to, limit > 0 else { return found }
        let earliest = clock.day(at: from).advanced(by: -lengthInDays)
        days.forwards(from: earliest, to: clock.day(at: to).advanced(by: 1)) { day in
            guard let occurrence = occurrence(on: day) else { return isOver(on: day) }
            if occurrence.start >= to { return true }
            if occurrence.end > from, !exclusions.contains(occurrence.start) { found.append(occurrence) }
            return found.count >= limit
        }
        return found
    }

    /// The occurrence that begins at that moment, also one that is excluded: what an exclusion can name.
    public func occurrence(beginningAt start: Timestamp) -> ShiftOccurrence? {
        let today = clock.day(at: start)
        var found: ShiftOccurrence?
        // A day can begin on the day after, where the clocks skip its beginning.
        days.backwards(from: today.advanced(by: 1), to: today.advanced(by: -1)) { day in
            guard let occurrence = occurrence(on: day), occurrence.start == start else { return false }
            found = occurrence
            return true
        }
        return found
    }

    /// How many occurrences took place before one of them: those that were excluded did not.
    public func completed(before occurrence: ShiftOccurrence) -> Int {
        let excluded = exclusions.count { $0 < occurrence.start && self.occurrence(beginningAt: $0) != nil }
        return occurrence.ordinal - excluded
    }

    private var lengthInDays: Int { Int(length / WallClock.Time.day) + 2 }

    /// Whether there is no occurrence any more.
    private func isOver(on day: CalendarDay) -> Bool {
        switch shift.recurrence.end {
        case .never: false
        case .date(let end): clock.moment(of: WallClock.Time(day, timeOfDay: timeOfDay)) >= end
        case .repetitions(let count): days.count(before: day) >= count
        }
    }

    /// `nil` after the recurrence's end, and on a day on which the clocks skip all of it.
    private func occurrence(on day: CalendarDay) -> ShiftOccurrence? {
        let isFirst = day == days.first
        let begin = WallClock.Time(day, timeOfDay: timeOfDay)
        // The first is where it was put, even if the clocks show that time twice.
        let start = isFirst ? shift.start : clock.moment(of: begin)
        if case .date(let end) = shift.recurrence.end, start >= end { return nil }
        var end = clock.moment(of: WallClock.Time(milliseconds: begin.milliseconds + length))
        if shift.recurrence.frequency == .once || (isFirst && end <= start) { end = shift.end }
        guard start < end else { return nil }
        let ordinal = days.count(before: day)
        if case .repetitions(let count) = shift.recurrence.end, ordinal >= count { return nil }
        return ShiftOccurrence(ordinal: ordinal, start: start, end: end)
    }
}
