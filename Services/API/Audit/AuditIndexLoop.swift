import Logging
import Persistence
import ServiceLifecycle

/// Keeps the index of the event log up to date, at most a quarter of the time: searches do the rest themselves.
public struct AuditIndexLoop: Service {
    /// Between two looks when there was nothing new.
    private static let pause = Duration.seconds(2)
    private static let pauseAfterError = Duration.seconds(10)

    let indexer: AuditIndexer
    let logger: Logger

    public init(database: any SQLDatabase, logger: Logger) {
        indexer = AuditIndexer(database: database)
        self.logger = logger
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Ends only by being cancelled, which the condition sees.
                try? await Task.sleep(for: await step())
            }
        }
    }

    /// - Returns: How long to wait before the next one.
    private func step() async -> Duration {
        let began = ContinuousClock.now
        do {
            let progress = try await indexer.advance()
            return progress.isComplete ? Self.pause : (ContinuousClock.now - began) * 3
        } catch {
            if !Task.isCancelled {
                logger.warning("the event log could not be indexed; tried again soon", metadata: ["error": "\(error)"])
            }
            return Self.pauseAfterError
        }
    }
}
