import AlertCore

/// All inbound requests.
public struct Activities {
    /// Which of them somebody wants to see. An empty filter lets everything through.
    public struct Filter: Sendable {
        public var integration: String?
        public var statuses: [Activity.Status]
        /// Received at that time or later.
        public var from: Timestamp?
        /// Received before that time.
        public var to: Timestamp?
        /// Those that have the content of this one.
        public var rerunOf: String?
        /// These, and those that have their content.
        public var correlations: [String]?
        /// Only what came from outside for the first time.
        public var isOriginal = false

        public init(
            integration: String? = nil, statuses: [Activity.Status] = [], from: Timestamp? = nil,
            to: Timestamp? = nil, rerunOf: String? = nil
        ) {
            self.integration = integration
            self.statuses = statuses
            self.from = from
            self.to = to
            self.rerunOf = rerunOf
        }

        var condition: SQL {
            var conditions: [SQL] = []
            if let integration { conditions.append("integration_id = \(integration)") }
            if !statuses.isEmpty { conditions.append("status IN \(list: statuses.map(\.rawValue))") }
            if let from { conditions.append("received_at >= \(from.milliseconds)") }
            if let to { conditions.append("received_at < \(to.milliseconds)") }
            if let rerunOf { conditions.append("rerun_of = \(rerunOf)") }
            if let correlations {
                conditions.append("(request_id IN \(list: correlations) OR rerun_of IN \(list: correlations))")
            }
            if isOriginal { conditions.append("rerun_of IS NULL") }
            return conditions.joinedByAnd()
        }
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Writes an activity, or what has become of it. One that has ended stays as it is.
    public func put(_ activity: Activity) throws {
        try connection.execute(
            """
            INSERT INTO activities (request_id, integration_id, status, received_at, rerun_of, document)
            VALUES (\(activity.requestId), \(activity.integration), \(activity.status.rawValue),
            \(activity.receivedAt.milliseconds), \((activity.run?.rerunOf).sqlValue), \(try JSON.encode(activity)))
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

    /// One page, newest first unless it is `isAscending`, and how many there are in all.
    public func list(
        _ filter: Filter, offset: Int, limit: Int, isAscending: Bool = false
    ) throws -> (total: Int, rows: [Activity]) {
        let condition = filter.condition
        let order: SQL = isAscending ? "ASC" : "DESC"
        let total = try connection.execute("SELECT count(*) FROM activities WHERE \(condition)")[0].integer(0)
        let rows = try connection.execute(
            """
            SELECT document FROM activities WHERE \(condition)
            ORDER BY received_at \(order), request_id \(order)
            LIMIT \(limit) OFFSET \(offset)
            """
        ).map { try JSON.decode($0.text(0), as: Activity.self) }
        return (Int(total), rows)
    }

    /// Deletes some of what has ended and was received before a time, and the drafts of that time.
    /// - Returns: How many activities there were; fewer than `limit` when nothing is left.
    public func delete(receivedBefore time: Timestamp, limit: Int) throws(StoreError) -> Int {
        try connection.execute(
            """
            DELETE FROM script_drafts WHERE request_id IN (
                SELECT request_id FROM script_drafts WHERE created_at < \(time.milliseconds) LIMIT \(limit))
            """)
        return try connection.execute(
            """
            DELETE FROM activities WHERE request_id IN (
                SELECT request_id FROM activities
                WHERE received_at < \(time.milliseconds) AND status <> \(Activity.Status.running.rawValue)
                ORDER BY received_at LIMIT \(limit))
            RETURNING request_id
            """
        ).count
    }
}
