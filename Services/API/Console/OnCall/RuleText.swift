import AlertCore

// Rules in words, as people read them.

extension Device.Kind {
    var title: String {
        switch self {
        case .androidPush: "Android app"
        case .applePush: "iPhone app"
        case .email: "Email"
        case .fax: "Fax"
        case .generic: "Other"
        case .textPager: "Pager"
        case .textPhone: "SMS"
        case .voice: "Voice call"
        case .voiceIVR: "Public address"
        case .slack: "Slack"
        case .msTeams: "Microsoft Teams"
        case .webPush: "Browser"
        }
    }
}

extension Timeframe {
    /// "Mon–Fri 08:00–18:00 Europe/Berlin, not on holidays".
    var text: String {
        let holidays = excludeHolidays ? ", not on holidays" : ""
        if durationInMinutes == 1440, startTime == "00:00" {
            return "\(Weekday.text(days)), all day \(timezone)\(holidays)"
        }
        return "\(Weekday.text(days)) \(startTime)–\(endTime) \(timezone)\(holidays)"
    }

    /// `18:00`; the beginning itself for one of a whole day.
    var endTime: String {
        let parts = startTime.split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2 else { return "" }
        let minutes = (parts[0] * 60 + parts[1] + durationInMinutes) % 1440
        return "\(minutes / 60 < 10 ? "0" : "")\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
}

extension Recurrence {
    /// "every weekday", "every 2 weeks on Mon, Wed", "on the first Monday of every month".
    func text(from start: Timestamp, in zone: ZonedTime) -> String {
        "\(rhythm(start, zone))\(ending(zone))"
    }

    private func rhythm(_ start: Timestamp, _ zone: ZonedTime) -> String {
        switch frequency {
        case .once: "once, on \(zone.shortDay(start))"
        case .daily: repeatEvery == 1 ? "every day" : "every \(repeatEvery) days"
        case .weekly: weekly(start, zone)
        case .everyWeekday: "every weekday"
        case .everyWeekendDay: "every Saturday and Sunday"
        case .monthly: "\(day(start, zone)) of \(monthText)"
        case .yearly: "\(day(start, zone)) of \(monthText)\(repeatEvery == 1 ? "" : ", every \(repeatEvery) years")"
        case .holiday: "on the holidays of the site"
        }
    }

    private func weekly(_ start: Timestamp, _ zone: ZonedTime) -> String {
        let days = onDays.isEmpty ? String(zone.shortDay(start).prefix(3)) : Weekday.text(onDays)
        if days == "every day" {
            return repeatEvery == 1 ? days : "every day of every \(Self.ordinal(repeatEvery)) week"
        }
        return repeatEvery == 1 ? "every week on \(days)" : "every \(repeatEvery) weeks on \(days)"
    }

    private func day(_ start: Timestamp, _ zone: ZonedTime) -> String {
        if on == .dayOfWeek, let dayOfWeek {
            return "on the \((dayOfWeekClassifier ?? .first).rawValue.lowercased()) \(dayOfWeek.title)"
        }
        let date = dateOfMonth ?? Int(zone.day(start).suffix(2)) ?? 1
        return "on the \(Self.ordinal(date))"
    }

    private var monthText: String {
        if months.isEmpty || months.count == 12 {
            return frequency == .yearly ? "its month" : repeatEvery == 1 ? "every month" : "every \(repeatEvery) months"
        }
        return months.map { $0.rawValue.capitalized }.joined(separator: ", ")
    }

    private func ending(_ zone: ZonedTime) -> String {
        switch end {
        case .never: ""
        case .date(let date): ", until \(zone.day(date))"
        case .repetitions(let count): ", \(count) time\(count == 1 ? "" : "s")"
        }
    }

    private static func ordinal(_ number: Int) -> String {
        let suffix =
            switch (number % 10, number % 100) {
            case (_, 11...13): "th"
            case (1, _): "st"
            case (2, _): "nd"
            case (3, _): "rd"
            default: "th"
            }
        return "\(number)\(suffix)"
    }
}

extension Shift {
    /// "every weekday 08:00–18:00 Europe/Berlin".
    var text: String {
        let zone = ZonedTime(timezone)
        let length = end.since(start).milliseconds
        let isWhole = zone.clock(start) == "00:00" && zone.clock(end) == "00:00" && length <= 90_000_000
        let times =
            isWhole ? "all day" : "\(zone.clock(start))–\(zone.endClock(end))\(length > 86_400_000 ? nights : "")"
        return "\(recurrence.text(from: start, in: zone)), \(times) \(timezone)"
    }

    /// Of an occurrence that is longer than a day.
    private var nights: String {
        let days = Int((end.since(start).milliseconds + 43_200_000) / 86_400_000)
        return days == 1 ? " the day after" : " \(days) days later"
    }
}

extension Rotation {
    /// "every week, the first goes to the end".
    func text(in zone: ZonedTime) -> String {
        let every: String
        switch type {
        case .time:
            let unit = intervalUnit.rawValue.lowercased()
            every = interval == 1 ? "every \(unit.dropLast())" : "every \(interval) \(unit)"
        case .alerts: every = interval == 1 ? "after every alert" : "after every \(interval) alerts"
        case .shifts: every = interval == 1 ? "after every shift" : "after every \(interval) shifts"
        }
        let turn =
            direction == .firstToLast ? "the first goes to the end" : "the last comes to the front"
        let next = type == .time ? nextRotationTime.map { ", counted from \(zone.short($0))" } ?? "" : ""
        return "\(every), \(turn)\(next)"
    }
}

extension Shift.Repeat {
    var text: String {
        "\(repetitions) time\(repetitions == 1 ? "" : "s"), \(Duration.seconds(waitInSeconds).words) after the end"
    }
}

extension Duration {
    /// "at once", "90 s", "5 min", "1 h 30 min".
    var words: String {
        let seconds = milliseconds / 1000
        if seconds == 0 { return "at once" }
        if seconds < 120, seconds % 60 != 0 { return "\(seconds) s" }
        let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60)
        let rest = seconds % 60 == 0 ? "" : " \(seconds % 60) s"
        if hours == 0 { return "\(minutes) min\(rest)" }
        return minutes == 0 ? "\(hours) h" : "\(hours) h \(minutes) min"
    }
}

extension Group.Kind {
    var title: String {
        switch self {
        case .onCall: "On call"
        case .broadcast: "Broadcast"
        case .dynamic: "Dynamic"
        }
    }
}

extension Priority {
    var title: String { rawValue.capitalized }
}
