import AlertCore
import Endpoints
import Logging
import Messaging
import Metrics
import Persistence
import Scripting
import ServiceLifecycle

/// Takes accepted requests and does with each what its integration says, many at a time: a request that takes long
/// holds up no other.
public struct Transformer: Service {
    static let group = ConsumerGroup("transformer")
    /// How many requests of one partition may be in memory.
    private static let openLimit = 1000
    /// For how long scheduled messages that are being sent are left alone: more than a hundred of them take.
    private static let sendingLease = Duration.seconds(120)

    let runner: RequestRunner
    let scheduled: ScheduledSending
    let bus: any MessageBus
    let database: any SQLDatabase
    /// How long a run can take at most.
    let runTime: Duration
    /// For how long activities are kept.
    let kept: Duration
    let now: Clock
    let logger: Logger

    /// - Parameters:
    ///   - client: For the calls of scripts.
    ///   - limits: For one run of a script.
    ///   - kept: For how long what came of a request can be looked at.
    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache, secrets: SecretBox,
        engine: any ScriptEngine, client: EndpointClient, limits: ScriptLimits, kept: Duration,
        now: @escaping Clock, logger: Logger
    ) {
        let numbers = AlertNumbers(database: database)
        runner = RequestRunner(
            database: database, directory: directory, engine: engine, client: client, secrets: secrets,
            limits: limits, flood: TriggerFlood(database: database), numbers: numbers,
            sender: AlertSender(numbers: numbers, bus: bus), now: now)
        scheduled = ScheduledSending(
            bus: bus, database: database, directory: directory, secrets: secrets, now: now, logger: logger)
        self.bus = bus
        self.database = database
        runTime = max(limits.time, limits.totalTime) + .seconds(60)
        self.kept = kept
        self.now = now
        self.logger = logger
    }

    public func run() async throws {
        let cleaning = ActivityCleaning(kept: kept, database: database, now: now, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await cleaning.run() }
            defer { tasks.cancelAll() }
            try await PartitionLoop(of: [.inboundRequests], as: Self.group, bus: bus, logger: logger, work: own).run()
        }
    }

    private func own(_ feed: any PartitionFeed) async throws {
        let writer = ActivityWriter(partition: feed.partition)
        let recorder = PartitionRecorder<ActivityRecord>(
            feed: feed, as: Self.group, database: database, openLimit: Self.openLimit, logger: logger,
            write: writer.write)
        let requests = RunningRequests(
            runner: runner, recorder: recorder, database: database, now: now, logger: logger)
        let again = DueWorkLoop(
            kind: ActivityWriter.dueKind, partition: feed.partition, lease: runTime * 2, database: database,
            signal: Signal(), now: now, logger: logger
        ) { items in try await requests.runAgain(items) }
        let sending = DueWorkLoop(
            kind: ScheduledMessage.Firing.dueKind, partition: feed.partition, lease: Self.sendingLease,
            database: database, signal: Signal(), now: now, logger: logger
        ) { [scheduled] items in try await scheduled.send(items) }
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await requests.watch() }
                tasks.addTask { await again.run() }
                if feed.partition == ScheduledMessage.Firing.partition {
                    tasks.addTask { await sending.run() }
                }
                try await recorder.run { messages in
                    try await requests.admit(recorder.understood(messages, at: now))
                }
                tasks.cancelAll()
            }
        } catch {
            await requests.stop()
            throw error
        }
        await requests.stop()
    }
}

/// What has become of a request.
enum ActivityRecord: Sendable {
    case ended(Activity)
    /// It takes long: its message is done with, and should this process die, it is run again at that time.
    case parked(Activity, message: String, until: Timestamp)
}

/// Writes what has become of requests.
struct ActivityWriter: Sendable {
    static let dueKind = "inbound-request"

    let partition: Int

    func write(_ records: [ActivityRecord], in connection: any SQLConnection) throws {
        var ended: [String] = []
        for record in records {
            switch record {
            case .ended(let activity):
                try Activities(connection).put(activity)
                ended.append(activity.requestId)
            case .parked(let activity, let message, let until):
                try Activities(connection).put(activity)
                try DueWork(connection).schedule(
                    activity.requestId, kind: Self.dueKind, partition: partition, payload: message, at: until)
            }
        }
        try DueWork(connection).finish(ended, kind: Self.dueKind)
    }
}
