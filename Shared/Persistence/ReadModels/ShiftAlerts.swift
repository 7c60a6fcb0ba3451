import AlertCore

/// How many alerts shifts have had: rotations by alerts go by it.
public struct ShiftAlerts {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// By shift; one that has had none is not in it.
    public func counts(of shifts: Set<String>) throws(StoreError) -> [String: Int] {
        let rows = try connection.execute(
            "SELECT shift_id, alerts FROM shift_alerts WHERE shift_id IN \(list: shifts.sorted())")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), Int($0.integer(1))) })
    }

    /// One more for each. In the order of their ids, so that two who count the same shifts do not wait for each other
    /// in a circle.
    public func count(_ shifts: [String: Int]) throws(StoreError) {
        for (shift, alerts) in shifts.sorted(by: { $0.key < $1.key }) {
            try connection.execute(
                """
                INSERT INTO shift_alerts (shift_id, alerts) VALUES (\(shift), \(alerts))
                ON CONFLICT (shift_id) DO UPDATE SET alerts = shift_alerts.alerts + excluded.alerts
                """)
        }
    }
}
