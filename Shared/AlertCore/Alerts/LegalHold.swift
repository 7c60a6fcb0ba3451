/// That certain alerts are kept as long as it lasts, whatever the time for which alerts are kept says.
public struct LegalHold: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    /// Unique, ignoring case.
    public var name: String
    /// An ``AuditQuery``: an alert with an event that it finds is held, whole.
    public var query: String
    /// For people: the case, who ordered it.
    public var reason: String
    public var created: Timestamp
    /// The id of a person.
    public var createdBy: String

    public init(id: String, name: String, query: String, reason: String, created: Timestamp, createdBy: String) {
        self.id = id
        self.name = name
        self.query = query
        self.reason = reason
        self.created = created
        self.createdBy = createdBy
    }
}
