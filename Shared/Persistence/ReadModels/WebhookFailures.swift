import AlertCore

/// Since when outbound integrations have had nothing but failures.
public struct WebhookFailures {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Of those that are failing.
    public func since(of integrations: [String]) throws(StoreError) -> [String: Timestamp] {
        guard !integrations.isEmpty else { return [:] }
        let rows = try connection.execute(
            "SELECT integration_id, since FROM webhook_failures WHERE integration_id IN \(list: integrations)")
        return Dictionary(
            rows.map { ($0.text(0), Timestamp(milliseconds: $0.integer(1))) }, uniquingKeysWith: { first, _ in first })
    }

    public func record(_ change: FailureSpan.Change, of integration: String) throws(StoreError) {
        switch change {
        case .began(let since):
            try connection.execute(
                """
                INSERT INTO webhook_failures (integration_id, since) VALUES (\(integration), \(since.milliseconds))
                ON CONFLICT (integration_id) DO UPDATE SET since = excluded.since
                """)
        case .ended:
            try connection.execute("DELETE FROM webhook_failures WHERE integration_id = \(integration)")
        }
    }
}
