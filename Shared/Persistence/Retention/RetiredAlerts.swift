import AlertCore

/// What there is of alerts beside the log, within one transaction.
struct RetiredAlerts {
    let connection: any SQLConnection

    init(_ connection: any SQLConnection) { self.connection = connection }

    /// Everything in the log that belongs to some alerts.
    func streams(of alerts: [String]) throws(StoreError) -> [String] {
        var streams = alerts.flatMap { id in
            [Alert.category, AlertEscalation.category, "answer"].map { "\($0)-\(id)" }
        }
        for (table, category) in [
            ("notifications", Notification.category), ("webhook_deliveries", WebhookDelivery.category),
        ] {
            let select: SQL = "SELECT id FROM \(SQL(stringLiteral: table)) WHERE alert_id IN \(list: alerts)"
            streams += try connection.execute(select).map { "\(category)-\($0.text(0))" }
        }
        return streams
    }

    func delete(_ alerts: [Candidates.Alert]) throws(StoreError) {
        let ids = alerts.map(\.id)
        try Attachments(connection).release(by: ids)
        let notices: SQL = "SELECT id FROM notifications WHERE alert_id IN \(list: ids)"
        for table in ["notification_receipts", "phone_calls"] {
            try connection.execute("DELETE FROM \(SQL(stringLiteral: table)) WHERE notification_id IN (\(notices))")
        }
        for table in ["alert_properties", "alert_suppressions", "notifications", "webhook_deliveries"] {
            try connection.execute("DELETE FROM \(SQL(stringLiteral: table)) WHERE alert_id IN \(list: ids)")
        }
        let numbers = alerts.map(\.number)
        try connection.execute("DELETE FROM alert_texts WHERE number IN \(list: numbers)")
        try connection.execute("DELETE FROM alert_numbers WHERE number IN \(list: numbers)")
        try connection.execute("DELETE FROM alerts WHERE id IN \(list: ids)")
    }
}
