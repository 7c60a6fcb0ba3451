/// How far a rotation has turned.
///
/// What turns are the recipients: those who rotate move on among the places of those who rotate, the others stay. The
/// delay before a place and what the escalation to it is called belong to the place: the timeline stays, who stands in
/// it changes (spec §5.4).
extension Rotation {
    /// The largest interval that counts.
    static let longestInterval = 10_000

    /// Who stands in each place after some turns.
    func turned(_ members: [Shift.Member], by turns: Int) -> [Shift.Member] {
        let places = members.indices.filter { members[$0].inRotation }
        guard places.count > 1 else { return members }
        let moved = direction == .firstToLast ? turns : -turns
        var result = members
        for (index, place) in places.enumerated() {
            result[place].recipient = members[places[(index + moved).modulo(places.count)]].recipient
        }
        return result
    }

    /// - Parameters:
    ///   - occurrence: Which holds at that moment.
    ///   - alerts: How many alerts the shift has had before.
    func turns(of calendar: ShiftCalendar, in occurrence: ShiftOccurrence, at moment: Timestamp, alerts: Int) -> Int {
        switch type {
        case .time: turns(of: calendar, at: moment)
        case .alerts: max(0, alerts) / step
        case .shifts: calendar.completed(before: occurrence) / step
        }
    }

    /// When a rotation by time turns after `from` and before `to`, at most `limit` times; of other rotations never.
    func turnTimes(of calendar: ShiftCalendar, from: Timestamp, to: Timestamp, limit: Int) -> [Timestamp] {
        guard type == .time, from < to else { return [] }
        var times: [Timestamp] = []
        var number = turns(of: calendar, at: from) + 1
        while times.count < limit {
            let time = turn(number, of: calendar)
            guard time < to else { break }
            if time > from, times.last != time { times.append(time) }
            number += 1
        }
        return times
    }

    private var step: Int { min(max(1, interval), Self.longestInterval) }

    private func turns(of calendar: ShiftCalendar, at moment: Timestamp) -> Int {
        let base = calendar.clock.time(at: nextRotationTime ?? calendar.shift.start)
        let now = calendar.clock.time(at: moment)
        let intervals =
            intervalUnit == .months
            ? (now.day.month - base.day.month) / step
            : Int((now.milliseconds - base.milliseconds).floorDivided(by: length))
        // An estimate: the clocks may have been changed since, and months differ.
        var turns = max(0, intervals + firstTurn)
        while turn(turns + 1, of: calendar) <= moment { turns += 1 }
        while turns > 0, turn(turns, of: calendar) > moment { turns -= 1 }
        return turns
    }

    /// When it turns for the `number`-th time, from 1: always by the clocks of the shift's zone, so that what turns
    /// every twelve hours at 8 and 20 o'clock does so all the year.
    private func turn(_ number: Int, of calendar: ShiftCalendar) -> Timestamp {
        let base = calendar.clock.time(at: nextRotationTime ?? calendar.shift.start)
        let intervals = number - firstTurn
        guard intervalUnit == .months else {
            return calendar.clock.moment(
                of: WallClock.Time(milliseconds: base.milliseconds + Int64(intervals) * length))
        }
        let month = base.day.month + intervals * step
        let (year, ofYear) = (month.floorDivided(by: 12), month.modulo(12) + 1)
        // In a month that is too short it turns on the last day.
        let day = min(base.day.parts.day, CalendarDay.length(ofMonth: ofYear, year: year))
        let date = CalendarDay(year: year, month: ofYear, day: day) ?? base.day
        return calendar.clock.moment(of: WallClock.Time(date, timeOfDay: base.timeOfDay))
    }

    /// Which turn comes at the base: the first, or the one before it.
    private var firstTurn: Int { nextRotationTime == nil ? 0 : 1 }

    /// In milliseconds by the clock.
    private var length: Int64 {
        let hours =
            switch intervalUnit {
            case .hours: 1
            case .days: 24
            case .weeks: 168
            case .months: 720
            }
        return Int64(hours * step) * 3_600_000
    }
}
