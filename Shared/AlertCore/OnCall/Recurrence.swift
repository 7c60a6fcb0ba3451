/// A day of the week, by its wire name.
public enum Weekday: String, Codable, CaseIterable, Sendable {
    case monday = "MO"
    case tuesday = "TU"
    case wednesday = "WE"
    case thursday = "TH"
    case friday = "FR"
    case saturday = "SA"
    case sunday = "SU"
}

/// When a shift comes again (spec §4.6).
public struct Recurrence: Codable, Hashable, Sendable {
    public enum Frequency: String, Codable, CaseIterable, Sendable {
        case once = "ONCE"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case everyWeekday = "EVERY_WEEKDAY"
        case everyWeekendDay = "EVERY_WEEKEND_DAY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
        /// On the holidays of the group's site.
        case holiday = "HOLIDAY"
    }

    /// What a monthly or yearly recurrence goes by.
    public enum Day: String, Codable, CaseIterable, Sendable {
        case dayOfWeek = "DAY_OF_WEEK"
        case dateOfMonth = "DATE_OF_MONTH"
    }

    public enum Classifier: String, Codable, CaseIterable, Sendable {
        case first = "FIRST"
        case second = "SECOND"
        case third = "THIRD"
        case fourth = "FOURTH"
        case last = "LAST"
    }

    public enum Month: String, Codable, CaseIterable, Sendable {
        case january = "JAN"
        case february = "FEB"
        case march = "MAR"
        case april = "APR"
        case may = "MAY"
        case june = "JUN"
        case july = "JUL"
        case august = "AUG"
        case september = "SEP"
        case october = "OCT"
        case november = "NOV"
        case december = "DEC"
    }

    public enum End: Codable, Hashable, Sendable {
        case never
        /// No occurrence begins at or after it.
        case date(Timestamp)
        /// How many occurrences there are, excluded ones among them.
        case repetitions(Int)
    }

    public var frequency: Frequency
    /// Every n-th day, week (from Monday), month or year, from that of the first occurrence on; at most 10,000. Says
    /// nothing for the other frequencies.
    public var repeatEvery: Int
    /// Of a weekly recurrence; empty for the weekday of the first occurrence.
    public var onDays: [Weekday]
    public var on: Day?
    /// Of a monthly or yearly recurrence; empty for every month, or that of the first occurrence.
    public var months: [Month]
    /// 1 to 31; a month that is too short has none. `nil` for that of the first occurrence.
    public var dateOfMonth: Int?
    public var dayOfWeekClassifier: Classifier?
    public var dayOfWeek: Weekday?
    public var end: End

    public init(
        frequency: Frequency, repeatEvery: Int = 1, onDays: [Weekday] = [], on: Day? = nil, months: [Month] = [],
        dateOfMonth: Int? = nil, dayOfWeekClassifier: Classifier? = nil, dayOfWeek: Weekday? = nil,
        end: End = .never
    ) {
        self.frequency = frequency
        self.repeatEvery = repeatEvery
        self.onDays = onDays
        self.on = on
        self.months = months
        self.dateOfMonth = dateOfMonth
        self.dayOfWeekClassifier = dayOfWeekClassifier
        self.dayOfWeek = dayOfWeek
        self.end = end
    }
}
