import AlertCore
import Foundation
import Logging
import Messaging
import Persistence
import TestSupport

@testable import Notifier

/// The delivery of planned notifications: a database, a bus, and channels that do as they are told.
struct DeliveryWorld: Sendable {
    typealias Notification = AlertCore.Notification

    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    static let partitions = 2
    static let bob = PersonReference(id: "p-bob", targetName: "bob", firstName: "Bob", lastName: "Smith")

    let database: any SQLDatabase
    let clock = TestClock(start)
    let bus: any MessageBus
    let registry: ScriptedChannels
    /// Instead of the registry.
    let channels: (any ChannelRegistry)?
    let storm: StormRule?
    /// What the notifier works with; fails where a test wants it to.
    let working: any SQLDatabase

    init(
        database: any SQLDatabase, storm: StormRule? = nil, registry: ScriptedChannels = ScriptedChannels(),
        channels: (any ChannelRegistry)? = nil, faults: [FaultyDatabase.Fault] = [],
        afterPublish: (@Sendable () async throws -> Void)? = nil
    ) {
        self.database = database
        self.storm = storm
        self.registry = registry
        self.channels = channels
        let bus = EmbeddedBus(database: database, partitionCount: Self.partitions)
        self.bus = afterPublish.map { InterruptedBus(bus: bus, afterPublish: $0) } ?? bus
        working = faults.isEmpty ? database : FaultyDatabase(database, faults: faults)
    }

    var notifier: Notifier {
        Notifier(
            bus: bus, database: working, directory: DirectoryCache(database: database, interval: .zero),
            registry: channels ?? registry, secrets: nil, linkKey: { .init(data: [UInt8](repeating: 1, count: 32)) },
            publicURL: "https://tocsin.example", storm: storm, now: clock.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Sends in all partitions while `body` runs.
    func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let lanes = ProviderLanes()
        let notifier = notifier
        let ended = Signal()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for partition in 0..<Self.partitions {
                let delivery = NotificationDelivery(
                    notifier, partition: partition, lanes: lanes, lease: .seconds(120), scheduled: Signal())
                tasks.addTask {
                    try await delivery.run {
                        while !ended.isSet { try await Task.sleep(for: .milliseconds(5)) }
                    }
                }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            ended.notify()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    /// Alerts with these numbers, each with a notification to one device that is due now.
    func plan(
        _ numbers: ClosedRange<Int>, priority: Priority = .medium, device: String = "d-bob",
        kind: Device.Kind = .email
    ) async throws {
        for chunk in stride(from: numbers.lowerBound, through: numbers.upperBound, by: 500) {
            try await database.transaction { [clock] connection in
                let range = chunk...min(chunk + 499, numbers.upperBound)
                try Alerts(connection).apply(
                    range.map { number in
                        let details = AlertDetails(
                            number: Int64(number), plan: NamedReference(id: "p", name: "P"),
                            form: NamedReference(id: "f", name: "F"), requestId: "r-\(number)", submitter: Self.bob,
                            priority: priority, subject: "Alert \(number)")
                        return ("a-\(number)", 1, [.created(details: details, at: clock.now)])
                    })
                for partition in 0..<Self.partitions {
                    let own = range.filter {
                        Partitioning.partition(of: "a-\($0)", count: Self.partitions) == partition
                    }
                    let commands = own.map { number -> AddressedCommand<Notification> in
                        var plan = Notification.Plan(
                            id: "n-\(number)", alert: "a-\(number)", alertNumber: Int64(number), recipient: Self.bob,
                            device: NamedReference(id: device, name: "Mail"), deviceNumber: 1,
                            address: "bob@example.org", dueAt: clock.now, reason: "named",
                            correlation: "r-\(number)")
                        plan.deviceType = kind.rawValue
                        return AddressedCommand(
                            .plan(plan), on: plan.id, by: Origin(actor: "t", causation: "t", correlation: "t"))
                    }
                    let outcomes = try EventLog(connection).execute(
                        commands, in: LogPartition(Notification.category, partition), at: clock.now)
                    try Notifications(connection).apply(outcomes, at: clock.now)
                    for outcome in outcomes {
                        try DueWork(connection).schedule(
                            outcome.id, kind: NotificationPlanner.dueKind, partition: partition, payload: "{}",
                            at: clock.now)
                    }
                }
            }
        }
    }

    /// How many notifications there are in each phase.
    func phases() async throws -> [Notification.Phase: Int] {
        try await database.reading { connection in
            let rows = try connection.execute("SELECT status, count(*) FROM notifications GROUP BY status")
            return Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    Notification.Phase(rawValue: row.text(0)).map { ($0, Int(row.integer(1))) }
                })
        }
    }

    func events(of id: String) async throws -> [Notification.Event] {
        try await database.reading { connection in
            try EventLog(connection).read(streams: ["notification-\(id)"]).map { try EventCodec.decode($0.data) }
        }
    }

    func row(_ id: String) async throws -> NotificationRow? {
        try await database.reading { try Notifications($0).get([id]).first }
    }

    /// What alerts have been told, by notification.
    func reports() async throws -> [String: DeviceDelivery.Status] {
        try await database.reading { connection in
            var reports: [String: DeviceDelivery.Status] = [:]
            for row in try connection.execute("SELECT body FROM bus_messages WHERE topic = 'alert-commands'") {
                let message: AlertCommandMessage = try JSON.decode(row.text(0))
                if case .recordDelivery(let delivery) = message.command { reports[delivery.id] = delivery.status }
            }
            return reports
        }
    }
}

/// Something happens before whoever publishes goes on.
struct InterruptedBus: MessageBus {
    let bus: EmbeddedBus
    let afterPublish: @Sendable () async throws -> Void

    var partitions: Partitions { bus.partitions }

    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        try await bus.publish(messages, to: topic)
        try await afterPublish()
    }

    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        try await bus.subscribe(to: topics, as: group)
    }

    func checkReadiness() async throws { try await bus.checkReadiness() }

    func close() async { await bus.close() }
}

/// Providers that answer as a test wants, and remember what they were given.
final class ScriptedChannels: ChannelRegistry, @unchecked Sendable {  // `taken` under `lock` only
    typealias Answer = @Sendable (ChannelMessage, NotificationProvider) async throws -> String

    let providers: [NotificationProvider]
    private let answer: Answer
    private let lock = NSLock()
    private var taken: [(provider: String, message: ChannelMessage)] = []

    init(
        _ providers: [NotificationProvider] = [
            NotificationProvider(id: "one", name: "One", kind: .smtp, deviceTypes: [.email])
        ],
        answer: @escaping Answer = { _, _ in "ok" }
    ) {
        self.providers = providers
        self.answer = answer
    }

    var all: [(provider: String, message: ChannelMessage)] { lock.withLock { taken } }

    func route(for plan: AlertCore.Notification.Plan, among configured: [NotificationProvider])
        -> [NotificationProvider]
    {
        NotificationProvider.route(for: plan.kindOfDevice, wanted: plan.provider, among: providers)
    }

    func channel(for provider: NotificationProvider) -> any NotificationChannel {
        Channel(provider: provider, all: self)
    }

    private struct Channel: NotificationChannel {
        let provider: NotificationProvider
        let all: ScriptedChannels

        func send(_ message: ChannelMessage) async throws -> String {
            all.lock.withLock { all.taken.append((provider.id, message)) }
            return try await all.answer(message, provider)
        }
    }
}
