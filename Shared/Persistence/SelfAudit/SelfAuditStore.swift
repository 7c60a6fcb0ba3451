import AlertCore

/// What became of a notice at one of its targets.
public struct AuditDelivery: Equatable, Sendable {
    public enum Status: String, Sendable {
        case pending = "PENDING"
        case delivered = "DELIVERED"
        case failed = "FAILED"
    }

    public let notice: String
    /// `email` or `url`.
    public let target: String
    public var status: Status
    public var attempts: Int
    /// What the target answered last; empty before the first attempt.
    public var detail: String
    public var updatedAt: Timestamp

    /// Of the due work that hands it over.
    public var workId: String { "\(notice)/\(target)" }
}

/// What the self-audit knows and has said.
public struct SelfAuditStore {
    /// How long notices are listed; the log keeps them.
    private static let kept = Duration.seconds(90 * 86_400)
    private static let partition = LogPartition("selfaudit", 0)

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// - Returns: The state after the last check, and the version to save the next one with.
    public func load() throws -> (state: AuditState, version: Int64) {
        let row = try connection.execute("SELECT version, document FROM self_audit WHERE id = 1")[0]
        let document = row.text(1)
        return (document.isEmpty ? AuditState() : try JSON.decode(document), row.integer(0))
    }

    /// - Throws: ``StoreError/Code-swift.enum/versionConflict`` when another process has saved meanwhile.
    public func save(_ state: AuditState, expecting version: Int64) throws {
        let saved = try connection.execute(
            """
            UPDATE self_audit SET version = \(version + 1), document = \(try JSON.encode(state))
            WHERE id = 1 AND version = \(version) RETURNING version
            """)
        guard !saved.isEmpty else { throw StoreError(.versionConflict, "another process has done this check") }
    }

    /// Records a notice, in the log as well, and the work of handing it to the targets.
    /// - Parameter handedOver: By target, what it answered, where that has happened already.
    public func add(
        _ notice: AuditNotice, targets: [String], handedOver: [String: String] = [:], at now: Timestamp
    ) throws {
        let added = try connection.execute(
            """
            INSERT INTO self_audit_notices (id, recorded_at, document)
            VALUES (\(notice.id), \(notice.at.milliseconds), \(try JSON.encode(notice)))
            ON CONFLICT (id) DO NOTHING RETURNING id
            """)
        guard !added.isEmpty else { return }
        try record("noticed", try JSON.encode(notice), notice.id, at: now)
        for target in targets {
            let answer = handedOver[target]
            let delivery = AuditDelivery(
                notice: notice.id, target: target, status: answer == nil ? .pending : .delivered,
                attempts: answer == nil ? 0 : 1, detail: answer ?? "", updatedAt: now)
            try put(delivery)
            if answer == nil {
                try DueWork(connection).schedule(
                    delivery.workId, kind: AuditNotice.dueKind, partition: 0, payload: "{}", at: now)
            }
        }
        let old = now.milliseconds - Self.kept.milliseconds
        try connection.execute(
            """
            DELETE FROM self_audit_deliveries WHERE notice_id IN
            (SELECT id FROM self_audit_notices WHERE recorded_at < \(old))
            """)
        try connection.execute("DELETE FROM self_audit_notices WHERE recorded_at < \(old)")
    }

    /// Writes what became of an attempt, in the log as well; schedules the next one.
    public func settle(_ delivery: AuditDelivery) throws {
        try put(delivery)
        let facts = [
            "target": delivery.target, "status": delivery.status.rawValue, "detail": delivery.detail,
            "attempt": String(delivery.attempts),
        ]
        let type = delivery.status == .delivered ? "sent" : "attemptFailed"
        try record(type, try JSON.encode(facts), delivery.notice, at: delivery.updatedAt)
        let work = DueWork(connection)
        if delivery.status == .pending {
            try work.schedule(
                delivery.workId, kind: AuditNotice.dueKind, partition: 0, payload: "{}",
                at: delivery.updatedAt.advanced(by: AuditNotice.pause(afterAttempts: delivery.attempts)))
        } else {
            try work.finish([delivery.workId], kind: AuditNotice.dueKind)
        }
    }

    /// The notices, newest first, and how many there are in all.
    public func notices(offset: Int, limit: Int) throws -> (total: Int, notices: [AuditNotice]) {
        let total = try connection.execute("SELECT count(*) FROM self_audit_notices")[0].integer(0)
        let rows = try connection.execute(
            "SELECT document FROM self_audit_notices ORDER BY recorded_at DESC, id LIMIT \(limit) OFFSET \(offset)")
        return (Int(total), try rows.map { try JSON.decode($0.text(0)) })
    }

    public func notice(_ id: String) throws -> AuditNotice? {
        try connection.execute("SELECT document FROM self_audit_notices WHERE id = \(id)").first
            .map { try JSON.decode($0.text(0)) }
    }

    /// Those of some notices.
    public func deliveries(of notices: [String]) throws(StoreError) -> [AuditDelivery] {
        try connection.execute(
            """
            SELECT notice_id, target, status, attempts, detail, updated_at FROM self_audit_deliveries
            WHERE notice_id IN \(list: notices) ORDER BY target
            """
        ).map { row in
            AuditDelivery(
                notice: row.text(0), target: row.text(1),
                status: AuditDelivery.Status(rawValue: row.text(2)) ?? .failed,
                attempts: Int(row.integer(3)), detail: row.text(4), updatedAt: Timestamp(milliseconds: row.integer(5)))
        }
    }

    private func put(_ delivery: AuditDelivery) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO self_audit_deliveries (notice_id, target, status, attempts, detail, updated_at)
            VALUES (\(delivery.notice), \(delivery.target), \(delivery.status.rawValue), \(delivery.attempts),
            \(delivery.detail), \(delivery.updatedAt.milliseconds))
            ON CONFLICT (notice_id, target) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
            detail = excluded.detail, updated_at = excluded.updated_at
            """)
    }

    private func record(_ type: String, _ data: String, _ notice: String, at now: Timestamp) throws(StoreError) {
        try EventLog(connection).record(
            type: "selfaudit.\(type)", data: data, on: "selfaudit-\(notice)", in: Self.partition,
            origin: Origin(actor: "<self-audit>", causation: notice, correlation: notice), at: now)
    }
}
