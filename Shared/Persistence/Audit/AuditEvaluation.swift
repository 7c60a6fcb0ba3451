import AlertCore

/// What a condition lets through of some blocks of the audit index.
struct AuditEvaluation {
    private let connection: any SQLConnection
    private let blocks: ClosedRange<Int64>
    /// The last sequence that counts.
    private let end: Int64

    init(_ connection: any SQLConnection, _ blocks: ClosedRange<Int64>, upTo end: Int64) {
        self.connection = connection
        self.blocks = blocks
        self.end = end
    }

    /// - Returns: By block, only those that have anything.
    func evaluate(_ condition: AuditQuery.Condition) throws(StoreError) -> [Int64: AuditBlock] {
        try evaluate(condition, within: try every())
    }

    /// All events that there are.
    private func every() throws(StoreError) -> [Int64: AuditBlock] {
        let gone = try AuditIndex(connection).gone(blocks)
        var every: [Int64: AuditBlock] = [:]
        for block in blocks {
            let first = block == 0 ? 1 : 0  // sequences begin with 1
            let last = Int(min(end - block * Int64(AuditBlock.size), Int64(AuditBlock.size - 1)))
            guard last >= first else { continue }
            var bits = AuditBlock(places: first..<last + 1)
            if let gone = gone[block] { bits.subtract(gone) }
            if !bits.isEmpty { every[block] = bits }
        }
        return every
    }

    /// Of what is left of the events, those that meet the condition.
    private func evaluate(
        _ condition: AuditQuery.Condition, within left: [Int64: AuditBlock]
    ) throws(StoreError) -> [Int64: AuditBlock] {
        guard !left.isEmpty else { return [:] }
        switch condition {
        case .every: return left
        case .isAny(let field, let values):
            return try events(with: values.map { AuditTerm(field, $0) }, within: left)
        case .since(let time): return try events(within: left) { $0 >= time.milliseconds }
        case .before(let time): return try events(within: left) { $0 < time.milliseconds }
        case .all(let parts):
            var left = left
            for part in parts.sorted(by: { $0.cost < $1.cost }) { left = try evaluate(part, within: left) }
            return left
        case .any(let parts):
            var all: [Int64: AuditBlock] = [:]
            for part in parts {
                for (block, bits) in try evaluate(part, within: left) { all[block, default: .none].formUnion(bits) }
            }
            return all
        case .not(let inner):
            var rest = left
            for (block, bits) in try evaluate(inner, within: left) {
                rest[block]?.subtract(bits)
                if rest[block]?.isEmpty == true { rest[block] = nil }
            }
            return rest
        }
    }

    private func events(
        with terms: [AuditTerm], within left: [Int64: AuditBlock]
    ) throws(StoreError) -> [Int64: AuditBlock] {
        let which: SQL =
            left.count <= 64
            ? "block IN \(list: left.keys)" : "block >= \(blocks.lowerBound) AND block <= \(blocks.upperBound)"
        var found: [Int64: AuditBlock] = [:]
        for row in try connection.execute(
            "SELECT block, list FROM audit_postings WHERE term IN \(list: terms.map(\.text)) AND \(which)")
        {
            let block = row.integer(0)
            guard left[block] != nil else { continue }
            let bits = AuditBlock(list: row.text(1))
            if found[block] == nil { found[block] = bits } else { found[block]?.formUnion(bits) }
        }
        for block in Array(found.keys) {
            guard let bits = left[block] else { continue }
            found[block]?.formIntersection(bits)
            if found[block]?.isEmpty == true { found[block] = nil }
        }
        return found
    }

    /// By the times of recording: of the blocks that lie across the border, event by event.
    private func events(
        within left: [Int64: AuditBlock], _ isWanted: (Int64) -> Bool
    ) throws(StoreError) -> [Int64: AuditBlock] {
        var found: [Int64: AuditBlock] = [:]
        let spans = try connection.execute(
            """
            SELECT block, min_at, max_at FROM audit_blocks
            WHERE block >= \(blocks.lowerBound) AND block <= \(blocks.upperBound)
            """)
        for row in spans {
            let block = row.integer(0)
            guard var bits = left[block] else { continue }
            switch (isWanted(row.integer(1)), isWanted(row.integer(2))) {
            case (true, true): break
            case (false, false): continue
            default:
                var wanted = AuditBlock.none
                let first = block * Int64(AuditBlock.size)
                for event in try connection.execute(
                    """
                    SELECT sequence, recorded_at FROM audit_log
                    WHERE sequence >= \(first) AND sequence < \(first + Int64(AuditBlock.size))
                    """) where isWanted(event.integer(1))
                {
                    wanted.insert(Int(event.integer(0) - first))
                }
                bits.formIntersection(wanted)
            }
            if !bits.isEmpty { found[block] = bits }
        }
        return found
    }
}

extension AuditQuery.Condition {
    /// The least comes first where all must hold: what lets the fewest events through, and times, which cost little.
    fileprivate var cost: Int {
        switch self {
        case .since, .before: 0
        case .isAny(let field, _):
            switch field {
            case .alert, .request: 1
            case .person, .entry, .group: 2
            case .property, .integration, .form, .actor: 3
            case .workflow, .outcome: 4
            case .kind, .from, .to: 5
            }
        case .all(let parts): parts.map(\.cost).min() ?? 0
        case .any(let parts): parts.map(\.cost).max() ?? 0
        case .not: 6
        case .every: 7
        }
    }
}
