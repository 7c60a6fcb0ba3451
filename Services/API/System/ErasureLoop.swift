import AlertCore
import Logging
import Persistence
import ServiceLifecycle

/// Moves erasures on. Several processes can do so: each takes one at a time.
public struct ErasureLoop: Service {
    private static let pause = Duration.seconds(2)
    /// After something went wrong.
    private static let longPause = Duration.seconds(30)

    let runner: ErasureRunner
    let logger: Logger

    public init(database: any SQLDatabase, secrets: SecretBox, now: @escaping Clock, logger: Logger) {
        runner = ErasureRunner(database: database, secrets: secrets, now: now)
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var pause = Self.pause
                do {
                    if try await runner.runNext() { logger.info("erasure moved on") }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("erasure did not move on", metadata: ["error": "\(error)"])
                    pause = Self.longPause
                }
                // Ends early only when the loop ends.
                try? await Task.sleep(for: pause)
            }
        }
    }
}
