import AlertCore

extension Notifications {
    /// A notification that can still be taken back.
    public struct Waiting: Sendable {
        public let id: String
        public let person: String

        public init(id: String, person: String) {
            self.id = id
            self.person = person
        }
    }

    /// What can still be taken back of some alerts, by alert.
    public func waiting(of alerts: Set<String>) throws(StoreError) -> [String: [Waiting]] {
        guard !alerts.isEmpty else { return [:] }
        // As `Notification.Phase`: waits for its time, for a limit, or for a word from its provider.
        let rows = try connection.execute(
            """
            SELECT alert_id, id, person_id FROM notifications
            WHERE alert_id IN \(list: alerts.sorted()) AND status IN ('pending', 'held', 'inDoubt') ORDER BY id
            """)
        return Dictionary(grouping: rows) { $0.text(0) }
            .mapValues { $0.map { Waiting(id: $0.text(1), person: $0.text(2)) } }
    }
}

extension DueWork {
    /// Schedules items that are known to be new, all at once.
    public func add(
        _ items: [(id: String, payload: String, due: Timestamp)], kind: String, partition: Int
    ) throws(StoreError) {
        guard !items.isEmpty else { return }
        try connection.insert(
            items.map { item in
                [
                    .text(kind), .text(item.id), .integer(Int64(partition)), .text(item.payload),
                    .integer(item.due.milliseconds), .integer(0),
                ]
            }, into: "due_work",
            columns: ["kind", "id", "partition_number", "payload", "due_at", "leased_until"])
    }
}
