import AlertCore

/// A file of people that is, or was, read in the background (spec §4.8).
public struct UserImport: Codable, Equatable, Sendable, Identifiable {
    public enum Status: String, Codable, CaseIterable, Sendable {
        case pending = "PENDING"
        case processing = "PROCESSING"
        /// Every row was looked at; the messages say which could not be used.
        case complete = "COMPLETE"
        /// It could not be begun or gone on with; the messages say why.
        case failed = "FAILED"
    }

    public var id: String
    public var name: String
    /// How the file is read, as in `users-v1`.
    public var transform: String
    public var status: Status
    /// As whom the people are written.
    public var by: PersonReference
    public var startedAt: Timestamp
    public var processingAt: Timestamp?
    public var lastUpdatedAt: Timestamp
    public var finishedAt: Timestamp?
    /// Rows of the file.
    public var totalCount: Int
    /// Rows that were looked at.
    public var processedCount: Int
    /// Rows that could not be used.
    public var failedCount: Int
    /// Messages that there are, and those that were more than are kept.
    public var messageCount: Int

    public init(
        id: String, name: String, transform: String, by: PersonReference, startedAt: Timestamp, totalCount: Int
    ) {
        self.id = id
        self.name = name
        self.transform = transform
        status = .pending
        self.by = by
        self.startedAt = startedAt
        lastUpdatedAt = startedAt
        self.totalCount = totalCount
        processedCount = 0
        failedCount = 0
        messageCount = 0
    }
}

/// What there is to say about a line of an imported file.
public struct ImportMessage: Codable, Equatable, Sendable {
    public enum Level: String, Codable, CaseIterable, Sendable {
        case error = "ERROR"
        case warning = "WARN"
    }

    public enum Kind: String, Codable, Sendable {
        /// The file, or the row, cannot be processed.
        case processing = "PROCESSING_ERROR"
        /// A value is not valid: its row was left out.
        case validation = "VALIDATION_ERROR"
        /// A value was left out.
        case warning = "VALIDATION_WARNING"
    }

    public var kind: Kind
    public var description: String
    /// The header of the column.
    public var column: String?
    /// In the file, from 1.
    public var line: Int?

    public var level: Level { kind == .warning ? .warning : .error }

    public init(_ kind: Kind, _ description: String, column: String? = nil, line: Int? = nil) {
        self.kind = kind
        self.description = description
        self.column = column
        self.line = line
    }
}

/// All imports. Those that ended are kept for 90 days.
public struct UserImports {
    /// More messages of one import are counted, and not kept.
    public static let messageLimit = 10_000
    /// Imports that may wait or be under way at the same time.
    public static let waitingLimit = 20
    private static let kept = Duration.seconds(90 * 86_400)
    /// Imports that one new one clears away at most.
    private static let batch = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func get(_ id: String) throws -> UserImport? {
        try connection.execute("SELECT document FROM imports WHERE id = \(id.lowercased())").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// All that are kept, newest first.
    public func all() throws -> [UserImport] {
        try connection.execute("SELECT document FROM imports ORDER BY started_at DESC, id DESC")
            .map { try JSON.decode($0.text(0)) }
    }

    /// Clears away what has been over for long, then keeps the new one.
    /// - Throws: 429 when too many wait.
    public func add(_ new: UserImport, content: String, by origin: Origin) throws {
        try clear(at: new.startedAt)
        let waiting = try connection.execute("SELECT count(*) FROM imports WHERE is_over = 0")[0].integer(0)
        guard waiting < Int64(Self.waitingLimit) else {
            throw RestError(
                429, "\(waiting) imports are under way already: try again when one of them is over.",
                subcode: "imports.too_many", headers: ["Retry-After": "60"])
        }
        try connection.execute(
            """
            INSERT INTO imports (id, is_over, started_at, next_row, content, document)
            VALUES (\(new.id), 0, \(new.startedAt.milliseconds), 0, \(content), \(try JSON.encode(new)))
            """)
        try RecordAudit(connection: connection).record(
            kind: "import", id: new.id, name: new.name, after: new, by: origin, at: new.startedAt)
    }

    /// The oldest one that is not over, and which row comes next.
    public func next() throws -> (job: UserImport, row: Int)? {
        try connection.execute(
            "SELECT document, next_row FROM imports WHERE is_over = 0 ORDER BY started_at, id LIMIT 1"
        ).first.map { (try JSON.decode($0.text(0)), Int($0.integer(1))) }
    }

    /// The file; `nil` when the import is over.
    public func content(of id: String) throws(StoreError) -> String? {
        try connection.execute("SELECT content FROM imports WHERE id = \(id) AND is_over = 0").first?.text(0)
    }

    /// Which row comes next; `nil` when nothing is left to do. Whoever goes on from there holds ``Directory/lock()``.
    public func nextRow(of id: String) throws(StoreError) -> Int? {
        try connection.execute("SELECT next_row FROM imports WHERE id = \(id) AND is_over = 0").first
            .map { Int($0.integer(0)) }
    }

    /// Keeps how far an import has come, and what there is to say.
    /// - Parameter origin: Recorded in the log when the import is over.
    public func update(
        _ job: UserImport, nextRow: Int, adding messages: [ImportMessage], by origin: Origin, at now: Timestamp
    ) throws {
        var job = job
        let before = try get(job.id)
        try keep(messages, of: &job)
        job.lastUpdatedAt = now
        let isOver = job.status == .complete || job.status == .failed
        if isOver { job.finishedAt = now }
        try connection.execute(
            """
            UPDATE imports SET is_over = \(isOver), next_row = \(nextRow), document = \(try JSON.encode(job)),
            content = CASE WHEN \(isOver) = 1 THEN '' ELSE content END WHERE id = \(job.id)
            """)
        guard isOver else { return }
        try RecordAudit(connection: connection).record(
            kind: "import", id: job.id, name: job.name, before: before, after: job, by: origin, at: now)
    }

    private func keep(_ messages: [ImportMessage], of job: inout UserImport) throws {
        let first = job.messageCount
        job.messageCount += messages.count
        let kept = messages.prefix(max(0, Self.messageLimit - first))
        guard !kept.isEmpty else { return }
        try connection.insert(
            kept.enumerated().map { index, message in
                [
                    .text(job.id), .integer(Int64(first + index + 1)), .text(message.level.rawValue),
                    .text(try JSON.encode(message)),
                ]
            }, into: "import_messages", columns: ["import_id", "number", "level", "document"])
    }

    private func clear(at now: Timestamp) throws(StoreError) {
        let oldest = now.advanced(by: .zero - Self.kept).milliseconds
        let old = try connection.execute(
            """
            SELECT id FROM imports WHERE is_over = 1 AND started_at < \(oldest) ORDER BY started_at
            LIMIT \(Self.batch)
            """
        ).map { $0.text(0) }
        guard !old.isEmpty else { return }
        try connection.execute("DELETE FROM import_messages WHERE import_id IN \(list: old)")
        try connection.execute("DELETE FROM imports WHERE id IN \(list: old)")
    }
}

// MARK: - Messages

extension UserImports {
    /// One page in the order of the file, and how many there are in all.
    /// - Parameter levels: Only these; empty for all.
    public func messages(
        of id: String, levels: [ImportMessage.Level], offset: Int, limit: Int
    ) throws -> (total: Int, rows: [(number: Int, message: ImportMessage)]) {
        var conditions: [SQL] = ["import_id = \(id)"]
        if !levels.isEmpty { conditions.append("level IN \(list: levels.map(\.rawValue))") }
        let condition = conditions.joinedByAnd()
        let total = try connection.execute("SELECT count(*) FROM import_messages WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT number, document FROM import_messages WHERE \(condition) ORDER BY number
            LIMIT \(limit) OFFSET \(offset)
            """)
        return (Int(total), try rows.map { (Int($0.integer(0)), try JSON.decode($0.text(1))) })
    }
}

/// A part of a transaction that can be taken back by itself.
extension SQLConnection {
    /// Runs `body`; what it wrote is taken back when it throws, and the transaction goes on.
    public func attempt<Value>(_ body: () throws -> Value) throws -> Value {
        try execute("SAVEPOINT attempt")
        do {
            let value = try body()
            try execute("RELEASE SAVEPOINT attempt")
            return value
        } catch {
            try execute("ROLLBACK TO SAVEPOINT attempt")
            try execute("RELEASE SAVEPOINT attempt")
            throw error
        }
    }
}
