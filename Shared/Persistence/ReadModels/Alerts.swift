import AlertCore

/// One alert as lists and pages show it.
public struct AlertRow: Equatable, Sendable {
    public let id: String
    public let status: String
    public let createdAt: Timestamp
    public let terminatedAt: Timestamp?
    public let version: Version
    public var details: AlertDetails
    /// Whether a notification was suppressed.
    public let floodControl: Bool
}

/// The alerts, findable.
public struct Alerts {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Writes what new events mean. - Parameter changes: Alert by alert, each with all its new events.
    public func apply(_ changes: [(id: String, version: Version, events: [Alert.Event])]) throws {
        var created: [[SQLValue]] = []
        var (properties, texts): ([[SQLValue]], [[SQLValue]]) = ([], [])
        var attachments: [(alert: String, named: [AlertAttachment])] = []
        var suppressions: [(id: String, suppression: AlertSuppression, at: Timestamp)] = []
        for (id, version, events) in changes {
            for event in events {
                if case .suppressed(_, let suppression, let at) = event {
                    suppressions.append((id, suppression, at))
                }
                if let (details, at) = event.beginning {
                    created.append(try row(id, details, at, version))
                    if !details.attachments.isEmpty { attachments.append((id, details.attachments)) }
                    properties += details.properties.map { name, value in
                        [.text(id), .text(name), .text(value.readable), .text(value.readable.folded)]
                    }
                    texts.append([.integer(details.number), .text(details.searchable)])
                }
            }
        }
        if !created.isEmpty {
            try connection.insert(created, into: "alerts", columns: Self.columns)
            try connection.insert(texts, into: "alert_texts", columns: ["number", "text"])
        }
        if !properties.isEmpty {
            try connection.insert(
                properties, into: "alert_properties", columns: ["alert_id", "name", "value", "folded"])
        }
        for (alert, named) in attachments { try Attachments(connection).keep(named, for: alert) }
        for (id, suppression, at) in suppressions { try AlertSuppressions(connection).add(id, suppression, at: at) }
        for (id, version, events) in changes where !events.isEmpty { try update(id, version, events) }
    }

    /// - Parameter idOrNumber: A UUID, or the number in digits.
    public func get(_ idOrNumber: String) throws -> AlertRow? {
        let condition: SQL =
            if let number = Int64(idOrNumber) { "number = \(number)" } else { "id = \(idOrNumber.lowercased())" }
        return try connection.execute("\(Self.select) WHERE \(condition)").first.map(Self.decode)
    }

    /// The details of some alerts, by id.
    public func details(of ids: [String]) throws -> [String: AlertDetails] { try rows(of: ids).mapValues(\.details) }

    /// The alerts of these ids, by id.
    public func rows(of ids: [String]) throws -> [String: AlertRow] {
        let rows = try connection.execute("\(Self.select) WHERE id IN \(list: ids)").map(Self.decode)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }

    private func update(_ id: String, _ version: Version, _ events: [Alert.Event]) throws(StoreError) {
        var status: String?
        var terminatedAt: Timestamp?
        var floodControl: Int?
        for event in events {
            switch event {
            case .created, .commented, .responded, .deliveryRecorded, .responseRejected, .escalated, .recipientsFailed:
                break
            case .notificationSuppressed: floodControl = 1
            case .suppressed(_, _, let at):
                status = "SUPPRESSED"
                terminatedAt = at
            case .suspended: status = "SUSPENDED"
            case .resumed: status = "ACTIVE"
            case .terminated(let person, _, let at):
                status = person == nil ? "TERMINATED" : "TERMINATED_EXTERNAL"
                terminatedAt = at
            }
        }
        guard status != nil || version > Int64(events.count) else { return }  // it has just been inserted
        try connection.execute(
            """
            UPDATE alerts SET version = \(version), status = coalesce(\(status.sqlValue), status),
            terminated_at = coalesce(CAST(\((terminatedAt?.milliseconds).sqlValue) AS BIGINT), terminated_at),
            flood_control = coalesce(CAST(\(floodControl.sqlValue) AS BIGINT), flood_control)
            WHERE id = \(id)
            """)
    }

    private static let columns = [
        "id", "number", "status", "priority", "plan_id", "form_id", "submitter", "request_id", "integration_id",
        "created_at", "version", "document", "event_type",
    ]

    private static let select: SQL = """
        SELECT id, status, created_at, terminated_at, version, document, flood_control FROM alerts
        """

    private func row(
        _ id: String, _ details: AlertDetails, _ at: Timestamp, _ version: Version
    ) throws -> [SQLValue] {
        [
            .text(id), .integer(details.number), .text("ACTIVE"), .text(details.priority.rawValue),
            .text(details.plan.id), .text(details.form.id), .text(details.submitter.id), .text(details.requestId),
            details.integration.sqlValue, .integer(at.milliseconds), .integer(version),
            .text(try JSON.encode(details)), .text(details.systemEventType.isEmpty ? "USER" : "SYSTEM"),
        ]
    }

    private static func decode(_ row: SQLRow) throws -> AlertRow {
        AlertRow(
            id: row.text(0), status: row.text(1), createdAt: Timestamp(milliseconds: row.integer(2)),
            terminatedAt: row.optionalInteger(3).map(Timestamp.init(milliseconds:)), version: row.integer(4),
            details: try JSON.decode(row.text(5)), floodControl: row.integer(6) != 0)
    }
}

extension Alert.Event {
    /// What an alert is and since when, of the event that begins it.
    public var beginning: (details: AlertDetails, at: Timestamp)? {
        switch self {
        case .created(let details, let at), .suppressed(let details, _, let at): (details, at)
        default: nil
        }
    }
}
