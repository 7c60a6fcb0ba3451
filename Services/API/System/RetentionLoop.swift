import AlertCore
import Logging
import Persistence
import ServiceLifecycle

/// Lets go what has been kept long enough, and makes the tables of the next months.
///
/// Any number of processes can have it: whoever moves on the time of the next run does it.
public struct RetentionLoop: Service {
    /// Between two looks at whether it is time.
    private static let pollInterval = Duration.seconds(600)
    /// Between two runs.
    private static let interval = Duration.seconds(6 * 3600)
    /// Between two transactions, for those that wait.
    private static let pause = Duration.milliseconds(100)

    let database: any SQLDatabase
    let cache: DirectoryCache
    /// For how long alerts are kept, 0 for ever.
    let months: Int
    let now: Clock
    let logger: Logger

    public init(
        database: any SQLDatabase, cache: DirectoryCache, months: Int, now: @escaping Clock, logger: Logger
    ) {
        self.database = database
        self.cache = cache
        self.months = months
        self.now = now
        self.logger = logger
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    if try await takeTurn() { try await work() }
                } catch {
                    if !Task.isCancelled {
                        logger.warning(
                            "what has been kept long enough is let go later", metadata: ["error": "\(error)"])
                    }
                }
                // Fails when the task is cancelled, which the condition sees.
                try? await Task.sleep(for: Self.pollInterval)
            }
        }
    }

    private func takeTurn() async throws -> Bool {
        let now = now()
        return try await database.retrying { connection in
            let next = now.advanced(by: Self.interval).milliseconds
            return try !connection.execute(
                """
                UPDATE retention_next SET next_at = \(next) WHERE id = 1 AND next_at <= \(now.milliseconds)
                RETURNING next_at
                """
            ).isEmpty
        }
    }

    /// One run, whoever's turn it is.
    @discardableResult
    func work() async throws -> RetentionRun.Outcome {
        let now = now()
        try await database.retrying { try MonthTables($0).prepare(at: now) }
        let view = try await cache.refreshed()
        let retention = Retention(
            months: months, monthsOfPlans: view.plans.compactMapValues(\.retentionMonths))
        let holds = try await database.reading { connection in
            let names = AuditNames(directory: view, connection: connection)
            return try Directory(connection).all(LegalHold.self).map { try names.query(of: $0) }
        }
        let outcome = try await RetentionRun(
            database: database, retention: retention, holds: holds, now: now
        ).run { try await Task.sleep(for: Self.pause) }
        if outcome != RetentionRun.Outcome() {
            logger.notice(
                "what has been kept long enough was let go",
                metadata: [
                    "alerts": "\(outcome.alerts)", "events": "\(outcome.events)", "held": "\(outcome.held)",
                    "months": "\(outcome.months)",
                ])
        }
        return outcome
    }
}
