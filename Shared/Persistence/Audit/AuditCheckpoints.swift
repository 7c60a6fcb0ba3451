import AlertCore

/// The signed checkpoints, within one transaction.
public struct AuditCheckpoints {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Makes one when the newest is older than `interval`, or when there is none yet.
    /// - Throws: ``StoreError/Code-swift.enum/versionConflict`` when another process has just made it.
    /// - Returns: `nil` when it is not time yet.
    public func makeIfDue(every interval: Duration, by secrets: SecretBox, at now: Timestamp) throws
        -> SignedCheckpoint?
    {
        let last = try connection.execute(
            "SELECT number, made_at, hash FROM audit_checkpoints ORDER BY number DESC LIMIT 1"
        ).first
        if let last, now.milliseconds < last.integer(1) + interval.milliseconds { return nil }
        let number = (last?.integer(0) ?? 0) + 1
        let signed = try secrets.sign(
            number: number, at: now, heads: try StoredLog(connection).heads(), previous: last?.text(2) ?? "")
        try connection.insert(
            [
                [
                    .integer(number), .integer(now.milliseconds), .text(signed.document), .text(signed.hash),
                    .text(signed.publicKey), .text(signed.signature),
                ]
            ], into: "audit_checkpoints",
            columns: ["number", "made_at", "document", "hash", "public_key", "signature"])
        return signed
    }

    /// Up to `limit` after a number, in their order.
    public func after(_ number: Int64, limit: Int) throws(StoreError) -> [SignedCheckpoint] {
        try connection.execute("\(Self.select) WHERE number > \(number) ORDER BY number LIMIT \(limit)")
            .map(Self.decode)
    }

    /// All of them, in their order; none in a database that has no table for them yet.
    func all() throws(StoreError) -> [SignedCheckpoint] {
        guard try TableCatalogue.tables(in: connection).contains(where: { $0.name == "audit_checkpoints" }) else {
            return []
        }
        // Not by their numbers, which somebody may have changed.
        return try connection.execute("\(Self.select) ORDER BY number").map(Self.decode)
    }

    /// One page, newest first, and how many there are in all.
    public func page(offset: Int, limit: Int) throws(StoreError) -> (total: Int, rows: [SignedCheckpoint]) {
        let total = try connection.execute("SELECT count(*) FROM audit_checkpoints")[0].integer(0)
        let rows = try connection.execute(
            "\(Self.select) ORDER BY number DESC LIMIT \(limit) OFFSET \(offset)"
        ).map(Self.decode)
        return (Int(total), rows)
    }

    public func newest() throws(StoreError) -> SignedCheckpoint? { try page(offset: 0, limit: 1).rows.first }

    /// Every key that has signed, by what the checkpoints say: to be believed as far as the database is.
    public func keys() throws(StoreError) -> [String] {
        try connection.execute("SELECT DISTINCT public_key FROM audit_checkpoints ORDER BY public_key")
            .map { $0.text(0) }
    }

    private static let select: SQL = "SELECT document, hash, public_key, signature FROM audit_checkpoints"

    private static func decode(_ row: SQLRow) -> SignedCheckpoint {
        SignedCheckpoint(
            document: row.optionalText(0) ?? "", hash: row.optionalText(1) ?? "",
            publicKey: row.optionalText(2) ?? "", signature: row.optionalText(3) ?? "")
    }
}
