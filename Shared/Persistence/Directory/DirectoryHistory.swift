import AlertCore

/// What decides who is on call as it was at a moment in the past, from the audit events of the directory, within one
/// transaction.
///
/// Starts from the present and undoes what was changed since. What was at a moment is what the events up to the last
/// one recorded by then had led to, whatever the clocks of several processes said.
public struct DirectoryHistory {
    /// The kinds of entries that a view brings back; the others are left out, so that nobody signs in by the past.
    static let kinds: Set<String> = [
        Person.kind, Device.kind, Group.kind, Shift.kind, TemporaryAbsence.kind, Site.kind,
    ]

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// The people, devices, groups, shifts, absences and sites of that moment, without passwords; nothing else of the
    /// directory. The view's version is the place of its last change in the log.
    /// - Complexity: O(entries of these kinds that there are or that have changed since).
    public func view(at moment: Timestamp) throws -> DirectoryView {
        let position = try lastPosition(at: moment)
        let documents = try documents(of: Self.kinds, after: position)
        var entries = DirectoryEntries()
        for (key, document) in documents {
            try entries.apply(kind: key.kind, id: key.id, document: DirectoryJSON.text(document))
        }
        for id in entries.people.keys { entries.people[id]?.passwordHash = nil }
        return DirectoryView(version: position, entries: entries)
    }

    /// ``DirectoryView/roster`` of that moment, with how many alerts the shifts had had.
    public func roster(at moment: Timestamp) throws -> Roster {
        var roster = try view(at: moment).roster
        roster.alertCounts = try RotationCounts(connection).counts(at: moment)
        return roster
    }

    /// An entry as it was, without secrets: of these there is only that they were there.
    public struct PastEntry: Sendable {
        public let kind: String
        public let id: String
        public let document: JSONValue
    }

    /// Everything of some kinds that there was at a moment, in the order of kinds and ids.
    /// - Complexity: O(entries of these kinds that there are or that have changed since).
    public func entries(of kinds: Set<String>, at moment: Timestamp) throws -> [PastEntry] {
        try documents(of: kinds, after: try lastPosition(at: moment)).map { key, document in
            PastEntry(kind: key.kind, id: key.id, document: try DirectoryAudit.redacted(DirectoryJSON.text(document)))
        }.sorted { ($0.kind, $0.id) < ($1.kind, $1.id) }
    }

    private struct Key: Hashable {
        let kind: String
        let id: String
    }

    /// What there was before the changes behind a place in the log.
    private func documents(of kinds: Set<String>, after position: Position) throws -> [Key: JSONValue] {
        var documents = try present(kinds)
        for event in try firstChanges(of: kinds, after: position) {
            let data = try DirectoryJSON.decode(JSONValue.self, from: event)
            guard let kind = data["kind"]?.string, let id = data["id"]?.string else {
                throw StoreError(.invalid, "an audit event of the directory has no kind and id")
            }
            guard kinds.contains(kind) else { continue }
            let key = Key(kind: kind, id: id)
            documents[key] = data["before"].map { Self.restored($0, from: documents[key]) }
        }
        return documents
    }

    /// Without what the log does not have, secrets: these are as they are now, or not there.
    private static func restored(_ before: JSONValue, from present: JSONValue?) -> JSONValue {
        guard case .object(let fields) = before else { return before }
        var restored = fields
        for (name, value) in fields where value == DirectoryAudit.redactedValue {
            if DirectoryAudit.isSecret(name) { restored[name] = present?[name] }
        }
        return .object(restored)
    }

    private func present(_ kinds: Set<String>) throws -> [Key: JSONValue] {
        let rows = try connection.execute(
            "SELECT kind, id, document FROM directory WHERE kind IN \(list: kinds.sorted())")
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                (
                    Key(kind: row.text(0), id: row.text(1)),
                    try DirectoryJSON.decode(JSONValue.self, from: row.text(2))
                )
            })
    }

    /// The place of the last event recorded by that moment; 0 when there is none. By halving: times grow with the
    /// places, but for the moments by which the clocks of two processes differ.
    private func lastPosition(at moment: Timestamp) throws(StoreError) -> Position {
        var low: Position = 0
        var high =
            try connection.execute(
                "SELECT position FROM log_partitions WHERE partition_name = \(DirectoryAudit.partition.description)"
            ).first?.integer(0) ?? 0
        while low < high {
            let middle = low + (high - low + 1) / 2
            if try recordedAt(middle) <= moment.milliseconds { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private func recordedAt(_ position: Position) throws(StoreError) -> Int64 {
        let rows = try connection.execute(
            """
            SELECT recorded_at FROM events
            WHERE partition_name = \(DirectoryAudit.partition.description) AND position = \(position)
            """)
        guard let row = rows.first else {
            throw StoreError(.invalid, "the log \(DirectoryAudit.partition) has no event \(position)")
        }
        return row.integer(0)
    }

    /// Of each entry that has changed since, the first of its changes: what was before it, was then.
    private func firstChanges(of kinds: Set<String>, after position: Position) throws(StoreError) -> [String] {
        let name = DirectoryAudit.partition.description
        let streams = kinds.sorted().map { kind -> SQL in "stream LIKE \("config-\(kind)-%")" }
        let isWanted = streams.dropFirst().reduce(streams[0]) { "\($0) OR \($1)" }
        return try EventLog(connection).events(
            connection.execute(
                """
                \(RecordedEvent.select) JOIN (
                    SELECT stream AS changed, min(version) AS first FROM events
                    WHERE partition_name = \(name) AND position > \(position) AND (\(isWanted)) GROUP BY stream
                ) f ON stream = f.changed AND version = f.first
                """)
        ).map(\.data)
    }
}
