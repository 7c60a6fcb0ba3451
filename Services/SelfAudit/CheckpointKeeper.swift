import AlertCore
import Logging
import Metrics
import Persistence

/// Signs from time to time how far the event log is, and keeps what was signed in a table and, if there is one, in a
/// file. Of several processes the first that is there makes each checkpoint; each appends all of them to its own file.
public struct CheckpointKeeper: Sendable {
    /// How often it looks whether a checkpoint is due, at the least.
    private static let longestPause = Duration.seconds(15)
    private static let batch = 500

    private let database: any SQLDatabase
    private let secrets: SecretBox
    private let interval: Duration
    private let file: CheckpointFile?
    private let now: Clock
    private let logger: Logger

    /// - Parameters:
    ///   - interval: Between two checkpoints.
    ///   - file: A path; `nil` for the table only.
    public init(
        database: any SQLDatabase, secrets: SecretBox, interval: Duration, file: String?, now: @escaping Clock,
        logger: Logger
    ) {
        self.database = database
        self.secrets = secrets
        self.interval = interval
        self.file = file.map(CheckpointFile.init)
        self.now = now
        self.logger = logger
    }

    func run() async {
        while !Task.isCancelled {
            do {
                try await keep()
            } catch {
                Counter(label: "tocsin_audit_checkpoint_failures_total").increment()
                logger.warning("no checkpoint of the log could be kept", metadata: ["error": "\(error)"])
            }
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: min(interval, Self.longestPause))
        }
    }

    /// Makes a checkpoint when it is time, and brings the file up to date.
    func keep() async throws {
        let at = now()
        do {
            let made = try await database.transaction { [secrets, interval] connection in
                try AuditCheckpoints(connection).makeIfDue(every: interval, by: secrets, at: at)
            }
            if made != nil { Counter(label: "tocsin_audit_checkpoints_total").increment() }
        } catch let error as StoreError where error.code == .versionConflict {
            // Another process has just made it.
        }
        guard let file else { return }
        while true {
            let last = try file.lastNumber()
            let fresh = try await database.reading { try AuditCheckpoints($0).after(last, limit: Self.batch) }
            try file.append(fresh)
            if fresh.count < Self.batch { return }
        }
    }
}
