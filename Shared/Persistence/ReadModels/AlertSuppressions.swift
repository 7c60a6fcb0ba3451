import AlertCore

/// One alert that was suppressed.
public struct AlertSuppressionRow: Equatable, Sendable {
    /// The id of the suppressed alert.
    public let alert: String
    public let number: Int64
    public let at: Timestamp
    public let suppression: AlertSuppression
}

/// The alerts that were suppressed, by the one that people know of.
public struct AlertSuppressions {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    func add(_ alert: String, _ suppression: AlertSuppression, at: Timestamp) throws {
        try connection.execute(
            """
            INSERT INTO alert_suppressions (alert_id, parent_id, suppressed_at, document)
            VALUES (\(alert), \(suppression.parent), \(at.milliseconds), \(try JSON.encode(suppression)))
            """)
    }

    /// One page, oldest first, and how many there are in all.
    public func of(
        parent: String, offset: Int, limit: Int
    ) throws -> (total: Int, rows: [AlertSuppressionRow]) {
        let total = try count(parent: parent)
        let rows = try connection.execute(
            """
            \(Self.select) WHERE s.parent_id = \(parent) ORDER BY s.suppressed_at, a.number
            LIMIT \(limit) OFFSET \(offset)
            """
        ).map(Self.decode)
        return (total, rows)
    }

    public func count(parent: String) throws -> Int {
        let rows = try connection.execute("SELECT count(*) FROM alert_suppressions WHERE parent_id = \(parent)")
        return Int(rows[0].integer(0))
    }

    /// The newest, if there is any: how long further ones are suppressed.
    public func last(parent: String) throws -> AlertSuppressionRow? {
        try connection.execute(
            "\(Self.select) WHERE s.parent_id = \(parent) ORDER BY s.suppressed_at DESC, a.number DESC LIMIT 1"
        ).first.map(Self.decode)
    }

    /// How the alert itself was suppressed; `nil` for one that was not.
    public func ofAlert(_ alert: String) throws -> AlertSuppressionRow? {
        try connection.execute("\(Self.select) WHERE s.alert_id = \(alert)").first.map(Self.decode)
    }

    private static let select: SQL = """
        SELECT s.alert_id, a.number, s.suppressed_at, s.document
        FROM alert_suppressions s JOIN alerts a ON a.id = s.alert_id
        """

    private static func decode(_ row: SQLRow) throws -> AlertSuppressionRow {
        AlertSuppressionRow(
            alert: row.text(0), number: row.integer(1), at: Timestamp(milliseconds: row.integer(2)),
            suppression: try JSON.decode(row.text(3)))
    }
}
