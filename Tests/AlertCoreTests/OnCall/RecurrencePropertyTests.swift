import AlertCore
import Foundation
import TestSupport
import Testing

/// What holds for any recurrence.
struct RecurrencePropertyTests {
    static let holidays = RecurrenceTests.holidays

    /// Day by day, as the words of the recurrence say, in a way of its own.
    static func isOn(_ day: Int, first: Int, _ rule: Recurrence) -> Bool {
        let (year, month, date) = CalendarDay(number: day).parts
        let start = CalendarDay(number: first).parts
        let weekday = CalendarDay(number: day).weekday
        let isOnDay: () -> Bool = {
            guard rule.on == .dayOfWeek else { return date == rule.dateOfMonth ?? start.day }
            guard weekday == rule.dayOfWeek else { return false }
            if rule.dayOfWeekClassifier == .last { return CalendarDay(number: day + 7).parts.month != month }
            let classifiers: [Recurrence.Classifier] = [.first, .second, .third, .fourth]
            return date <= 28 && classifiers[(date - 1) / 7] == rule.dayOfWeekClassifier
        }
        let isInMonth = rule.months.isEmpty || rule.months.contains(Recurrence.Month.allCases[month - 1])
        switch rule.frequency {
        case .once: return day == first
        case .daily: return (day - first) % rule.repeatEvery == 0
        case .weekly:
            let days = rule.onDays.isEmpty ? [CalendarDay(number: first).weekday] : rule.onDays
            // 4 January 1970 was a Sunday, the 5th a Monday.
            let weeks = Int((Double(day - 4) / 7).rounded(.down)) - Int((Double(first - 4) / 7).rounded(.down))
            return days.contains(weekday) && weeks % rule.repeatEvery == 0
        case .everyWeekday: return weekday != .saturday && weekday != .sunday
        case .everyWeekendDay: return weekday == .saturday || weekday == .sunday
        case .monthly:
            let months = (year - start.year) * 12 + month - start.month
            return months % rule.repeatEvery == 0 && isInMonth && isOnDay()
        case .yearly:
            let isMonth = rule.months.isEmpty ? month == start.month : isInMonth
            return (year - start.year) % rule.repeatEvery == 0 && isMonth && isOnDay()
        case .holiday:
            let text = CalendarDay(number: day).description
            return ["-12-25", "-12-26"].contains { text.hasSuffix($0) }
                || ["2026-06-10", "2026-12-31", "2027-01-01"].contains(text)
        }
    }

    static func chooseRule(_ chance: inout SeededGenerator) -> Recurrence {
        Recurrence(
            frequency: .allCases.randomElement(using: &chance)!, repeatEvery: .random(in: 1...4, using: &chance),
            onDays: Weekday.allCases.filter { _ in Bool.random(using: &chance) },
            on: Recurrence.Day.allCases.randomElement(using: &chance)!,
            months: Bool.random(using: &chance)
                ? [] : Recurrence.Month.allCases.filter { _ in Bool.random(using: &chance) },
            dateOfMonth: Bool.random(using: &chance) ? nil : .random(in: 1...31, using: &chance),
            dayOfWeekClassifier: .allCases.randomElement(using: &chance)!,
            dayOfWeek: .allCases.randomElement(using: &chance)!,
            end: Bool.random(using: &chance) ? .never : .repetitions(.random(in: 1...40, using: &chance)))
    }

    /// Over six years, each occurrence and its number, as counted day by day.
    @Test(arguments: 0..<60)
    func agreesWithADiary(seed: Int) {
        var chance = SeededGenerator(seed: UInt64(seed))
        let rule = Self.chooseRule(&chance)
        let first = CalendarDay("2023-01-01")!.number + Int.random(in: 0..<1000, using: &chance)
        let start = Timestamp(milliseconds: Int64(first) * 86_400_000 + 9 * 3_600_000)
        var shift = onCallShift("2026-01-01T00:00Z", "2026-01-01T00:01Z", rule)
        shift.start = start
        shift.end = start.advanced(by: span(hours: 8))
        let calendar = shiftCalendar(shift, Self.holidays)

        var expected = (first..<first + 2200).filter { Self.isOn($0, first: first, rule) }
        if case .repetitions(let count) = rule.end { expected = Array(expected.prefix(count)) }
        let found = calendar.occurrences(from: start, to: start.advanced(by: span(days: 2199)), limit: 3000)
        #expect(
            found.map { Int($0.start.milliseconds / 86_400_000) } == expected.filter { $0 < first + 2199 }, "\(rule)")
        #expect(found.map(\.ordinal) == Array(found.indices))
        for day in stride(from: first, to: first + 2199, by: 7) {
            let noon = Timestamp(milliseconds: Int64(day) * 86_400_000 + 12 * 3_600_000)
            let known = expected.firstIndex(of: day)
            #expect(calendar.occurrence(at: noon)?.ordinal == known, "\(rule) on \(CalendarDay(number: day))")
            #expect(calendar.occurrence(at: noon.advanced(by: span(hours: 6))) == nil)
        }
    }

    /// Looking for what holds at a moment finds what the list has, whatever the zone, the length and the exclusions.
    @Test(arguments: 0..<45)
    func whatHoldsIsInTheList(seed: Int) {
        var chance = SeededGenerator(seed: UInt64(seed) &+ 1000)
        let zone = threeZones[seed % 3]
        var shift = onCallShift("2024-01-01T00:00Z", "2024-01-01T00:01Z", zone: zone, Self.chooseRule(&chance))
        shift.start = zulu("2024-01-01T00:00Z").advanced(by: span(minutes: .random(in: 0..<1_000_000, using: &chance)))
        shift.end = shift.start.advanced(by: span(minutes: .random(in: 1...5000, using: &chance)))
        let until = zulu("2028-01-01T00:00Z")
        let all = shiftCalendar(shift, Self.holidays).occurrences(from: shift.start, to: until, limit: 10_000)
        shift.exclusions = all.map(\.start).filter { _ in Int.random(in: 0..<5, using: &chance) == 0 }
        let calendar = shiftCalendar(shift, Self.holidays)
        let listed = all.filter { !shift.exclusions.contains($0.start) }
        #expect(calendar.occurrences(from: shift.start, to: until, limit: 10_000) == listed)
        for _ in 0..<60 {
            let moment = Timestamp(
                milliseconds: .random(in: shift.start.milliseconds - 1..<until.milliseconds, using: &chance))
            #expect(calendar.occurrence(at: moment) == listed.last { $0.contains(moment) })
            let to = moment.advanced(by: span(days: 30))
            guard to <= until else { continue }
            let within = listed.filter { moment < $0.end && $0.start < to }
            #expect(calendar.occurrences(from: moment, to: to, limit: 1000) == within)
        }
        for index in stride(from: 0, to: listed.count, by: max(1, listed.count / 10)) {
            #expect(calendar.completed(before: listed[index]) == index)
        }
    }
}
