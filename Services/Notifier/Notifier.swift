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
    /// Longer than a mail server can take.
    private static let lease = Duration.seconds(120)

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let channel: any NotificationChannel
    let linkKey: @Sendable () -> SymmetricKey
    let publicURL: String
    let flood: NotificationFloodControl
    let calls: FurtherCalls?
    let now: Clock
    let logger: Logger

    /// - Parameters:
    ///   - linkKey: Gives the key that signs the links by which people answer, as it is at the moment.
    ///   - flood: The limit on notifications of alerts whose integration or workflow has flood control.
    ///   - calls: Makes the second and further calls about a notification; without it there are none.
    ///   - publicURL: Where people reach the console, without a slash at the end.
    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache, channel: any NotificationChannel,
        linkKey: @escaping @Sendable () -> SymmetricKey, publicURL: String,
        flood: NotificationFloodControl = NotificationFloodControl(), calls: FurtherCalls? = nil, now: @escaping Clock,
        logger: Logger
    ) {
        self.bus = bus
        self.database = database
        self.directory = directory
        self.channel = channel
        self.linkKey = linkKey
        self.publicURL = publicURL
        self.flood = flood
        self.calls = calls
        self.now = now
        self.logger = logger
    }

    public func run() async throws {
        try await PartitionLoop(of: [.alertEvents], as: Self.group, bus: bus, logger: logger, work: own).run()
    }

    private func own(_ feed: any PartitionFeed) async throws {
        let scheduled = Signal()
        let escalations = EscalationLoops(self, partition: feed.partition, scheduled: scheduled)
        let consumer = ConsumerLoop(
            NotificationPlanner(directory: directory, now: now) {
                scheduled.notify()
                escalations.notify()
            }, feed: feed, as: Self.group,
            database: database, now: now, logger: logger)
        let sender = NotificationSender(
            partition: feed.partition, channel: channel, bus: bus, database: database,
            composer: MessageComposer(database: database, linkKey: linkKey, publicURL: publicURL),
            flood: flood, now: now, logger: logger)
        let due = DueWorkLoop(
            kind: NotificationPlanner.dueKind, partition: feed.partition, lease: Self.lease, database: database,
            signal: scheduled, now: now, logger: logger, perform: sender.send)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await due.run() }
            if let again = furtherCalls(in: feed.partition, composer: sender.composer) {
                tasks.addTask { await again.run() }
            }
            tasks.addTask { await escalations.run() }
            try await consumer.run()
            tasks.cancelAll()
        }
    }

    private func furtherCalls(in partition: Int, composer: MessageComposer) -> DueWorkLoop? {
        calls.map { calls in
            DueWorkLoop(
                kind: CallAgain.dueKind, partition: partition, lease: Self.lease, database: database,
                signal: Signal(), now: now, logger: logger
            ) { items in
                try await calls.make(items, partition: partition, compose: composer.compose)
            }
        }
    }
}
