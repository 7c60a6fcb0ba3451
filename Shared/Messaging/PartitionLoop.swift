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

    /// - Throws: ``GroupLost`` when the bus ends the membership by itself: the process has to be started anew.
    public func run() async throws {
        let subscription = try await bus.subscribe(to: topics, as: group)
        let closing = Signal()
        let isLost = await withTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                await withGracefulShutdownHandler {
                    await ownAll(subscription)
                } onGracefulShutdown: {
                    closing.notify()
                    Task { await subscription.close() }
                }
                return !closing.isSet && !Task.isCancelled
            }
            return await tasks.next() ?? false
        }
        await subscription.close()
        if isLost { throw GroupLost(group: group.name) }
    }

    private func ownAll(_ subscription: any Subscription) async {
        await withDiscardingTaskGroup { owners in
            for await feed in subscription.assignments { owners.addTask { await own(feed) } }
        }
    }

    private func own(_ feed: any PartitionFeed) async {
        logger.info("partition taken", metadata: ["topic": "\(feed.topic.name)", "partition": "\(feed.partition)"])
        await retryingForever(logger: logger, what: "\(feed.topic.name)/\(feed.partition)") { try await work(feed) }
        feed.release()
        logger.info("partition left", metadata: ["topic": "\(feed.topic.name)", "partition": "\(feed.partition)"])
    }
}

/// The broker no longer takes this process for a member of the group, as when another one has its name.
public struct GroupLost: Error, CustomStringConvertible {
    public let group: String
    public var description: String { "the membership in the group \(group) was lost" }
}

/// An error after which trying again can be pointless.
public protocol FatalError: Error {
    var isFatal: Bool { get }
}

/// Runs `body` until it returns, with a pause of 50 ms to 5 s after each error, which is logged; or until the
/// task is cancelled, or the error is fatal.
public func retryingForever(
    logger: Logger, what: String, _ body: @Sendable () async throws -> Void
) async {
    _ = await retryingForever(logger: logger, what: what) { _ in try await body() }
}

/// The same for a body that gives something, and learns how many tries were there before.
/// - Returns: `nil` when the task was cancelled or the error was fatal.
public func retryingForever<Value: Sendable>(
    logger: Logger, what: String, _ body: @Sendable (_ tries: Int) async throws -> Value
) async -> Value? {
    var pause = Duration.milliseconds(50)
    var tries = 0
    while !Task.isCancelled {
        do {
            return try await body(tries)
        } catch is CancellationError {
            return nil
        } catch let error as any FatalError where error.isFatal {
            logger.critical("\(what) has ended", metadata: ["error": "\(error)"])
            return nil
        } catch {
            logger.warning("\(what) goes on after an error", metadata: ["error": "\(error)", "pause": "\(pause)"])
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
            tries += 1
        }
    }
    return nil
}
