import AlertCore

/// Which alerts streams of the log belong to, within one transaction.
public struct AlertsOfStreams {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// The ids of the alerts, by stream; those that belong to none are left out.
    public func alerts(of streams: Set<String>) throws(StoreError) -> [String: String] {
        var alerts: [String: String] = [:]
        for category in [Alert.category, AlertEscalation.category, "answer"] {
            for stream in streams where stream.hasPrefix("\(category)-") {
                alerts[stream] = String(stream.dropFirst(category.count + 1))
            }
        }
        try look(for: Notification.category, "SELECT id, alert_id FROM notifications", streams, into: &alerts)
        try look(for: WebhookDelivery.category, "SELECT id, alert_id FROM webhook_deliveries", streams, into: &alerts)
        return alerts.filter { !$0.value.isEmpty }
    }

    private func look(
        for category: String, _ select: SQL, _ streams: Set<String>, into alerts: inout [String: String]
    ) throws(StoreError) {
        let prefix = "\(category)-"
        let ids = streams.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        for start in stride(from: 0, to: ids.count, by: 500) {
            let some = ids[start...].prefix(500)
            for row in try connection.execute("\(select) WHERE id IN \(list: some)") {
                alerts[prefix + row.text(0)] = row.text(1)
            }
        }
    }
}
