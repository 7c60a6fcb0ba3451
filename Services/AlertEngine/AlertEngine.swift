import AlertCore
import Logging
import Messaging
import Metrics
import Persistence
import ServiceLifecycle

/// Turns commands into the history of alerts, ends what expires, and brings every event out to `alert-events`.
public struct AlertEngine: Service {
    static let group = ConsumerGroup("alert-engine")
    /// Longer than one transaction can take.
    private static let timerLease = Duration.seconds(60)

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let flood: FloodLimit?
    let now: Clock
    let logger: Logger

    /// - Parameters:
    ///   - directory: Says who is told of a flood; one of its own by default.
    ///   - flood: How many alerts of one integration for the same recipients pass; `nil` for all.
    public init(
        bus: any MessageBus, database: any SQLDatabase, directory: DirectoryCache? = nil,
        flood: FloodLimit? = .alerts, now: @escaping Clock, logger: Logger
    ) {
        self.bus = bus
        self.database = database
        self.directory = directory ?? DirectoryCache(database: database)
        self.flood = flood
        self.now = now
        self.logger = logger
    }

    public func run() async throws {
        try await PartitionLoop(of: [.alertCommands], as: Self.group, bus: bus, logger: logger, work: own).run()
    }

    /// Everything that belongs to one partition, for as long as it is ours: commands in, timers, events out.
    private func own(_ feed: any PartitionFeed) async throws {
        let writer = AlertWriter(partition: feed.partition, flood: flood, now: now)
        let appended = Signal()
        let scheduled = Signal()
        let consumer = ConsumerLoop(
            CommandHandler(writer: writer, appended: appended, scheduled: scheduled), feed: feed, as: Self.group,
            database: database, now: now, logger: logger)
        let relay = LogRelay(
            LogPartition(Alert.category, feed.partition), to: .alertEvents, bus: bus, database: database,
            signal: appended, logger: logger
        ) { try AlertEventMessage.outgoing(of: $0) }
        let timers = DueWorkLoop(
            kind: AlertWriter.timerKind, partition: feed.partition, lease: Self.timerLease, database: database,
            signal: scheduled, now: now, logger: logger
        ) { [database] items in
            try await database.retrying { connection in
                try writer.write(items.map(\.expiry), in: connection)
                try DueWork(connection).finish(items.map(\.id), kind: AlertWriter.timerKind)
            }
            appended.notify()
        }
        let numbers = AlertNumbers(database: database)
        let systemAlerts = DueWorkLoop(
            kind: SystemAlert.dueKind, partition: feed.partition, lease: Self.timerLease, database: database,
            signal: scheduled, now: now, logger: logger,
            perform: SystemAlerts(bus: bus, database: database, numbers: numbers).make)
        let notices = DueWorkLoop(
            kind: FloodNotices.dueKind, partition: feed.partition, lease: Self.timerLease, database: database,
            signal: scheduled, now: now, logger: logger,
            perform: FloodNotices(bus: bus, database: database, directory: directory, numbers: numbers).send)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await relay.run() }
            tasks.addTask { await notices.run() }
            tasks.addTask { await systemAlerts.run() }
            tasks.addTask { await timers.run() }
            try await consumer.run()
            tasks.cancelAll()
        }
    }
}

/// Commands as they come from the other services.
struct CommandHandler: MessageHandler {
    let writer: AlertWriter
    let appended: Signal
    let scheduled: Signal

    func effects(of messages: [Received<AlertCommandMessage>], partition: Int) async throws -> Effects {
        let commands = messages.map(\.payload)
        return Effects { connection in
            let due = try writer.write(commands, in: connection)
            return {
                Counter(label: "tocsin_alert_commands_total").increment(by: commands.count)
                appended.notify()
                if let due { scheduled.notify(due: due, at: writer.now()) }
            }
        }
    }
}

extension DueWork.Item {
    /// The command for an alert whose time is over. The payload is the alert's request, the correlation of all.
    fileprivate var expiry: AlertCommandMessage {
        AlertCommandMessage(
            commandId: "expire-\(id)", alert: id, command: .expire,
            origin: Origin(actor: "<alert-engine>", causation: "expiry", correlation: payload))
    }
}
