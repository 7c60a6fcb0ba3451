/// How the members of a shift take turns at the first places of its escalation (spec §5.4).
public struct Rotation: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// After ``Rotation/interval`` of ``Rotation/intervalUnit``.
        case time = "TIME"
        /// After ``Rotation/interval`` alerts to the group while the shift was on.
        case alerts = "ALERTS"
        /// After ``Rotation/interval`` completed occurrences of the shift.
        case shifts = "SHIFTS"
    }

    public enum Direction: String, Codable, CaseIterable, Sendable {
        /// Who was first goes to the end.
        case firstToLast = "FIRST_TO_LAST"
        /// Who was last comes to the front.
        case lastToFirst = "LAST_TO_FIRST"
    }

    public enum Unit: String, Codable, CaseIterable, Sendable {
        case hours = "HOURS"
        case days = "DAYS"
        case weeks = "WEEKS"
        case months = "MONTHS"
    }

    public var type: Kind
    public var direction: Direction
    /// At least 1.
    public var interval: Int
    /// Of a rotation by time.
    public var intervalUnit: Unit
    /// Of a rotation by time: when it turned or turns for the first time, at the time of day of the shift's zone;
    /// `nil` for one interval after the shift's first occurrence began.
    public var nextRotationTime: Timestamp?

    public init(
        type: Kind, direction: Direction = .firstToLast, interval: Int = 1, intervalUnit: Unit = .weeks,
        nextRotationTime: Timestamp? = nil
    ) {
        self.type = type
        self.direction = direction
        self.interval = interval
        self.intervalUnit = intervalUnit
        self.nextRotationTime = nextRotationTime
    }
}
