import Foundation
import Persistence

/// A PostgreSQL database through some libpq connections, each on a thread of its own. A connection that broke
/// is made anew by the next transaction; while the server is away, each one fails with `.unavailable`.
public final class PostgresDatabase: SQLDatabase {
    private struct Job {
        let begin: SQL
        /// Runs the caller's body and keeps its result.
        let run: (PostgresConnection) throws -> Void
        /// Gives the caller what `run` kept, or the error.
        let finish: ((any Error)?) -> Void
    }

    private static let waitingLimit = 20_000

    private let jobs = JobQueue<Job>(limit: waitingLimit)
    private let threads = JobThreads()

    /// Opens the connections when they are first needed.
    /// - Parameters:
    ///   - url: As libpq takes it: `postgresql://user@host:5432/name?sslmode=verify-full`.
    ///   - timeout: Whole seconds that one statement may take; a server that is silent for 2 s longer is given up.
    public init(url: String, connections: Int = 8, timeout: Int = 60) {
        for number in 0..<connections {
            threads.start("postgres-\(number)") { [jobs] in
                var connection: PostgresConnection?
                while let job = jobs.take(max: 1)?.first {
                    Self.perform(job, on: &connection) { () throws(StoreError) in
                        try PostgresConnection(url: url, timeout: timeout)
                    }
                }
            }
        }
    }

    @discardableResult
    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await run(body, begin: "BEGIN")
    }

    public func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await run(body, begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    public func close() async {
        jobs.close()
        await threads.join()
    }

    private func run<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T, begin: SQL
    ) async throws -> T {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            var result: T?
            let job = Job(
                begin: begin,
                run: { result = try body($0) },
                finish: { error in
                    if let error {
                        continuation.resume(throwing: error)
                    } else {
                        continuation.resume(returning: result!)
                    }
                })
            do { try jobs.push(job) } catch { continuation.resume(throwing: error) }
        }
    }

    private static func perform(
        _ job: Job, on connection: inout PostgresConnection?, make: () throws(StoreError) -> PostgresConnection
    ) {
        do {
            if connection?.isUsable != true { connection = nil }
            let open = try connection ?? make()
            connection = open
            try open.execute(job.begin)
            do {
                try job.run(open)
                try open.execute("COMMIT")
            } catch {
                // Fails only when the connection is lost, and then the server rolls back by itself.
                if open.isUsable { _ = try? open.execute("ROLLBACK") }
                throw error
            }
            job.finish(nil)
        } catch {
            job.finish(error)
        }
    }
}
