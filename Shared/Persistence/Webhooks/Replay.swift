import AlertCore

/// The history of alerts, sent to one integration as if it happened now: how far it is.
public struct Replay: Codable, Equatable, Sendable {
    public enum Status: String, Codable, CaseIterable, Sendable { case running, done, cancelled, failed }

    public var id: String
    public var integration: String
    /// Events recorded at that time or later.
    public var since: Timestamp
    /// Deliveries a second.
    public var rate: Int
    /// Whether events that the integration has a delivery of are sent once more.
    public var includesSent: Bool
    public var by: PersonReference
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var status = Status.running
    /// Why it failed.
    public var problem: String?
    /// Who cancelled it.
    public var endedBy: PersonReference?
    /// By log partition, the position up to which it has come.
    public var cursors: [String: Position]
    /// By log partition, the position at which it ends: what was last when it was asked for.
    public var ends: [String: Position]
    /// Events looked at.
    public var scanned = 0
    /// Deliveries requested.
    public var sent = 0
    /// Events that the integration had a delivery of.
    public var passedOver = 0
    /// Events that the integration does not want by its own rules.
    public var refused = 0

    public init(
        id: String, integration: String, since: Timestamp, rate: Int, includesSent: Bool, by: PersonReference,
        at now: Timestamp, cursors: [String: Position], ends: [String: Position]
    ) {
        self.id = id
        self.integration = integration
        self.since = since
        self.rate = rate
        self.includesSent = includesSent
        self.by = by
        createdAt = now
        updatedAt = now
        self.cursors = cursors
        self.ends = ends
    }

    /// How many events it has to look at in all.
    public var total: Int { ends.values.reduce(0) { $0 + Int($1) } - begin }
    private var begin: Int { cursors.values.reduce(0) { $0 + Int($1) } - scanned }
    public var isComplete: Bool { ends.allSatisfy { cursors[$0.key, default: 0] >= $0.value } }
}

/// All replays.
public struct Replays {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// The state of a replay that begins at a time: every partition from there to its present end.
    public func begin(
        id: String, integration: String, since: Timestamp, rate: Int, includesSent: Bool, by person: PersonReference,
        at now: Timestamp
    ) throws -> Replay {
        let log = EventLog(connection)
        var (cursors, ends) = ([String: Position](), [String: Position]())
        for (partition, head) in try log.heads(of: Alert.category) {
            cursors[partition.description] = try log.lastPosition(in: partition, before: since, head: head)
            ends[partition.description] = head
        }
        return Replay(
            id: id, integration: integration, since: since, rate: rate, includesSent: includesSent, by: person,
            at: now, cursors: cursors, ends: ends)
    }

    /// - Throws: `versionConflict` when there is one of that id.
    public func add(_ replay: Replay) throws {
        try connection.insert(
            [
                [
                    .text(replay.id), .text(replay.integration), .text(replay.status.rawValue),
                    .integer(replay.createdAt.milliseconds), .text(try JSON.encode(replay)),
                ]
            ], into: "webhook_replays", columns: ["id", "integration_id", "status", "created_at", "document"])
    }

    public func get(_ id: String) throws -> Replay? {
        try connection.execute("SELECT document FROM webhook_replays WHERE id = \(id)").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// Changes a replay on what it is at that moment: others wait until the transaction ends.
    /// - Parameter change: Answers whether it changed anything.
    /// - Returns: As it is afterwards; `nil` when there is none.
    @discardableResult
    public func update(_ id: String, _ change: (inout Replay) throws -> Bool) throws -> Replay? {
        let rows = try connection.execute(
            "UPDATE webhook_replays SET status = status WHERE id = \(id) RETURNING document")
        guard let row = rows.first else { return nil }
        var replay = try JSON.decode(row.text(0), as: Replay.self)
        let isChanged = try change(&replay)
        guard isChanged else { return replay }
        try connection.execute(
            """
            UPDATE webhook_replays SET status = \(replay.status.rawValue), document = \(try JSON.encode(replay))
            WHERE id = \(id)
            """)
        return replay
    }

    /// The one that goes on for an integration, if there is one.
    public func running(for integration: String) throws -> Replay? {
        try connection.execute(
            "SELECT document FROM webhook_replays WHERE integration_id = \(integration) AND status = 'running'"
        ).first.map { try JSON.decode($0.text(0)) }
    }

    /// One page, newest first, and how many there are in all.
    /// - Parameter integration: `nil` for all.
    public func list(integration: String?, offset: Int, limit: Int) throws -> (total: Int, rows: [Replay]) {
        let condition: SQL = if let integration { "integration_id = \(integration)" } else { "1 = 1" }
        let total = try connection.execute("SELECT count(*) FROM webhook_replays WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT document FROM webhook_replays WHERE \(condition) ORDER BY created_at DESC, id DESC
            LIMIT \(limit) OFFSET \(offset)
            """
        ).map { try JSON.decode($0.text(0), as: Replay.self) }
        return (Int(total), rows)
    }
}
