import AlertCore

/// Follows the event log and writes the audit index: one order of all events, and which of them have which term.
///
/// Several processes can do so at once: of those who take the same step, one writes. The order is that of the times of
/// recording, but no event comes before what led to it, and those of one log partition stay in its order.
public final class AuditIndexer: Sendable {
    /// Events of one partition that are read at once.
    private static let readLimit = 500

    /// How far the index is.
    public struct Progress: Sendable {
        /// How many events were added.
        public let added: Int
        /// How many are indexed in all.
        public let sequence: Int64
        /// Whether nothing was left when the step began.
        public let isComplete: Bool
    }

    private let database: any SQLDatabase
    private let contexts = AuditContexts()

    public init(database: any SQLDatabase) { self.database = database }

    /// Indexes until there is nothing left, or `isOver` says to stop, which is asked after each step.
    @discardableResult
    public func catchUp(until isOver: @Sendable () -> Bool = { false }) async throws -> Progress {
        while true {
            let progress = try await advance()
            if progress.isComplete || isOver() { return progress }
        }
    }

    /// One step: some thousands of events at most.
    public func advance() async throws -> Progress {
        let step = try await database.reading { [contexts] in try Step($0, contexts) }
        guard !step.events.isEmpty else {
            return Progress(added: 0, sequence: step.sequence, isComplete: step.isComplete)
        }
        do {
            try await database.transaction { try step.write(to: $0) }
        } catch let error as StoreError {
            guard error.code == .versionConflict else { throw error }
            return Progress(added: 0, sequence: step.sequence, isComplete: false)  // another process has done it
        }
        return Progress(
            added: step.events.count, sequence: step.sequence + Int64(step.events.count), isComplete: step.isComplete)
    }

    // MARK: - A step

    private struct Step: Sendable {
        /// Before it.
        let sequence: Int64
        let events: [RecordedEvent]
        let isComplete: Bool
        /// Of each partition that has new events, the last of them.
        private let cursors: [String: Position]
        private let postings: [SQLPosting]

        private struct SQLPosting: Sendable {
            let term: String
            let block: Int64
            let list: String
        }

        init(_ connection: any SQLConnection, _ contexts: AuditContexts) throws {
            let index = AuditIndex(connection)
            sequence = try index.sequence()
            let known = try index.cursors()
            let log = EventLog(connection)
            var queues: [[RecordedEvent]] = []
            // Behind what was read of a partition there may be what came before something in another.
            var horizon: Timestamp?
            for (partition, head) in try log.heads() {
                let cursor = known[partition.description, default: 0]
                guard cursor < head else { continue }
                let events = try log.read(partition, after: cursor, upTo: head, limit: AuditIndexer.readLimit)
                guard let last = events.last else { continue }
                if last.position < head {
                    let time = events.map(\.recordedAt).max() ?? last.recordedAt
                    horizon = min(horizon ?? time, time)
                }
                queues.append(events)
            }
            isComplete = horizon == nil
            events = Self.merge(queues, upTo: horizon)
            var cursors: [String: Position] = [:]
            for event in events { cursors[event.partition] = event.position }
            self.cursors = cursors
            postings = Self.postings(try contexts.terms(of: events, in: log), after: sequence)
        }

        /// In the order of time, of one partition in that of the positions, whatever the clocks said.
        private static func merge(_ queues: [[RecordedEvent]], upTo horizon: Timestamp?) -> [RecordedEvent] {
            var all: [(time: Timestamp, event: RecordedEvent)] = []
            for queue in queues {
                var reached = Timestamp(milliseconds: 0)
                for event in queue {
                    reached = max(reached, event.recordedAt)
                    if let horizon, reached > horizon { break }
                    all.append((reached, event))
                }
            }
            all.sort {
                ($0.time, $0.event.partition, $0.event.position) < ($1.time, $1.event.partition, $1.event.position)
            }
            return all.map(\.event)
        }

        private static func postings(_ terms: [Set<AuditTerm>], after sequence: Int64) -> [SQLPosting] {
            struct Place: Hashable {
                let term: AuditTerm
                let block: Int64
            }
            var lists: [Place: [UInt8]] = [:]
            for (index, terms) in terms.enumerated() {
                let (block, place) = AuditIndex.place(of: sequence + Int64(index) + 1)
                for term in terms {
                    AuditBlock.text(of: place, into: &lists[Place(term: term, block: block), default: []])
                }
            }
            return lists.sorted { ($0.key.term, $0.key.block) < ($1.key.term, $1.key.block) }.map { key, list in
                SQLPosting(term: key.term.text, block: key.block, list: String(decoding: list, as: UTF8.self))
            }
        }

        /// - Throws: `versionConflict` when somebody else has taken the step.
        func write(to connection: any SQLConnection) throws(StoreError) {
            let index = AuditIndex(connection)
            try index.advance(from: sequence, by: events.count)
            try index.put(cursors)
            var rows: [[SQLValue]] = []
            var spans: [Int64: ClosedRange<Int64>] = [:]
            for (offset, event) in events.enumerated() {
                let (sequence, time) = (sequence + Int64(offset) + 1, event.recordedAt.milliseconds)
                rows.append([.integer(sequence), .text(event.partition), .integer(event.position), .integer(time)])
                let (block, _) = AuditIndex.place(of: sequence)
                let span = spans[block] ?? time...time
                spans[block] = min(span.lowerBound, time)...max(span.upperBound, time)
            }
            try connection.insert(
                rows, into: "audit_log", columns: ["sequence", "partition_name", "position", "recorded_at"])
            try index.widen(spans)
            try index.add(postings.map { [.text($0.term), .integer($0.block), .text($0.list)] })
        }
    }
}
