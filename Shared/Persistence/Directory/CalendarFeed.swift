import AlertCore

/// An address at which calendar programs read a person's duties without signing in, until it is revoked by deleting
/// this. The address is made from the id with a key of the server's: who reads the directory cannot make it.
public struct CalendarFeed: DirectoryEntry, Hashable {
    public static let kind = "calendarfeed"
    public static let nameField = "id"

    public var id: String
    /// The id of the person whose duties it shows.
    public var person: String
    public var created: Timestamp

    public var parentID: String { person }
    public var entryName: String { id }

    public init(id: String, person: String, created: Timestamp) {
        self.id = id
        self.person = person
        self.created = created
    }
}
