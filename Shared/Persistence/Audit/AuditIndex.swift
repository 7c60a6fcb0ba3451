/// The tables of the audit index, within one transaction.
struct AuditIndex {
    /// Whose checkpoints say how far each log partition is indexed.
    static let group = "audit-index"

    let connection: any SQLConnection

    init(_ connection: any SQLConnection) { self.connection = connection }

    /// Where in the index an event has its bit.
    static func place(of sequence: Int64) -> (block: Int64, place: Int) {
        (sequence / Int64(AuditBlock.size), Int(sequence % Int64(AuditBlock.size)))
    }

    /// How many events are indexed.
    func sequence() throws(StoreError) -> Int64 {
        try connection.execute("SELECT sequence FROM audit_head WHERE id = 1")[0].integer(0)
    }

    /// Takes the next `count` sequences; holds off everybody else until the transaction ends.
    /// - Throws: `versionConflict` when it is not at `sequence` any more.
    func advance(from sequence: Int64, by count: Int) throws(StoreError) {
        let taken = try connection.execute(
            """
            UPDATE audit_head SET sequence = sequence + \(count) WHERE id = 1 AND sequence = \(sequence)
            RETURNING sequence
            """)
        guard !taken.isEmpty else {
            throw StoreError(.versionConflict, "the audit index is no longer at \(sequence)")
        }
    }

    /// Makes blocks cover these times.
    func widen(_ spans: [Int64: ClosedRange<Int64>]) throws(StoreError) {
        for (block, span) in spans {
            try connection.execute(
                """
                INSERT INTO audit_blocks (block, min_at, max_at)
                VALUES (\(block), \(span.lowerBound), \(span.upperBound))
                ON CONFLICT (block) DO UPDATE SET
                min_at = CASE WHEN excluded.min_at < audit_blocks.min_at THEN excluded.min_at
                ELSE audit_blocks.min_at END,
                max_at = CASE WHEN excluded.max_at > audit_blocks.max_at THEN excluded.max_at
                ELSE audit_blocks.max_at END
                """)
        }
    }

    /// Adds to the lists of terms: rows of term, block and list.
    func add(_ postings: [[SQLValue]]) throws(StoreError) {
        try connection.insert(postings, into: "audit_incoming", columns: ["term", "block", "list"])
        try connection.execute(
            """
            INSERT INTO audit_postings (term, block, list) SELECT term, block, list FROM audit_incoming WHERE 1 = 1
            ON CONFLICT (term, block) DO UPDATE SET list = audit_postings.list || excluded.list
            """)
        try connection.execute("DELETE FROM audit_incoming")
    }
}
