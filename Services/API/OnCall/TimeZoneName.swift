import AlertCore
import Foundation

/// The names of time zones, and days in them.
enum TimeZoneName {
    static func isKnown(_ name: String) -> Bool { TimeZone(identifier: name) != nil }

    /// From midnight to midnight there, around `now`.
    static func day(around now: Timestamp, in timezone: String) -> (start: Timestamp, end: Timestamp) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: timezone) ?? .gmt
        let start = calendar.startOfDay(for: Date(timeIntervalSince1970: Double(now.milliseconds) / 1000))
        let end = calendar.date(byAdding: .day, value: 1, to: start) ?? start.addingTimeInterval(86_400)
        return (Timestamp(start), Timestamp(end))
    }
}

extension Timestamp {
    /// Rounded to seconds; 1970 for what is before it.
    fileprivate init(_ date: Date) {
        self.init(milliseconds: max(0, Int64(date.timeIntervalSince1970.rounded())) * 1000)
    }
}
