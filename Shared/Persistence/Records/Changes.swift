import AlertCore

/// All changes to services that other systems have told of.
public struct Changes {
    /// Which of them somebody wants to see. An empty filter lets everything through; an empty list nothing.
    public struct Filter: Sendable {
        /// Here and below ignoring case.
        public var types: [String]?
        public var sources: [String]?
        public var externalIdentifiers: [String]?
        /// Ids.
        public var services: [String]?
        /// Made at that time or later.
        public var from: Timestamp?
        /// Made before that time.
        public var to: Timestamp?
        /// Beginnings of words of the summary.
        public var terms: [String] = []
        public var needsAllTerms = false
        public var isAscending = false

        public init() {}

        var condition: SQL {
            var conditions: [SQL] = []
            if let types { conditions.append("change_type IN \(list: types.map { $0.lowercased() })") }
            if let sources { conditions.append("source IN \(list: sources.map { $0.lowercased() })") }
            if let externalIdentifiers {
                conditions.append("external_identifier IN \(list: externalIdentifiers.map { $0.lowercased() })")
            }
            if let services { conditions.append("service_id IN \(list: services)") }
            if let from { conditions.append("changed_at >= \(from.milliseconds)") }
            if let to { conditions.append("changed_at < \(to.milliseconds)") }
            if !terms.isEmpty {
                let found = terms.map { SearchWords.condition($0, in: ["words"]) }
                conditions.append(found.joined(allOfThem: needsAllTerms))
            }
            return conditions.joinedByAnd()
        }
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func get(_ id: String) throws -> ChangeRecord? {
        try connection.execute("SELECT document FROM changes WHERE id = \(id.lowercased())").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// One page in the order of ``ChangeRecord/changedAt``, newest first unless the filter says otherwise, and how many
    /// there are in all.
    public func list(_ filter: Filter, offset: Int, limit: Int) throws -> (total: Int, rows: [ChangeRecord]) {
        let condition = filter.condition
        let order: SQL = filter.isAscending ? "ASC" : "DESC"
        let total = try connection.execute("SELECT count(*) FROM changes WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT document FROM changes WHERE \(condition) ORDER BY changed_at \(order), id \(order)
            LIMIT \(limit) OFFSET \(offset)
            """)
        return (Int(total), try rows.map { try JSON.decode($0.text(0)) })
    }

    public func add(_ change: ChangeRecord, by origin: Origin) throws {
        try connection.execute(
            """
            INSERT INTO changes (id, changed_at, change_type, source, external_identifier, service_id, words, document)
            VALUES (\(change.id), \(change.changedAt.milliseconds), \(change.changeType.lowercased()),
            \(change.source.lowercased()), \((change.externalIdentifier?.lowercased()).sqlValue),
            \((change.service?.id).sqlValue), \(SearchWords.of(change.summary)), \(try JSON.encode(change)))
            """)
        try RecordAudit(connection: connection).record(
            kind: "change", id: change.id, name: change.summary, after: change, by: origin, at: change.recordedAt)
    }
}
