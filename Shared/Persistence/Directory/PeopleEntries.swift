import AlertCore

extension DeviceName: DirectoryEntry {
    public static let kind = "devicename"
    public var parentID: String { "" }
    public var entryName: String { name }
}

extension ConferenceBridge: DirectoryEntry {
    public static let kind = "conferencebridge"
    public var parentID: String { "" }
    public var entryName: String { name }
}

extension Directory {
    /// The names that devices can have, in their order: those of every installation, but for what was deleted, and
    /// this one's own.
    public func deviceNames() throws -> [DeviceName] {
        let stored = try all(DeviceName.self)
        let known = Set(stored.map(\.id))
        return (stored.filter { !$0.isRemoved } + DeviceName.standard.filter { !known.contains($0.id) })
            .sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
    }
}
