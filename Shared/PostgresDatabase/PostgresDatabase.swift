import Foundation
import Persistence

/// A PostgreSQL database through some libpq connections, each on a thread of its own. A connection that broke
/// is made anew by the next transaction; while the server is away, each one fails with `.unavailable`.
///
/// A commit costs a flush of the disk, however much is in it. So few connections write, and each takes several of the
/// transactions that wait and commits them at once. When one of them fails, all are taken back and done again one by
/// one: each still happens whole or not at all.
public final class PostgresDatabase: SQLDatabase {
    private struct Job {
        /// Runs the caller's body and keeps its result.
        let run: (PostgresConnection) throws -> Void
        /// Gives the caller what `run` kept, or the error.
        let finish: ((any Error)?) -> Void
    }

    private typealias Make = () throws(StoreError) -> PostgresConnection

    private static let waitingLimit = 20_000
    /// How many transactions are committed together at most: their locks are held until then.
    private static let groupLimit = 32

    private let writes = JobQueue<Job>(limit: waitingLimit)
    private let reads = JobQueue<Job>(limit: waitingLimit)
    private let threads = JobThreads()

    /// Opens the connections when they are first needed.
    /// - Parameters:
    ///   - url: As libpq takes it: `postgresql://user@host:5432/name?sslmode=verify-full`.
    ///   - connections: At least 2. A quarter of them writes, the others read.
    ///   - timeout: Whole seconds that one statement may take; a server that is silent for 2 s longer is given up.
    public init(url: String, connections: Int = 8, timeout: Int = 60) {
        let writers = max(1, connections / 4)
        let make = { @Sendable () throws(StoreError) in try PostgresConnection(url: url, timeout: timeout) }
        for number in 0..<max(2, connections) {
            let isWriter = number < writers
            threads.start("postgres-\(number)") { [queue = isWriter ? writes : reads] in
                var connection: PostgresConnection?
                while let jobs = queue.take(max: isWriter ? Self.groupLimit : 1) {
                    if isWriter {
                        Self.write(jobs, on: &connection, make: make)
                    } else {
                        Self.read(jobs[0], on: &connection, make: make)
                    }
                }
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
        try await run(body, on: reads)
    }

    public func close() async {
        writes.close()
        reads.close()
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

    private static func write(_ jobs: [Job], on connection: inout PostgresConnection?, make: Make) {
        do {
            try commit(jobs, on: open(&connection, make: make))
            jobs.forEach { $0.finish(nil) }
        } catch let error as StoreError where error.code == .unavailable || jobs.count == 1 {
            jobs.forEach { $0.finish(error) }
        } catch  where jobs.count == 1 {
            jobs[0].finish(error)
        } catch {
            for job in jobs { write([job], on: &connection, make: make) }
        }
    }

    private static func read(_ job: Job, on connection: inout PostgresConnection?, make: Make) {
        do {
            let open = try open(&connection, make: make)
            try open.inTransaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
                try job.run(open)
                try open.commitLater()
            }
            job.finish(nil)
        } catch {
            job.finish(error)
        }
    }

    private static func commit(_ jobs: [Job], on connection: PostgresConnection) throws {
        try connection.inTransaction("BEGIN") {
            for job in jobs { try job.run(connection) }
            try connection.commit()
        }
    }

    private static func open(_ connection: inout PostgresConnection?, make: Make) throws -> PostgresConnection {
        if let connection, connection.becomesReady() { return connection }
        connection = nil
        let new = try make()
        connection = new
        return new
    }
}

extension PostgresConnection {
    fileprivate func inTransaction(_ beginning: SQL, _ body: () throws -> Void) throws {
        try begin(beginning)
        do {
            try body()
        } catch {
            // Fails only when the connection is lost, and then the server rolls back by itself.
            if isUsable { try? rollBack() }
            throw error
        }
    }
}
