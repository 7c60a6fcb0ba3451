/// When a device may be used (spec §4.5). A device without timeframes may always be.
public struct Timeframe: Codable, Hashable, Sendable {
    public var name: String
    /// `08:00`, in ``timezone``.
    public var startTime: String
    public var timezone: String
    /// 1 to 1,440; one that goes past midnight belongs to the day on which it began.
    public var durationInMinutes: Int
    /// Whether there is none on the holidays of the owner's site.
    public var excludeHolidays: Bool
    /// On which it begins; empty for every day.
    public var days: [Weekday]

    public init(
        name: String, startTime: String, timezone: String, durationInMinutes: Int, excludeHolidays: Bool = false,
        days: [Weekday] = Weekday.allCases
    ) {
        self.name = name
        self.startTime = startTime
        self.timezone = timezone
        self.durationInMinutes = durationInMinutes
        self.excludeHolidays = excludeHolidays
        self.days = days
    }
}
