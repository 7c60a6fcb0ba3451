import AlertCore
import ArgumentParser
import Foundation

/// A time as people say it on a command line, made exact at once.
///
/// `now`, `today`, `yesterday`, `tomorrow 08:00`, `18:30` (today), `2h` or `2h ago` (before now), `+2h` or `in 2h`
/// (from now on), `2026-03-09`, `2026-03-09T14:00:00Z`, `2026-03-09 14:00`. Without an offset it is in the machine's
/// zone.
struct Moment: Sendable {
    static let fromHelp: ArgumentHelp =
        "At this time or later: 2h, yesterday, 'today 08:00', 2026-03-09, 2026-03-09T14:00:00Z."

    let date: Date

    init(_ date: Date) { self.date = date }

    /// - Throws: `CommandError` with what could be said.
    init(parsing text: String) throws { try self.init(parsing: text, now: Date(), in: .current) }

    init(parsing text: String, now: Date, in zone: TimeZone) throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let words = text.trimmingCharacters(in: .whitespaces).lowercased()
        let found =
            Self.relative(words, to: now) ?? Self.day(words, now, calendar) ?? Self.date(words.uppercased(), calendar)
        guard let found else {
            throw CommandError(
                "\(text) is no time. Say it as in 2h, +30m, yesterday, 'tomorrow 08:00', 18:30, 2026-03-09 or "
                    + "2026-03-09T14:00:00Z.")
        }
        date = found
    }

    /// In UTC with milliseconds, as the API takes it.
    var iso: String {
        // Formatted as it is, a time that is a hair before its millisecond would be of the one before.
        Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())).iso
    }

    // MARK: - What it can be

    /// `1h30m`, with what says the direction.
    private static func relative(_ words: String, to now: Date) -> Date? {
        if words == "now" { return now }
        var rest = words
        var isAhead = false
        for sign in ["+", "in "] where rest.hasPrefix(sign) {
            rest = String(rest.dropFirst(sign.count))
            isAhead = true
        }
        if rest.hasPrefix("-") { rest = String(rest.dropFirst()) }
        if rest.hasSuffix(" ago"), !isAhead { rest = String(rest.dropLast(4)) }
        guard let seconds = seconds(of: rest) else { return nil }
        return now.addingTimeInterval(isAhead ? seconds : -seconds)
    }

    /// `90`, `45s`, `1h30m`, `2d` or `1w`, in seconds; a number alone is none.
    static func seconds(of text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        let compact = text.filter { $0 != " " }
        guard compact.wholeMatch(of: #/(\d{1,6}[smhdw])+/#) != nil else { return nil }
        return compact.matches(of: #/(\d+)([smhdw])/#).reduce(0) { sum, match in
            sum + (Double(match.1) ?? 0) * (match.2.first.flatMap { units[$0] } ?? 0)
        }
    }

    /// `yesterday`, `tomorrow 08:00`, `18:30`.
    private static func day(_ words: String, _ now: Date, _ calendar: Calendar) -> Date? {
        guard let match = words.wholeMatch(of: #/(?:(today|yesterday|tomorrow)\s*)?(?:(\d{1,2}):(\d\d))?/#),
            match.1 != nil || match.2 != nil
        else { return nil }
        let days = ["yesterday": -1, "tomorrow": 1][match.1.map(String.init) ?? ""] ?? 0
        let (hour, minute) = (match.2.flatMap { Int($0) } ?? 0, match.3.flatMap { Int($0) } ?? 0)
        guard hour < 24, minute < 60,
            let day = calendar.date(byAdding: .day, value: days, to: calendar.startOfDay(for: now))
        else { return nil }
        return calendar.date(bySettingHour: hour, minute: minute, second: 0, of: day)
    }

    /// ISO 8601, with a blank for the T if wanted.
    private static func date(_ text: String, _ calendar: Calendar) -> Date? {
        let pattern = #/(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|[+\-]\d\d:?\d\d)?)?/#
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
        var calendar = calendar
        if let zone = match.8 {
            let digits = zone.filter(\.isNumber)
            let minutes = number(digits.prefix(2)) * 60 + number(digits.suffix(2))
            calendar.timeZone = TimeZone(secondsFromGMT: (zone.first == "-" ? -60 : 60) * minutes) ?? .gmt
        }
        let (day, month) = (number(match.3), number(match.2))
        guard (1...12).contains(month), (1...31).contains(day), number(match.4) < 24, number(match.5) < 60,
            number(match.6) < 60,
            let date = calendar.date(
                from: DateComponents(
                    year: number(match.1), month: month, day: day, hour: number(match.4), minute: number(match.5),
                    second: number(match.6))), calendar.component(.day, from: date) == day
        else { return nil }
        let milliseconds = Int((match.7.map(String.init) ?? "").padding(toLength: 3, withPad: "0", startingAt: 0)) ?? 0
        return date.addingTimeInterval(Double(milliseconds) / 1000)
    }

    // MARK: - For people

    /// A time of the API as people read it, in the machine's zone and to the second; anything else as it is.
    static func readable(_ iso: String) -> String {
        guard iso.count >= 19, let moment = try? Moment(parsing: iso) else { return iso }  // no time: as it came
        return moment.readable
    }

    var readable: String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .current
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        func two(_ number: Int?) -> String { String(format: "%02d", number ?? 0) }
        return "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day)) "
            + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }
}
