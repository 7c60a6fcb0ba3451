import AlertCore
import Foundation

/// Times as people in a zone read and type them.
struct ZonedTime: Sendable {
    let zone: TimeZone

    /// UTC for a zone that the system does not know.
    init(_ name: String) { zone = TimeZone(identifier: name) ?? .gmt }

    /// Known zones, for a field that proposes them.
    static let proposals = Proposals(
        id: "timezones",
        TimeZone.knownTimeZoneIdentifiers.sorted().map { NamedValue(name: $0, value: "") }
            + [NamedValue(name: "UTC", value: "")])

    private var calendar: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        calendar.firstWeekday = 2
        return calendar
    }

    private func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: Double(time.milliseconds) / 1000) }

    private func timestamp(_ date: Date) -> Timestamp {
        Timestamp(milliseconds: max(0, Int64((date.timeIntervalSince1970 * 1000).rounded())))
    }

    private func parts(_ time: Timestamp) -> DateComponents {
        calendar.dateComponents([.year, .month, .day, .hour, .minute, .weekday], from: date(time))
    }

    /// `2026-11-21`.
    func day(_ time: Timestamp) -> String {
        let parts = parts(time)
        return "\(parts.year ?? 1970)-\(Self.two(parts.month))-\(Self.two(parts.day))"
    }

    /// `08:00`.
    func clock(_ time: Timestamp) -> String {
        let parts = parts(time)
        return "\(Self.two(parts.hour)):\(Self.two(parts.minute))"
    }

    /// `2026-11-21T08:00`, as browsers have it in a field.
    func field(_ time: Timestamp) -> String { "\(day(time))T\(clock(time))" }

    /// `Sat 21 Nov`.
    func shortDay(_ time: Timestamp) -> String {
        let parts = parts(time)
        let weekday = Weekday.allCases[((parts.weekday ?? 2) + 5) % 7].short
        return "\(weekday) \(parts.day ?? 1) \(Self.months[((parts.month ?? 1) + 11) % 12])"
    }

    /// `Sat 21 Nov 08:00`.
    func short(_ time: Timestamp) -> String { "\(shortDay(time)) \(clock(time))" }

    /// `08:00–18:00`, with the days where they differ.
    func span(_ start: Timestamp, _ end: Timestamp) -> String {
        let isOneDay = day(start) == day(Timestamp(milliseconds: max(start.milliseconds, end.milliseconds - 1)))
        if isOneDay { return "\(shortDay(start)), \(clock(start))–\(endClock(end))" }
        return "\(short(start)) – \(short(end))"
    }

    /// Midnight at the end of a day is 24:00.
    func endClock(_ time: Timestamp) -> String {
        let text = clock(time)
        return text == "00:00" ? "24:00" : text
    }

    /// The beginning of the day that the time is in.
    func startOfDay(_ time: Timestamp) -> Timestamp { timestamp(calendar.startOfDay(for: date(time))) }

    /// The beginning of Monday.
    func startOfWeek(_ time: Timestamp) -> Timestamp {
        let parts = calendar.dateComponents([.yearForWeekOfYear, .weekOfYear], from: date(time))
        return calendar.date(from: parts).map(timestamp) ?? startOfDay(time)
    }

    /// Days later at the same time of day, whatever the clocks do in between.
    func adding(days: Int, to time: Timestamp) -> Timestamp {
        calendar.date(byAdding: .day, value: days, to: date(time)).map(timestamp) ?? time
    }

    /// A field of a form: `2026-11-21T08:00`, or `2026-11-21` for the beginning of that day.
    /// - Returns: `nil` for what is no time. One that the clocks skip is the next that there is.
    func parse(_ text: String) -> Timestamp? {
        let parts = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard parts.count == 3 || parts.count == 5 || parts.count == 6, (1970...9999).contains(parts[0]),
            (1...12).contains(parts[1]), (1...31).contains(parts[2])
        else { return nil }
        var components = DateComponents(year: parts[0], month: parts[1], day: parts[2])
        if parts.count > 3 {
            guard (0...23).contains(parts[3]), (0...59).contains(parts[4]) else { return nil }
            components.hour = parts[3]
            components.minute = parts[4]
        }
        guard let date = calendar.date(from: components),
            calendar.component(.day, from: date) == parts[2]
        else { return nil }
        return timestamp(date)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: Int?) -> String {
        let digits = String(number ?? 0)
        return digits.count < 2 ? "0\(digits)" : digits
    }
}

extension Weekday {
    var short: String {
        switch self {
        case .monday: "Mon"
        case .tuesday: "Tue"
        case .wednesday: "Wed"
        case .thursday: "Thu"
        case .friday: "Fri"
        case .saturday: "Sat"
        case .sunday: "Sun"
        }
    }

    var title: String {
        switch self {
        case .monday: "Monday"
        case .tuesday: "Tuesday"
        case .wednesday: "Wednesday"
        case .thursday: "Thursday"
        case .friday: "Friday"
        case .saturday: "Saturday"
        case .sunday: "Sunday"
        }
    }

    /// "every day", "Mon–Fri", "Tue, Thu".
    static func text(_ days: [Weekday]) -> String {
        let places = allCases.indices.filter { days.contains(allCases[$0]) }
        if places.count == allCases.count || places.isEmpty { return "every day" }
        var runs: [ClosedRange<Int>] = []
        for place in places {
            if let last = runs.last, last.upperBound + 1 == place {
                runs[runs.count - 1] = last.lowerBound...place
            } else {
                runs.append(place...place)
            }
        }
        return runs.map { run in
            let (first, last) = (allCases[run.lowerBound].short, allCases[run.upperBound].short)
            return run.count > 2 ? "\(first)–\(last)" : run.count == 2 ? "\(first), \(last)" : first
        }.joined(separator: ", ")
    }
}
