/// A number that grows with everything that happens around an alert: live pages compare it.
public struct AlertRevision: Equatable, Sendable {
    private let parts: [Int64]

    /// `nil` when there is no such alert.
    public init?(of alert: String, in connection: any SQLConnection) throws(StoreError) {
        let row = try connection.execute(
            """
            SELECT version,
            (SELECT CAST(count(*) + coalesce(sum(version), 0) AS BIGINT) FROM notifications WHERE alert_id = \(alert)),
            (SELECT CAST(count(*) + coalesce(sum(version), 0) AS BIGINT) FROM webhook_deliveries
            WHERE alert_id = \(alert)),
            (SELECT count(*) FROM alert_suppressions WHERE parent_id = \(alert))
            FROM alerts WHERE id = \(alert)
            """
        ).first
        guard let row else { return nil }
        parts = (0...3).map { row.integer($0) }
    }
}
