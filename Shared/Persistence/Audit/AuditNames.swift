import AlertCore

/// What people call things in a query of the event log, as ids.
public struct AuditNames {
    /// Kinds of entries by what people call them besides.
    private static let kinds = ["workflow": Plan.kind, "absence": TemporaryAbsence.kind, "api-key": APIKey.kind]

    let directory: DirectoryView
    let connection: any SQLConnection

    public init(directory: DirectoryView, connection: any SQLConnection) {
        self.directory = directory
        self.connection = connection
    }

    /// What is found by no name is taken for an id: what has been deleted is found by it.
    public func resolve(_ query: AuditQuery) throws -> AuditQuery {
        try query.mapped { field, values in .isAny(field, try values.flatMap { try ids(field, $0) }) }
    }

    private func ids(_ field: AuditQuery.Field, _ value: String) throws -> [String] {
        switch field {
        case .alert: return [try Alerts(connection).get(value)?.id ?? value.lowercased()]
        case .person: return try known(directory.person(value)?.id, Person.self, value)
        case .group: return try known(directory.group(value)?.id, Group.self, value)
        case .workflow: return try named(directory.plans, Plan.self, value)
        case .form: return try named(directory.forms, Form.self, value)
        case .integration: return try named(directory.integrations, Integration.self, value)
        case .request: return [value.lowercased()]
        case .actor: return [directory.people[value]?.targetName ?? value]
        case .entry: return [Self.entry(value)]
        case .kind, .property, .outcome, .from, .to: return [value]
        }
    }

    private func named<Entry: DirectoryEntry>(
        _ entries: [String: Entry], _ type: Entry.Type, _ value: String
    ) throws -> [String] {
        if entries[value.lowercased()] != nil { return [value.lowercased()] }
        let named = entries.values.filter { Entry.nameKey($0.entryName) == Entry.nameKey(value) }.map(\.id)
        return named.isEmpty ? try known(nil, Entry.self, value) : named.sorted()
    }

    /// Of an entry that is not there any more, by what the log calls it.
    private func known<Entry: DirectoryEntry>(_ id: String?, _ type: Entry.Type, _ value: String) throws -> [String] {
        if let id { return [id] }
        let earlier = try AuditSearch(connection).ids(ofEntries: Entry.kind, named: value)
        return earlier.isEmpty ? [value] : earlier
    }

    private static func entry(_ value: String) -> String {
        let parts = value.split(separator: "/", maxSplits: 1).map(String.init)
        let kind = kinds[parts[0].lowercased()] ?? parts[0].lowercased()
        return parts.count > 1 ? "\(kind)/\(parts[1])" : kind
    }
}
