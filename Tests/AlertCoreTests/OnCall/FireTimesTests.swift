import AlertCore
import TestSupport
import Testing

/// When scheduled messages are sent.
struct FireTimesTests {
    private static func times(
        _ recurrence: Recurrence, from start: String, in timezone: String = "Europe/Berlin", after: String? = nil,
        limit: Int = 4
    ) -> [String] {
        let times = FireTimes(recurrence, start: zulu(start), timezone: timezone)
        var found: [String] = []
        var moment = after.map(zulu) ?? zulu(start).advanced(by: .milliseconds(-1))
        while found.count < limit, let next = times.first(after: moment) {
            found.append(String(next.iso.prefix(16)))
            moment = next
        }
        return found
    }

    @Test func keepTheirTimeOfDayWhenTheClocksChange() {
        // 09:00 in Berlin: 08:00 UTC in winter, 07:00 in summer.
        let spring = Self.times(Recurrence(frequency: .daily), from: "2026-03-27T08:00:00Z")
        #expect(spring == ["2026-03-27T08:00", "2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"])
        let autumn = Self.times(Recurrence(frequency: .daily), from: "2026-10-24T07:00:00Z", limit: 2)
        #expect(autumn == ["2026-10-24T07:00", "2026-10-25T08:00"])
    }

    @Test func oneThatTheClocksSkipIsAtTheChangeAndOneThatTheyShowTwiceIsTheFirst() {
        // 02:30 in Berlin; on 29 March the clocks go from 02:00 to 03:00, which is 01:00 UTC.
        let spring = Self.times(Recurrence(frequency: .daily), from: "2026-03-28T01:30:00Z", limit: 3)
        #expect(spring == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"])
        let autumn = Self.times(Recurrence(frequency: .daily), from: "2026-10-24T00:30:00Z", limit: 3)
        #expect(autumn == ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"])
    }

    @Test func goByTheirDays() {
        // A Thursday.
        let start = "2026-01-01T12:00:00Z"
        #expect(Self.times(Recurrence(frequency: .once), from: start) == ["2026-01-01T12:00"])
        let weekly = Recurrence(frequency: .weekly, onDays: [.monday, .friday])
        #expect(
            Self.times(weekly, from: start)
                == ["2026-01-02T12:00", "2026-01-05T12:00", "2026-01-09T12:00", "2026-01-12T12:00"])
        let monthly = Recurrence(frequency: .monthly, on: .dateOfMonth, dateOfMonth: 31)
        #expect(
            Self.times(monthly, from: start, in: "UTC", limit: 3)
                == ["2026-01-31T12:00", "2026-03-31T12:00", "2026-05-31T12:00"])
        let leap = Recurrence(frequency: .yearly, on: .dateOfMonth, months: [.february], dateOfMonth: 29)
        #expect(Self.times(leap, from: start, in: "UTC", limit: 2) == ["2028-02-29T12:00", "2032-02-29T12:00"])
        #expect(Self.times(weekly, from: start, after: "2026-01-05T12:00:00Z", limit: 1) == ["2026-01-09T12:00"])
    }

    @Test func end() {
        let start = "2026-01-01T12:00:00Z"
        let until = Recurrence(frequency: .daily, end: .date(zulu("2026-01-03T12:00:00Z")))
        #expect(Self.times(until, from: start) == ["2026-01-01T12:00", "2026-01-02T12:00"])
        let thrice = Recurrence(frequency: .everyWeekday, end: .repetitions(3))
        #expect(Self.times(thrice, from: start) == ["2026-01-01T12:00", "2026-01-02T12:00", "2026-01-05T12:00"])
        #expect(Self.times(thrice, from: start, after: "2026-01-05T12:00:00Z") == [])
        let never = Recurrence(frequency: .yearly, on: .dateOfMonth, months: [.february], dateOfMonth: 30)
        #expect(Self.times(never, from: start) == [])
        #expect(Self.times(Recurrence(frequency: .holiday), from: start) == [])
    }

    @Test func whatIsSentAgainIsTheSameRequest() {
        let at = zulu("2026-01-01T12:00:00Z")
        let firing = ScheduledMessage.Firing(message: "m", at: at, generation: 3)
        #expect(firing.requestId == ScheduledMessage.Firing(message: "m", at: at, generation: 3).requestId)
        #expect(DerivedID.time(of: firing.requestId) == at && DerivedID.generation(of: firing.requestId) == 3)
        let later = ScheduledMessage.Firing(message: "m", at: at.advanced(by: .milliseconds(1)), generation: 3)
        let other = ScheduledMessage.Firing(message: "n", at: at, generation: 3)
        #expect(Set([firing.requestId, later.requestId, other.requestId]).count == 3)
    }
}
