import AlertCore

/// One inbound request with what came of it (spec §2.8).
public struct Activity: Codable, Equatable, Sendable {
    public enum Status: String, Codable, Sendable {
        case running = "RUNNING"
        case completed = "COMPLETED"
        case failed = "FAILED"
        /// Too many like it have come: nothing was run.
        case suppressed = "SUPPRESSED"
    }

    /// An error, for the author of the integration.
    public struct Problem: Codable, Equatable, Sendable {
        public var kind: String
        public var message: String
        /// In the integration's script, from 1.
        public var line: Int?
        public var column: Int?

        public init(kind: String, message: String, line: Int? = nil, column: Int? = nil) {
            self.kind = kind
            self.message = message
            self.line = line
            self.column = column
        }
    }

    public struct MadeAlert: Codable, Equatable, Sendable {
        public var id: String
        public var number: Int64

        public init(id: String, number: Int64) {
            self.id = id
            self.number = number
        }
    }

    public var requestId: String
    /// Empty for a request to a form.
    public var integration: String
    /// The id of the form that the request was sent to, without an integration.
    public var form: String?
    public var receivedAt: Timestamp
    public var status: Status
    public var method: String
    /// Without credentials.
    public var headers: [String: String]
    /// Without the key.
    public var parameters: [String: String]
    public var body: String
    public var remoteAddress: String
    /// The target name of whoever it acts as.
    public var by: String
    /// What the script printed, and each outgoing call with its answer.
    public var log: String
    public var problem: Problem?
    /// Why nothing was run.
    public var suppression: Suppression?
    public var alerts: [MadeAlert]
    public var durationMilliseconds: Int

    public init(
        requestId: String, integration: String, receivedAt: Timestamp, status: Status, method: String,
        headers: [String: String], parameters: [String: String], body: String, remoteAddress: String, by: String,
        log: String = "", problem: Problem? = nil, alerts: [MadeAlert] = [], durationMilliseconds: Int = 0,
        form: String? = nil
    ) {
        self.requestId = requestId
        self.integration = integration
        self.receivedAt = receivedAt
        self.status = status
        self.method = method
        self.headers = headers
        self.parameters = parameters
        self.body = body
        self.remoteAddress = remoteAddress
        self.by = by
        self.log = log
        self.problem = problem
        self.alerts = alerts
        self.durationMilliseconds = durationMilliseconds
        self.form = form
    }
}

/// All inbound requests.
public struct Activities {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Writes an activity, or what has become of it. One that has ended stays as it is.
    public func put(_ activity: Activity) throws {
        try connection.execute(
            """
            INSERT INTO activities (request_id, integration_id, status, received_at, document)
            VALUES (\(activity.requestId), \(activity.integration), \(activity.status.rawValue),
            \(activity.receivedAt.milliseconds), \(try JSON.encode(activity)))
            ON CONFLICT (request_id) DO UPDATE SET status = excluded.status, document = excluded.document
            WHERE activities.status = 'RUNNING'
            """)
    }

    public func get(_ requestId: String) throws -> Activity? {
        try connection.execute("SELECT document FROM activities WHERE request_id = \(requestId)").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// Which of the requests are recorded already, with their status.
    public func statuses(of requestIds: [String]) throws(StoreError) -> [String: Activity.Status] {
        let rows = try connection.execute(
            "SELECT request_id, status FROM activities WHERE request_id IN \(list: requestIds)")
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0.text(0), Activity.Status(rawValue: $0.text(1)) ?? .failed) })
    }

    /// One page, newest first, and how many there are in all.
    /// - Parameter integration: `nil` for those of all integrations.
    public func list(
        integration: String?, offset: Int, limit: Int
    ) throws -> (total: Int, rows: [Activity]) {
        let condition: SQL = integration.map { "integration_id = \($0)" } ?? "1 = 1"
        let total = try connection.execute("SELECT count(*) FROM activities WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT document FROM activities WHERE \(condition) ORDER BY received_at DESC, request_id DESC
            LIMIT \(limit) OFFSET \(offset)
            """
        ).map { try JSON.decode($0.text(0), as: Activity.self) }
        return (Int(total), rows)
    }
}
