/// The tables of the audit index, within one transaction.
struct AuditIndex {
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

    /// How far each log partition is indexed: the position of the last event that is.
    func cursors() throws(StoreError) -> [String: Position] {
        let rows = try connection.execute("SELECT partition_name, position FROM audit_cursors")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.integer(1)) })
    }

    func put(_ cursors: [String: Position]) throws(StoreError) {
        for (partition, position) in cursors {
            try connection.execute(
                """
                INSERT INTO audit_cursors (partition_name, position) VALUES (\(partition), \(position))
                ON CONFLICT (partition_name) DO UPDATE SET position = excluded.position
                """)
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

    // MARK: - What is gone

    /// Takes out everything that belongs to some alerts. Requests that other alerts have, too, stay.
    func forget(alerts: [String], requests: [String]) throws(StoreError) {
        let terms = alerts.map { AuditTerm(.alert, $0).text }
        var gone: [Int64: AuditBlock] = [:]
        for row in try connection.execute(
            "SELECT block, list FROM audit_postings WHERE term IN \(list: terms)")
        {
            gone[row.integer(0), default: .none].formUnion(AuditBlock(list: row.text(1)))
        }
        for (block, bits) in gone {
            let sequences = bits.places.map { block * Int64(AuditBlock.size) + Int64($0) }
            for start in stride(from: 0, to: sequences.count, by: 500) {
                let some = sequences[start...].prefix(500)
                try connection.execute("DELETE FROM audit_log WHERE sequence IN \(list: some)")
            }
            try connection.execute(
                """
                INSERT INTO audit_gone (block, list) VALUES (\(block), \(bits.list))
                ON CONFLICT (block) DO UPDATE SET list = audit_gone.list || excluded.list
                """)
        }
        let others = try connection.execute(
            "SELECT request_id FROM alerts WHERE request_id IN \(list: requests) AND id NOT IN \(list: alerts)")
        let kept = Set(others.map { $0.text(0) })
        let done = terms + requests.filter { !kept.contains($0) }.map { AuditTerm(.request, $0).text }
        try connection.execute("DELETE FROM audit_postings WHERE term IN \(list: done)")
        try dropEmpty(Array(gone.keys))
    }

    /// Which events of some blocks are gone.
    func gone(_ blocks: ClosedRange<Int64>) throws(StoreError) -> [Int64: AuditBlock] {
        let rows = try connection.execute(
            "SELECT block, list FROM audit_gone WHERE block >= \(blocks.lowerBound) AND block <= \(blocks.upperBound)")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.integer(0), AuditBlock(list: $0.text(1))) })
    }

    /// Of blocks all of whose events are gone there is nothing left to find.
    private func dropEmpty(_ blocks: [Int64]) throws(StoreError) {
        for block in blocks {
            let full = block == 0 ? AuditBlock.size - 1 : AuditBlock.size  // sequences begin with 1
            if try gone(block...block)[block]?.count == full {
                try connection.execute("DELETE FROM audit_postings WHERE block = \(block)")
            }
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
