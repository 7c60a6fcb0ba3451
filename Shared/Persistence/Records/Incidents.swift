import AlertCore

/// All incidents, with their timelines.
public struct Incidents {
    /// Which of them somebody wants to see. An empty filter lets everything through; an empty list nothing.
    public struct Filter: Sendable {
        public enum Field: String, CaseIterable, Sendable {
            case summary = "SUMMARY"
            case description = "DESCRIPTION"
        }

        public var severities: [Incident.Severity]?
        public var statuses: [Incident.Status]?
        public var requestIds: [String]?
        /// Ids of services, any of which is impacted.
        public var services: [String]?
        /// Groups any of which works on it, and the services that these look after.
        public var resolvers: (groups: [String], services: [String])?
        /// Created at that time or later.
        public var from: Timestamp?
        /// Created before that time.
        public var to: Timestamp?
        /// Beginnings of words; an identifier is found, too.
        public var terms: [String] = []
        public var needsAllTerms = false
        public var fields = Field.allCases

        public init() {}

        var condition: SQL {
            var conditions: [SQL] = []
            if let severities { conditions.append("severity IN \(list: severities.map(\.rawValue))") }
            if let statuses { conditions.append("status IN \(list: statuses.map(\.rawValue))") }
            if let requestIds { conditions.append("request_id IN \(list: requestIds)") }
            if let services { conditions.append("id IN (\(Self.referring(to: services, Incidents.service)))") }
            if let resolvers {
                conditions.append(
                    """
                    (id IN (\(Self.referring(to: resolvers.groups, Incidents.group)))
                    OR id IN (\(Self.referring(to: resolvers.services, Incidents.service))))
                    """)
            }
            if let from { conditions.append("created_at >= \(from.milliseconds)") }
            if let to { conditions.append("created_at < \(to.milliseconds)") }
            if let search { conditions.append(search) }
            return conditions.joinedByAnd()
        }

        private static func referring(to ids: [String], _ kind: String) -> SQL {
            "SELECT incident_id FROM incident_references WHERE kind = \(kind) AND reference_id IN \(list: ids)"
        }

        private var search: SQL? {
            guard !terms.isEmpty else { return nil }
            var columns: [SQL] = []
            if fields.contains(.summary) { columns.append("summary_words") }
            if fields.contains(.description) { columns.append("description_words") }
            let parts = terms.map { term -> SQL in
                let words = SearchWords.condition(term, in: columns)
                guard term.uppercased().hasPrefix(Incident.identifierPrefix), let number = Incident.number(of: term)
                else { return words }
                return [words, "number = \(number)"].joined(allOfThem: false)
            }
            return parts.joined(allOfThem: needsAllTerms)
        }
    }

    static let service = "service"
    static let group = "group"

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// - Parameter idOrIdentifier: A UUID, or an identifier such as `INC-1000`.
    public func get(_ idOrIdentifier: String) throws -> Incident? {
        let condition: SQL =
            if let number = Incident.number(of: idOrIdentifier) {
                "number = \(number)"
            } else {
                "id = \(idOrIdentifier.lowercased())"
            }
        return try connection.execute("SELECT document FROM incidents WHERE \(condition)").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// One page, newest first, and how many there are in all.
    public func list(_ filter: Filter, offset: Int, limit: Int) throws -> (total: Int, rows: [Incident]) {
        let condition = filter.condition
        let total = try connection.execute("SELECT count(*) FROM incidents WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT document FROM incidents WHERE \(condition) ORDER BY created_at DESC, id DESC
            LIMIT \(limit) OFFSET \(offset)
            """)
        return (Int(total), try rows.map { try JSON.decode($0.text(0)) })
    }

    /// Creates the incident, or puts it in the place of the one with its id. What is already so is left alone, and no
    /// event is recorded. Whoever changes one by what it was holds ``Directory/lock()``.
    public func put(_ incident: Incident, by origin: Origin, at now: Timestamp) throws {
        let before = try get(incident.id)
        guard before != incident else { return }
        try connection.execute(
            """
            INSERT INTO incidents (id, number, severity, status, request_id, created_at, summary_words,
            description_words, document)
            VALUES (\(incident.id), \(incident.number), \(incident.severity.rawValue), \(incident.status.rawValue),
            \(incident.requestId.sqlValue), \(incident.createdAt.milliseconds), \(SearchWords.of(incident.summary)),
            \(SearchWords.of(incident.description)), \(try JSON.encode(incident)))
            ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, status = excluded.status,
            request_id = excluded.request_id, summary_words = excluded.summary_words,
            description_words = excluded.description_words, document = excluded.document
            """)
        try refer(incident)
        try RecordAudit(connection: connection).record(
            kind: "incident", id: incident.id, name: incident.identifier, before: before, after: incident, by: origin,
            at: now)
    }

    private func refer(_ incident: Incident) throws(StoreError) {
        try connection.execute("DELETE FROM incident_references WHERE incident_id = \(incident.id)")
        let references =
            Set(incident.impactedServices.map(\.id)).map { (Self.service, $0) }
            + Set(incident.resolvers.map(\.id)).map { (Self.group, $0) }
        guard !references.isEmpty else { return }
        try connection.insert(
            references.map { [.text(incident.id), .text($0.0), .text($0.1)] }, into: "incident_references",
            columns: ["incident_id", "kind", "reference_id"])
    }
}

// MARK: - Timelines

extension Incidents {
    public func add(_ entry: IncidentEntry, to incident: Incident, by origin: Origin) throws {
        try connection.execute(
            """
            INSERT INTO incident_entries (id, incident_id, at, document)
            VALUES (\(entry.id), \(entry.incident), \(entry.at.milliseconds), \(try JSON.encode(entry)))
            """)
        try RecordAudit(connection: connection).record(
            kind: "incidententry", id: entry.id, name: incident.identifier, after: entry, by: origin, at: entry.at)
    }

    /// One page of an incident's timeline, oldest first, and how many entries there are in all.
    public func entries(
        of incident: String, offset: Int, limit: Int
    ) throws -> (total: Int, rows: [IncidentEntry]) {
        let total = try connection.execute(
            "SELECT count(*) FROM incident_entries WHERE incident_id = \(incident)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT document FROM incident_entries WHERE incident_id = \(incident) ORDER BY at, id
            LIMIT \(limit) OFFSET \(offset)
            """)
        return (Int(total), try rows.map { try JSON.decode($0.text(0)) })
    }
}
