/// A place where people work, with its time zone and its holidays (spec §4.6).
public struct Site: Codable, Hashable, Sendable, Identifiable {
    /// A day, from midnight to midnight in the site's time zone, or several in a row.
    public struct Holiday: Codable, Hashable, Sendable {
        public var name: String
        /// `2026-12-25`.
        public var date: String
        /// How many days, 1 or more.
        public var days: Int
        /// Whether it comes every year on the same date.
        public var isYearly: Bool

        public init(name: String, date: String, days: Int = 1, isYearly: Bool = false) {
            self.name = name
            self.date = date
            self.days = days
            self.isYearly = isYearly
        }
    }

    public var id: String
    /// Unique, ignoring case.
    public var name: String
    public var country: String
    public var language: String
    public var timezone: String
    public var address1: String?
    public var address2: String?
    public var city: String?
    public var state: String?
    public var postalCode: String?
    public var latitude: Double?
    public var longitude: Double?
    public var status: RecipientStatus
    public var holidays: [Holiday]
    public var externalKey: String?
    public var externallyOwned: Bool

    public init(
        id: String, name: String, country: String, language: String, timezone: String,
        status: RecipientStatus = .active, holidays: [Holiday] = [], externalKey: String? = nil,
        externallyOwned: Bool = false
    ) {
        self.id = id
        self.name = name
        self.country = country
        self.language = language
        self.timezone = timezone
        self.status = status
        self.holidays = holidays
        self.externalKey = externalKey
        self.externallyOwned = externallyOwned
    }
}
