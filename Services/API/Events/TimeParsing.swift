import AlertCore
import Foundation

extension Timestamp {
    /// From ISO 8601 as clients send it: a date, or a date and time with or without seconds, fraction and offset.
    /// Without an offset it is UTC. A blank counts as the plus that a query cannot carry.
    init?(iso text: String) {
        let pattern = /(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+\- ]\d\d:?\d\d)?)?/
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
        let (_, year, month, day, hour, minute, second, fraction, zone) = match.output
        guard (1...12).contains(number(month)), (1...31).contains(number(day)), number(hour) < 24,
            number(minute) < 60, number(second) < 60
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let date = calendar.date(
            from: DateComponents(
                year: number(year), month: number(month), day: number(day), hour: number(hour),
                minute: number(minute), second: number(second)))
        guard let date, calendar.component(.day, from: date) == number(day) else { return nil }
        let milli = number(Substring(String((fraction ?? "") + "000").prefix(3)))
        let seconds = Int64(date.timeIntervalSince1970.rounded()) - Self.offset(of: zone)
        guard seconds >= 0 else { return nil }
        self.init(milliseconds: seconds * 1000 + Int64(milli))
    }

    /// In seconds.
    private static func offset(of zone: Substring?) -> Int64 {
        guard let zone, zone != "Z" else { return 0 }
        let digits = zone.filter(\.isNumber)
        let minutes = (Int64(digits.prefix(2)) ?? 0) * 60 + (Int64(digits.suffix(2)) ?? 0)
        return (zone.first == "-" ? -60 : 60) * minutes
    }
}
