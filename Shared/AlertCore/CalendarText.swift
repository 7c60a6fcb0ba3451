extension Timestamp {
    /// Year, month, day, hour, minute, second and millisecond in UTC, by the proleptic Gregorian calendar
    /// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days).
    private var civil: (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, milli: Int) {
        let days = Int(milliseconds / 86_400_000)
        let rest = Int(milliseconds % 86_400_000)
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1,
            rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000
        )
    }

    /// `2018-04-17T20:19:03.805Z`: what most answers of the REST API carry (spec §4.1).
    public var iso: String {
        let c = civil
        let date = "\(c.year.padded(4))-\(c.month.padded(2))-\(c.day.padded(2))"
        return "\(date)T\(c.hour.padded(2)):\(c.minute.padded(2)):\(c.second.padded(2)).\(c.milli.padded(3))Z"
    }

    /// Year and month in UTC, as in 201804.
    public var month: Int { civil.year * 100 + civil.month }

    /// The beginning of a month in UTC (H. Hinnant, as above: days_from_civil).
    /// - Parameter month: From 197001 on, as in 201804.
    public init(startOf month: Int) {
        let (monthOfYear, year) = (month % 100, month % 100 <= 2 ? month / 100 - 1 : month / 100)
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (monthOfYear + (monthOfYear > 2 ? -3 : 9)) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.init(milliseconds: Int64(era * 146_097 + dayOfEra - 719_468) * 86_400_000)
    }

    /// `2018-04-17T20:02:47.476+0000`: the times of events (spec §4.1).
    public var isoWithOffset: String { "\(iso.dropLast())+0000" }

    /// `17-04-12 23:01:51.328`: the `date` of webhooks, in UTC (spec §1.3).
    public var webhookDate: String {
        let c = civil
        let date = "\((c.year % 100).padded(2))-\(c.month.padded(2))-\(c.day.padded(2))"
        return "\(date) \(c.hour.padded(2)):\(c.minute.padded(2)):\(c.second.padded(2)).\(c.milli.padded(3))"
    }
}

extension Int {
    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
