/// A time in which somebody is not on call (spec §4.6, §5.4).
public struct TemporaryAbsence: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// Somebody else is notified instead.
        case replacement = "REPLACEMENT"
        /// Nobody is.
        case away = "AWAY"
    }

    public var id: String
    public var absenceType: Kind
    public var start: Timestamp
    /// Not in the absence any more.
    public var end: Timestamp
    /// The id of the person who is away.
    public var member: String
    /// A group's id; `nil` for all groups.
    public var group: String?
    /// A person's id; only of ``Kind/replacement``.
    public var replacement: String?
    /// Whether the replacement is notified also when the person was named as a recipient; only without a group.
    public var includeDirectNotifications: Bool
    public var created: Timestamp

    public init(
        id: String, absenceType: Kind, start: Timestamp, end: Timestamp, member: String, group: String? = nil,
        replacement: String? = nil, includeDirectNotifications: Bool = false, created: Timestamp
    ) {
        self.id = id
        self.absenceType = absenceType
        self.start = start
        self.end = end
        self.member = member
        self.group = group
        self.replacement = replacement
        self.includeDirectNotifications = includeDirectNotifications
        self.created = created
    }
}
