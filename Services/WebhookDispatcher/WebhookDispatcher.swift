import AlertCore
import Endpoints
import Logging
import Messaging
import Persistence
import Scripting
import ServiceLifecycle

public struct WebhookDispatcherSettings: Sendable {
    /// How long an attempt may take in all.
    public var timeout: Duration
    /// How long a delivery may be in memory before it is parked, so that reading goes on.
    public var parkAfter: Duration
    /// After how long of nothing but failures an integration is taken out of service; `nil` for never.
    public var disableAfter: Duration?

    public init(timeout: Duration, parkAfter: Duration, disableAfter: Duration? = nil) {
        self.timeout = timeout
        self.parkAfter = parkAfter
        self.disableAfter = disableAfter
    }

    /// How long any attempt can take.
    var longestTimeout: Duration { max(timeout, .seconds(DeliverySettings.timeoutRange.upperBound)) }
}

/// Sends what happens to alerts to the outbound integrations that want it.
public struct WebhookDispatcher: Service {
    static let group = ConsumerGroup("webhook-dispatcher")
    /// How many deliveries of one partition may be in memory.
    private static let openLimit = 4000
    /// Longer than a step of a replay takes.
    private static let orderLease = Duration.seconds(30)

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let secrets: SecretBox
    let client: EndpointClient
    let scripts: OutboundScripts
    let settings: WebhookDispatcherSettings
    let now: Clock
    let logger: Logger

    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache, secrets: SecretBox,
        client: EndpointClient, engine: any ScriptEngine, limits: ScriptLimits, settings: WebhookDispatcherSettings,
        now: @escaping Clock, logger: Logger
    ) {
        self.bus = bus
        self.database = database
        self.directory = directory
        self.secrets = secrets
        self.client = client
        scripts = OutboundScripts(engine: engine, client: client, limits: limits, now: now)
        self.settings = settings
        self.now = now
        self.logger = logger
    }

    public func run() async throws {
        let topics: [Topic] = [.alertEvents, .webhookDeliveries]
        try await PartitionLoop(of: topics, as: Self.group, bus: bus, logger: logger) { feed in
            if feed.topic == .alertEvents { try await fanOut(feed) } else { try await deliver(feed) }
        }.run()
    }

    private func fanOut(_ feed: any PartitionFeed) async throws {
        try await ConsumerLoop(
            FanOut(bus: bus, database: database, directory: directory, now: now, logger: logger), feed: feed,
            as: Self.group,
            database: database, now: now, logger: logger
        ).run()
    }

    private func deliver(_ feed: any PartitionFeed) async throws {
        let writer = DeliveryWriter(partition: feed.partition)
        let scheduled = Signal()
        let inHand = DeliveriesInHand()
        let recorder = PartitionRecorder<DeliveryRecord>(
            feed: feed, as: Self.group, database: database, openLimit: Self.openLimit, logger: logger,
            write: writer.write
        ) { records in
            writer.confirm()
            // First let go of them, then wake those who may take them up again.
            inHand.written(records.map(\.request.id))
            if records.contains(where: { $0.due != nil || $0.releasesNext }) { scheduled.notify() }
        }
        let runner = AttemptRunner(client: client, scripts: scripts, timeout: settings.timeout, now: now)
        let lanes = DeliveryLanes(
            recorder: recorder, inHand: inHand, database: database, directory: directory, secrets: secrets,
            runner: runner, settings: settings, now: now,
            logger: logger)
        let retries = DueWorkLoop(
            kind: DeliveryWriter.dueKind, partition: feed.partition, lease: settings.longestTimeout + .seconds(30),
            database: database, signal: scheduled, now: now, logger: logger
        ) { items in try await lanes.retry(items.map(\.id)) }
        let orders = DueWorkLoop(
            kind: DeliveryOrders.dueKind, partition: feed.partition, lease: Self.orderLease, database: database,
            signal: Signal(), now: now, logger: logger
        ) { items in try await carryOut(items, by: lanes, partition: feed.partition) }
        let sweep = DeliverySweep(database: database, partitions: bus.partitions, now: now, logger: logger)
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await lanes.watch() }
                tasks.addTask { await retries.run() }
                tasks.addTask { await orders.run() }
                // One looks after all partitions.
                if feed.partition == 0 { tasks.addTask { await sweep.run() } }
                try await recorder.run { messages in
                    try await lanes.admit(recorder.understood(messages, at: now))
                }
                tasks.cancelAll()
            }
        } catch {
            await lanes.stop()
            throw error
        }
        await lanes.stop()
    }

    /// What people want done, and steps of replays.
    private func carryOut(_ items: [DueWork.Item], by lanes: DeliveryLanes, partition: Int) async throws {
        let runner = ReplayRunner(
            bus: bus, database: database, directory: directory, partition: partition, now: now, logger: logger)
        var orders: [String: (order: DeliveryOrder, payload: String)] = [:]
        for item in items {
            let order: DeliveryOrder = try JSON.decode(item.payload)
            if order == .replay { try await runner.step(item.id) } else { orders[item.id] = (order, item.payload) }
        }
        if !orders.isEmpty { try await lanes.carryOut(orders) }
    }
}
