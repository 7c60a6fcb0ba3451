import AlertCore

/// Finds events of the log by its index, within one transaction.
///
/// Goes through the blocks from one end to the other, some hundreds at a time: what it needs of memory does not grow
/// with the log, and it counts exactly.
public struct AuditSearch {
    /// An event with its place in the one order of all.
    public struct Hit: Sendable {
        /// From 1. Never changes for an event.
        public let sequence: Int64
        public let event: RecordedEvent
    }

    public struct Page: Sendable {
        /// How many events there are in all, up to ``upTo``.
        public let total: Int
        public let hits: [Hit]
        /// The sequence that was looked up to: the same again gives the same pages, however the log grows.
        public let upTo: Int64
    }

    /// Blocks that are looked at together.
    private static let window: Int64 = 512

    private let connection: any SQLConnection
    private let index: AuditIndex

    public init(_ connection: any SQLConnection) {
        self.connection = connection
        index = AuditIndex(connection)
    }

    /// - Parameters:
    ///   - query: Whose names are resolved to ids.
    ///   - upTo: Of an earlier page; `nil` for all that is indexed.
    public func find(
        _ query: AuditQuery, upTo: Int64? = nil, newestFirst: Bool, offset: Int, limit: Int
    ) throws -> Page {
        let end = min(upTo ?? .max, try index.sequence())
        let last = AuditIndex.place(of: end).block
        var (total, sequences): (Int, [Int64]) = (0, [])
        for start in stride(from: 0, through: last, by: Int64.Stride(Self.window)) {
            let first = newestFirst ? max(0, last - start - Self.window + 1) : start
            let blocks = first...(newestFirst ? last - start : min(last, start + Self.window - 1))
            var found = try AuditEvaluation(connection, blocks, upTo: end).evaluate(query.condition)
                .sorted { $0.key < $1.key }
            if newestFirst { found.reverse() }
            for (block, bits) in found {
                let count = bits.count
                if total + count > offset, sequences.count < limit {
                    let places = newestFirst ? bits.places.reversed() : bits.places
                    let wanted = places.dropFirst(max(0, offset - total)).prefix(limit - sequences.count)
                    sequences += wanted.map { block * Int64(AuditBlock.size) + Int64($0) }
                }
                total += count
            }
        }
        return Page(total: total, hits: try EventLog(connection).hits(sequences), upTo: end)
    }

    /// The event of a sequence; `nil` when there is none, or not yet.
    public func event(_ sequence: Int64) throws(StoreError) -> Hit? { try EventLog(connection).hits([sequence]).first }

    /// The ids of the entries of the directory that had this name, the newest first; also of those that are gone.
    public func ids(ofEntries kind: String, named name: String, limit: Int = 20) throws -> [String] {
        let end = try index.sequence()
        let term = AuditTerm(nameOf: kind, name)
        let rows = try connection.execute(
            "SELECT block, list FROM audit_postings WHERE term = \(term.text) ORDER BY block DESC LIMIT \(limit)")
        let sequences = rows.flatMap { row in
            AuditBlock(list: row.text(1)).places.reversed().map { row.integer(0) * Int64(AuditBlock.size) + Int64($0) }
        }.filter { $0 <= end }.prefix(limit)
        var ids: [String] = []
        for hit in try EventLog(connection).hits(Array(sequences)) {
            let id = String(hit.event.stream.dropFirst("config-\(kind)-".count))
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}

extension EventLog {
    /// The events of some sequences, in their order.
    func hits(_ sequences: [Int64]) throws(StoreError) -> [AuditSearch.Hit] {
        let places = try connection.execute(
            "SELECT sequence, partition_name, position FROM audit_log WHERE sequence IN \(list: sequences)")
        var sequenceOf: [String: Int64] = [:]
        var positions: [String: [Position]] = [:]
        for row in places {
            sequenceOf["\(row.text(1)):\(row.integer(2))"] = row.integer(0)
            positions[row.text(1), default: []].append(row.integer(2))
        }
        var hits: [Int64: AuditSearch.Hit] = [:]
        for event in try events(at: positions) {
            guard let sequence = sequenceOf[event.id] else { continue }
            hits[sequence] = AuditSearch.Hit(sequence: sequence, event: event)
        }
        return sequences.compactMap { hits[$0] }
    }
}
