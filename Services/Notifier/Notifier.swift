import AlertCore
import Answers
import Crypto
import Logging
import Messaging
import Persistence
import ServiceLifecycle

/// Ours, not Foundation's.
typealias Notification = AlertCore.Notification

/// Tells people about alerts.
public struct Notifier: Service {
    static let group = ConsumerGroup("notifier")
    /// Longer than a provider can take.
    private static let lease = Duration.seconds(120)

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let registry: any ChannelRegistry
    let secrets: SecretBox?
    let linkKey: @Sendable () -> SymmetricKey
    let publicURL: String
    let flood: NotificationFloodControl
    let calls: FurtherCalls?
    let storm: StormRule?
    let takesMailReplies: Bool
    let now: Clock
    let logger: Logger
    private let lanes = ProviderLanes()

    /// - Parameters:
    ///   - registry: Who can reach which devices.
    ///   - secrets: Opens the addresses of devices that are sealed.
    ///   - linkKey: Gives the key that signs the links by which people answer, as it is at the moment.
    ///   - calls: Makes the second and further calls about a notification; without it there are none.
    ///   - publicURL: Where people reach the console, without a slash at the end.
    ///   - flood: The limit on notifications of alerts whose integration or workflow has flood control.
    ///   - storm: The limit on messages to one device; `nil` for none.
    ///   - takesMailReplies: Whether mails can be answered by replies, which they then say.
    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache, registry: any ChannelRegistry,
        secrets: SecretBox?, linkKey: @escaping @Sendable () -> SymmetricKey, publicURL: String,
        flood: NotificationFloodControl = NotificationFloodControl(), storm: StormRule?, calls: FurtherCalls? = nil,
        takesMailReplies: Bool = false, now: @escaping Clock, logger: Logger
    ) {
        self.bus = bus
        self.database = database
        self.directory = directory
        self.registry = registry
        self.secrets = secrets
        self.linkKey = linkKey
        self.publicURL = publicURL
        self.flood = flood
        self.storm = storm
        self.calls = calls
        self.takesMailReplies = takesMailReplies
        self.now = now
        self.logger = logger
    }

    /// With one channel for every device, and no limit on storms.
    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache, channel: any NotificationChannel,
        linkKey: @escaping @Sendable () -> SymmetricKey, publicURL: String,
        flood: NotificationFloodControl = NotificationFloodControl(), calls: FurtherCalls? = nil, now: @escaping Clock,
        logger: Logger
    ) {
        self.init(
            bus: bus, database: database, directory: directory, registry: OnlyChannel(channel), secrets: nil,
            linkKey: linkKey, publicURL: publicURL, flood: flood, storm: nil, calls: calls, now: now, logger: logger)
    }

    public func run() async throws {
        try await PartitionLoop(of: [.alertEvents], as: Self.group, bus: bus, logger: logger, work: own).run()
    }

    private func own(_ feed: any PartitionFeed) async throws {
        let scheduled = Signal()
        let escalations = EscalationLoops(self, partition: feed.partition, scheduled: scheduled)
        let consumer = ConsumerLoop(
            NotificationPlanner(directory: directory, now: now, moved: escalations.notify), feed: feed, as: Self.group,
            database: database, now: now, logger: logger)
        let delivery = NotificationDelivery(
            self, partition: feed.partition, lanes: lanes, lease: Self.lease, scheduled: scheduled)
        try await delivery.run {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await escalations.run() }
                try await consumer.run()
                tasks.cancelAll()
            }
        }
    }
}

/// All that brings the notifications of one partition to their devices.
struct NotificationDelivery: Sendable {
    /// How long the last outcomes may take to be written when the partition is given away.
    private static let recordTime = Duration.seconds(8)

    private let sender: NotificationSender
    private let recorder: OutcomeRecorder
    private let loops: [DueWorkLoop]

    init(_ notifier: Notifier, partition: Int, lanes: ProviderLanes, lease: Duration, scheduled: Signal) {
        let composer = MessageComposer(
            database: notifier.database, directory: notifier.directory, secrets: notifier.secrets,
            linkKey: notifier.linkKey, publicURL: notifier.publicURL, takesReplies: notifier.takesMailReplies)
        let parts = SenderParts(
            registry: notifier.registry, database: notifier.database, directory: notifier.directory,
            composer: composer, now: notifier.now, logger: notifier.logger)
        let digestScheduled = Signal()
        let inHand = NotificationsInHand()
        let partitions = notifier.bus.partitions
        recorder = OutcomeRecorder(
            parts: parts, partition: partition,
            reports: NotificationReports(bus: notifier.bus, database: notifier.database), inHand: inHand,
            scheduled: scheduled)
        sender = NotificationSender(
            parts: parts,
            admission: NotificationAdmission(
                parts: parts, partition: partition, partitions: partitions, flood: notifier.flood,
                storm: notifier.storm, digestScheduled: digestScheduled), recorder: recorder, lanes: lanes,
            inHand: inHand)
        let digests = DigestLoop(
            parts: parts, partition: partition, partitions: partitions, scheduled: scheduled)
        func loop(
            _ kind: String, _ signal: Signal, _ perform: @escaping @Sendable ([DueWork.Item]) async throws -> Void
        ) -> DueWorkLoop {
            DueWorkLoop(
                kind: kind, partition: partition, lease: lease, database: notifier.database, signal: signal,
                now: notifier.now, logger: notifier.logger, perform: perform)
        }
        var loops = [
            loop(NotificationPlanner.dueKind, scheduled, sender.take),
            loop(NotificationWords.wordKind, Signal()) { [sender] items in
                try await sender.takeUpAgain(items, partition: partition)
                scheduled.notify()
            },
            loop(DigestLoop.dueKind, digestScheduled, digests.close),
        ]
        if let calls = notifier.calls {
            loops.append(
                loop(CallAgain.dueKind, Signal()) { items in
                    try await calls.make(items, partition: partition, compose: composer.compose)
                })
        }
        self.loops = loops
    }

    /// Sends for as long as `body` runs; then finishes what has begun, and writes what came of it. Both in tasks of
    /// their own: that this one is cancelled is no reason to break off a call, or to forget its outcome.
    func run(while body: @escaping @Sendable () async throws -> Void) async throws {
        let recording = Task { await recorder.run() }
        let sending = Task { await sender.run() }
        let result = await Result { try await send(while: body) }
        sender.finish()
        await sending.value
        recorder.finish()
        // What cannot be written in time is sent again when its lease ends, and marked as a repetition.
        let limit = Task {
            try await Task.sleep(for: Self.recordTime)
            recording.cancel()
        }
        await recording.value
        limit.cancel()
        try result.get()
    }

    private func send(while body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for loop in loops { tasks.addTask { await loop.run() } }
            try await body()
            tasks.cancelAll()
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
