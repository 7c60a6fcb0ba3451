import AlertCore

/// Alerts that have ended, the oldest first, and whether they are held. Within one transaction.
struct Candidates {
    struct Alert: Sendable {
        let id: String
        let number: Int64
        let plan: String
        let request: String
        let createdAt: Timestamp
        var isHeld: Bool
    }

    private static let ended = ["TERMINATED", "TERMINATED_EXTERNAL", "SUPPRESSED"]

    let connection: any SQLConnection
    let holds: [AuditQuery]

    init(_ connection: any SQLConnection, holds: [AuditQuery]) {
        self.connection = connection
        self.holds = holds
    }

    /// - Parameter month: The last one that counts, as in 202601.
    func after(_ createdAt: Int64, _ id: String, upTo month: Int, limit: Int) throws -> [Alert] {
        let rows = try connection.execute(
            """
            SELECT id, number, plan_id, request_id, created_at FROM alerts
            WHERE (created_at > \(createdAt) OR (created_at = \(createdAt) AND id > \(id)))
            AND status IN \(list: Self.ended) ORDER BY created_at, id LIMIT \(limit)
            """)
        var alerts = rows.map { row in
            Alert(
                id: row.text(0), number: row.integer(1), plan: row.text(2), request: row.text(3),
                createdAt: Timestamp(milliseconds: row.integer(4)), isHeld: false)
        }.filter { $0.createdAt.month <= month }
        guard !alerts.isEmpty, !holds.isEmpty else { return alerts }
        let held = try HeldAlerts(connection, by: holds).among(alerts.map(\.id))
        for index in alerts.indices { alerts[index].isHeld = held.contains(alerts[index].id) }
        return alerts
    }
}
