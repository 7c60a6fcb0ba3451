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

    let runner: RequestRunner
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
        runner = RequestRunner(
            bus: bus, database: database, directory: directory, engine: engine, client: client, secrets: secrets,
            limits: limits, flood: TriggerFlood(database: database), numbers: AlertNumbers(database: database), now: now
        )
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
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await requests.watch() }
            tasks.addTask { await again.run() }
            try await recorder.run { messages in
                var understood: [Received<InboundRequestMessage>] = []
                for message in messages {
                    do {
                        understood.append(Received(message: message, payload: try message.decode()))
                    } catch {
                        let letter = message.deadLetter(feed, reason: "\(error)", at: now())
                        try await database.retrying { try DeadLetters($0).add(letter) }
                        recorder.finish(message.offset, with: [])
                    }
                }
                try await requests.admit(understood)
            }
            tasks.cancelAll()
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

/// The requests of one partition that are being run.
actor RunningRequests {
    /// How long a run may hold its message.
    private static let parkAfter = Duration.seconds(2)
    /// For how long a run that takes longer is left alone without word of it; the word comes every third of that.
    private static let lease = Duration.seconds(30)

    private struct Running {
        let message: InboundRequestMessage
        var offset: Int64?
        let startedAt: Timestamp
        /// When word of it was last written; `nil` while it holds its message, and for what came from due work.
        var parkedAt: Timestamp?
        let task: Task<Void, Never>

        /// Whether it is time to write that the run goes on.
        func needsWord(at now: Timestamp, after: Duration, every: Duration) -> Bool {
            if let parkedAt { return now.since(parkedAt) >= every }
            return offset != nil && now.since(startedAt) >= after
        }
    }

    private let runner: RequestRunner
    private let recorder: PartitionRecorder<ActivityRecord>
    private let database: any SQLDatabase
    private let now: Clock
    private let logger: Logger
    private var running: [String: Running] = [:]

    init(
        runner: RequestRunner, recorder: PartitionRecorder<ActivityRecord>, database: any SQLDatabase,
        now: @escaping Clock, logger: Logger
    ) {
        self.runner = runner
        self.recorder = recorder
        self.database = database
        self.now = now
        self.logger = logger
    }

    /// Takes messages from the topic; those whose requests are recorded already are passed over.
    func admit(_ messages: [Received<InboundRequestMessage>]) async throws {
        let ids = messages.map(\.payload.requestId)
        let known = try await database.reading { try Activities($0).statuses(of: ids) }
        for message in messages {
            let request = message.payload
            if known[request.requestId] != nil || running[request.requestId] != nil {
                recorder.finish(message.message.offset, with: [])
            } else {
                start(request, offset: message.message.offset)
            }
        }
    }

    /// Takes up requests whose run has been lost.
    func runAgain(_ items: [DueWork.Item]) throws {
        for item in items where running[item.id] == nil {
            start(try JSON.decode(item.payload), offset: nil)
        }
    }

    /// Lets go of the messages of those that take long, and says of these that they go on, until cancelled.
    func watch() async {
        while !Task.isCancelled {
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: Self.parkAfter / 4)
            let moment = now()
            for (id, entry) in running where entry.needsWord(at: moment, after: Self.parkAfter, every: Self.lease / 3) {
                // The message came as JSON: it goes back to it.
                guard let message = try? JSON.encode(entry.message) else { continue }
                running[id]?.offset = nil
                running[id]?.parkedAt = moment
                recorder.finish(
                    entry.offset,
                    with: [
                        .parked(
                            entry.message.activity(by: ""), message: message, until: moment.advanced(by: Self.lease))
                    ])
            }
        }
    }

    /// Ends what is running: it comes again, here or elsewhere.
    func stop() { running.values.forEach { $0.task.cancel() } }

    private func start(_ message: InboundRequestMessage, offset: Int64?) {
        let task = Task { [runner, logger] in
            // What fails for now is tried until it works; the request has been accepted.
            await retryingForever(logger: logger, what: "request \(message.requestId)") {
                let activity = try await runner.run(message)
                try Task.checkCancellation()
                await self.end(activity)
            }
        }
        running[message.requestId] = Running(
            message: message, offset: offset, startedAt: now(), parkedAt: nil, task: task)
    }

    private func end(_ activity: Activity) {
        guard let entry = running.removeValue(forKey: activity.requestId) else { return }
        recorder.finish(entry.offset, with: [.ended(activity)])
        Counter(
            label: "tocsin_inbound_runs_total", dimensions: [("status", activity.status.rawValue.lowercased())]
        ).increment()
        logger.info(
            "inbound request",
            metadata: [
                "request": "\(activity.requestId)", "integration": "\(activity.integration)",
                "status": "\(activity.status.rawValue)", "alerts": "\(activity.alerts.map(\.number))",
                "milliseconds": "\(activity.durationMilliseconds)", "problem": "\(activity.problem?.message ?? "")",
            ])
    }
}
