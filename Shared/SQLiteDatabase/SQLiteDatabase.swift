import Foundation
import Persistence

/// One SQLite file: one writer, which commits the transactions of many callers together, and some readers.
///
/// A commit costs a flush of the disk, however much is in it. So the writer takes all transactions that wait,
/// each in a savepoint of its own, and commits them at once: a caller whose body throws loses only its own work.
public final class SQLiteDatabase: SQLDatabase {
    private struct Job {
        /// Runs the caller's body and keeps its result.
        let run: (SQLiteConnection) throws -> Void
        /// Gives the caller what `run` kept, or the error of the commit.
        let finish: ((any Error)?) -> Void
    }

    /// How many transactions are committed together at most.
    private static let groupLimit = 256
    private static let waitingLimit = 20_000

    private let writes = JobQueue<Job>(limit: waitingLimit)
    private let reads: JobQueue<Job>?
    private let threads = JobThreads()

    /// - Parameters:
    ///   - path: A file, or `:memory:` for a database of its own that is gone with it.
    ///   - readers: Connections that read beside the writer. One in memory has none: the writer reads, too.
    public init(path: String, readers: Int = 2) throws(StoreError) {
        let writer = try SQLiteConnection(path: path)
        let isShared = path != ":memory:" && readers > 0
        reads = isShared ? JobQueue(limit: Self.waitingLimit) : nil
        start("sqlite-writer", writer, writes, max: Self.groupLimit, perform: Self.commitTogether)
        guard let reads else { return }
        for _ in 0..<readers {
            start("sqlite-reader", try SQLiteConnection(path: path, isReader: true), reads, max: 1) {
                Self.commitAlone($0, $1[0], begin: "BEGIN")
            }
        }
    }

    @discardableResult
    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await run(body, on: writes)
    }

    public func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await run(body, on: reads ?? writes)
    }

    public func close() async {
        writes.close()
        reads?.close()
        await threads.join()
    }

    private func run<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T, on queue: JobQueue<Job>
    ) async throws -> T {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            var result: T?
            let job = Job(
                run: { result = try body($0) },
                finish: { error in
                    if let error {
                        continuation.resume(throwing: error)
                    } else {
                        continuation.resume(returning: result!)
                    }
                })
            do { try queue.push(job) } catch { continuation.resume(throwing: error) }
        }
    }

    private func start(
        _ name: String, _ connection: SQLiteConnection, _ queue: JobQueue<Job>, max: Int,
        perform: @escaping @Sendable (SQLiteConnection, [Job]) -> Void
    ) {
        let confined = Confined(connection: connection)
        threads.start(name) {
            while let jobs = queue.take(max: max) { perform(confined.connection, jobs) }
        }
    }

    private struct Confined: @unchecked Sendable {  // handed to its one thread before that thread starts
        let connection: SQLiteConnection
    }

    private static func commitTogether(_ connection: SQLiteConnection, _ jobs: [Job]) {
        guard jobs.count > 1 else { return commitAlone(connection, jobs[0], begin: "BEGIN IMMEDIATE") }
        var outcomes: [(any Error)?] = []
        do {
            try connection.execute("BEGIN IMMEDIATE")
            for job in jobs {
                try connection.execute("SAVEPOINT caller")
                do {
                    try job.run(connection)
                    outcomes.append(nil)
                } catch {
                    try connection.execute("ROLLBACK TO caller")
                    outcomes.append(error)
                }
                try connection.execute("RELEASE caller")
            }
            try connection.execute("COMMIT")
            for (job, outcome) in zip(jobs, outcomes) { job.finish(outcome) }
        } catch {
            rollBack(connection)
            jobs.forEach { $0.finish(error) }
        }
    }

    private static func commitAlone(_ connection: SQLiteConnection, _ job: Job, begin: SQL) {
        do {
            try connection.execute(begin)
            try job.run(connection)
            try connection.execute("COMMIT")
            job.finish(nil)
        } catch {
            rollBack(connection)
            job.finish(error)
        }
    }

    private static func rollBack(_ connection: SQLiteConnection) {
        // Fails when SQLite has rolled back already, which is what is wanted.
        _ = try? connection.execute("ROLLBACK")
    }
}
