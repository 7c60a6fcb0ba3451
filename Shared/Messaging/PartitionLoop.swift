import Logging
import Persistence
import ServiceLifecycle

/// Runs the same work for each partition that the group gives to this process, for as long as it is ours.
///
/// On SIGTERM the subscription is closed: every feed ends, the work finishes what it has begun, and the loop
/// returns.
public struct PartitionLoop: Service {
    /// Works on one partition until its feed ends. Called again, after a pause, when it throws.
    public typealias Work = @Sendable (any PartitionFeed) async throws -> Void

    let bus: any MessageBus
    let topics: [Topic]
    let group: ConsumerGroup
    let logger: Logger
    let work: Work

    public init(
        of topics: [Topic], as group: ConsumerGroup, bus: any MessageBus, logger: Logger, work: @escaping Work
    ) {
        self.bus = bus
        self.topics = topics
        self.group = group
        self.logger = logger
        self.work = work
    }

    public func run() async throws {
        let subscription = try await bus.subscribe(to: topics, as: group)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await withGracefulShutdownHandler {
                    await withDiscardingTaskGroup { owners in
                        for await feed in subscription.assignments { owners.addTask { await own(feed) } }
                    }
                } onGracefulShutdown: {
                    Task { await subscription.close() }
                }
            }
            await tasks.waitForAll()
        }
        await subscription.close()
    }

    private func own(_ feed: any PartitionFeed) async {
        logger.info("partition taken", metadata: ["topic": "\(feed.topic.name)", "partition": "\(feed.partition)"])
        await retryingForever(logger: logger, what: "\(feed.topic.name)/\(feed.partition)") { try await work(feed) }
        feed.release()
        logger.info("partition left", metadata: ["topic": "\(feed.topic.name)", "partition": "\(feed.partition)"])
    }
}

/// Runs `body` until it returns, with a pause of 50 ms to 5 s after each error, which is logged; or until the
/// task is cancelled.
public func retryingForever(
    logger: Logger, what: String, _ body: @Sendable () async throws -> Void
) async {
    var pause = Duration.milliseconds(50)
    while !Task.isCancelled {
        do {
            return try await body()
        } catch is CancellationError {
            return
        } catch {
            logger.warning("\(what) goes on after an error", metadata: ["error": "\(error)", "pause": "\(pause)"])
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }
}
