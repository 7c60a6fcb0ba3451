import AlertCore
import Logging
import Persistence

/// Deletes activities when they are old enough. Several processes may do so at the same time.
struct ActivityCleaning: Sendable {
    /// How many are deleted in one transaction.
    private static let batch = 500
    private static let interval = Duration.seconds(600)
    /// Between two transactions: requests go first.
    private static let pause = Duration.milliseconds(200)

    let kept: Duration
    let database: any SQLDatabase
    let now: Clock
    let logger: Logger

    /// Until cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await clean()
            } catch {
                logger.warning("activities stay for longer after an error", metadata: ["error": "\(error)"])
            }
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Deletes all that is old enough.
    func clean() async throws {
        let limit = Timestamp(milliseconds: max(0, now().milliseconds - kept.milliseconds))
        while try await database.retrying({ connection in
            try Activities(connection).delete(receivedBefore: limit, limit: Self.batch)
        }) == Self.batch { try await Task.sleep(for: Self.pause) }
    }
}
