/// The moments at which something that recurs takes place. Every one has the time of day of the first by the clocks of
/// the zone, whatever these do meanwhile: see ``WallClock``. Unlike a shift, one whose time the clocks skip is not left
/// out: it is at the moment of the change.
public struct FireTimes: Sendable {
    /// How far it is looked ahead, in days: a hundred years.
    private static let horizon = 36_525

    private let start: Timestamp
    private let end: Recurrence.End
    private let clock: WallClock
    private let days: RecurrenceDays
    private let timeOfDay: Int64

    /// - Parameters:
    ///   - recurrence: Not `HOLIDAY`: only groups have a site, and this never takes place then.
    ///   - start: The first, if the recurrence has its day.
    public init(_ recurrence: Recurrence, start: Timestamp, timezone: String) {
        self.start = start
        end = recurrence.end
        clock = WallClock(timezone)
        let begin = clock.time(at: start)
        timeOfDay = begin.timeOfDay
        days = RecurrenceDays(recurrence, first: begin.day, holidays: HolidayCalendar([]))
    }

    /// The first one after a moment; `nil` when there is none any more, or none within a hundred years.
    public func first(after moment: Timestamp) -> Timestamp? {
        var found: Timestamp?
        let earliest = clock.day(at: max(moment, start)).advanced(by: -1)
        days.forwards(from: earliest, to: earliest.advanced(by: Self.horizon)) { day in
            let time = day == days.first ? start : clock.moment(of: WallClock.Time(day, timeOfDay: timeOfDay))
            switch end {
            case .never: break
            case .date(let end): if time >= end { return true }
            case .repetitions(let count): if days.count(before: day) >= count { return true }
            }
            guard time > moment else { return false }
            found = time
            return true
        }
        return found
    }
}
