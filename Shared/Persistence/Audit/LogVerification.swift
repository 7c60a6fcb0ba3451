/// What a verification has seen, and what was wrong.
public struct VerificationReport: Codable, Equatable, Sendable {
    /// How many log partitions were looked at.
    public var partitions = 0
    /// How many events are as they were.
    public var events: Int64 = 0
    /// How many signed checkpoints are as they were.
    public var checkpoints = 0
    /// Of each partition the first, in the order of their names; those of checkpoints come first.
    public var faults: [LogFault] = []
    /// What has to be known to judge the rest, in words.
    public var notes: [String] = []

    public init() {}

    public var isIntact: Bool { faults.isEmpty }
}

/// Recomputes the chains of a log that may be written to meanwhile, several partitions side by side.
public struct LogVerification: Sendable {
    /// How many rows are read at a time.
    private static let chunk = 1_000
    private static let sideBySide = 4

    private let database: any SQLDatabase
    private let marks: [String: [LogMark]]
    private let progress: @Sendable (_ more: Int) -> Void

    /// - Parameters:
    ///   - marks: What signed checkpoints say, by partition.
    ///   - progress: Told of every chunk that was looked at.
    public init(
        _ database: any SQLDatabase, marks: [String: [LogMark]] = [:],
        progress: @escaping @Sendable (_ more: Int) -> Void = { _ in }
    ) {
        self.database = database
        self.marks = marks
        self.progress = progress
    }

    /// Verifies the log and its signed checkpoints together.
    /// - Parameters:
    ///   - kept: Checkpoints that were kept elsewhere.
    ///   - trusted: Public keys of those who sign, in base64.
    /// - Throws: What the database throws: then nothing is known.
    public static func verify(
        _ database: any SQLDatabase, kept: [SignedCheckpoint] = [], trusted: [String] = [],
        progress: @escaping @Sendable (_ more: Int) -> Void = { _ in }
    ) async throws -> VerificationReport {
        // Before the rows: what a checkpoint says is then among them.
        let stored = try await database.reading { try AuditCheckpoints($0).all() }
        let check = CheckpointCheck(stored: stored, kept: kept, trusted: trusted)
        var report = try await LogVerification(database, marks: check.marks, progress: progress).run()
        report.faults = check.faults + report.faults
        report.notes = check.notes + report.notes
        report.checkpoints = check.count
        return report
    }

    /// - Throws: What the database throws: then nothing is known.
    public func run() async throws -> VerificationReport {
        let found = try await database.reading { connection in
            (try StoredLog(connection).partitions(), try DroppedRanges(connection).all())
        }
        let dropped = Dictionary(grouping: found.1, by: \.partition)
        let names = Set(found.0).union(marks.keys).union(dropped.keys).sorted()
        let verified = try await withThrowingTaskGroup(of: ChainVerifier.self) { tasks in
            var (waiting, done) = (names[...], [ChainVerifier]())
            for name in waiting.prefix(Self.sideBySide) {
                tasks.addTask { try await verify(name, dropped: dropped[name] ?? []) }
            }
            waiting = waiting.dropFirst(Self.sideBySide)
            while let verifier = try await tasks.next() {
                done.append(verifier)
                guard let name = waiting.popFirst() else { continue }
                tasks.addTask { try await verify(name, dropped: dropped[name] ?? []) }
            }
            return done.sorted { $0.partition < $1.partition }
        }
        var report = VerificationReport()
        report.partitions = names.count
        report.events = verified.reduce(0) { $0 + $1.count }
        report.faults = verified.compactMap(\.fault)
        return report
    }

    private func verify(_ partition: String, dropped: [DroppedRange]) async throws -> ChainVerifier {
        var verifier = ChainVerifier(partition, marks: marks[partition] ?? [], dropped: dropped)
        var last: Position = 0
        while !verifier.isSettled {
            // The rows and the head are of one moment: what is appended then comes with the next chunk.
            let (rows, head) = try await database.reading { [last] connection in
                let log = StoredLog(connection)
                return (try log.read(partition, after: last, limit: Self.chunk), try log.head(of: partition))
            }
            for row in rows {
                if let head, row.position > head.position {
                    verifier.add(unknownTo: head, row)
                } else {
                    verifier.add(row)
                }
            }
            progress(rows.count)
            guard rows.count == Self.chunk, let next = rows.last?.position, next > last else {
                verifier.finish(head: head)
                break
            }
            last = next
        }
        return verifier
    }
}
