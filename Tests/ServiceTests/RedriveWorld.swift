import AlertCore
import Endpoints
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import TestSupport

@testable import WebhookDispatcher

/// A dispatcher with outbound integrations, and a target that answers as a test wants.
struct RedriveWorld: Sendable {
    static let mary = PersonReference(id: "p", targetName: "mary", firstName: "M", lastName: "M")
    static let partitions = 2
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let database: any SQLDatabase
    let bus: EmbeddedBus
    let sink = TestSink()
    let port: Int
    let secrets = SecretBox(key: .init(size: .bits256))
    let now: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    let origin = Origin(actor: "mary", causation: "c", correlation: "r")

    /// - Parameter raises: The numbers of partitions that came after the first.
    init(_ backend: Backend, raises: [Int] = []) async throws {
        database = try await backend.makeDatabase()
        let partitions = Partitions(in: database, now: now, logger: Self.silent)
        try await database.transaction { [origin] connection in
            let schedules = PartitionSchedules(connection)
            let moment = Timestamp(milliseconds: 0)
            try schedules.begin(with: Self.partitions, at: moment)
            for count in raises {
                guard let last = try schedules.rows().last else { continue }
                try schedules.raise(to: count, after: last, since: moment, by: origin, at: moment)
            }
        }
        try await partitions.refresh()
        bus = EmbeddedBus(database: database, partitions: partitions)
        port = try await sink.start()
        let at = now()
        let port = port
        try await database.transaction { [origin] connection in
            let directory = Directory(connection)
            try directory.put(Plan(id: "plan", name: "Plan", created: at), by: origin, at: at)
            try directory.put(Form(id: "form", number: 1, plan: "plan", name: "Form"), by: origin, at: at)
            try directory.put(
                Endpoint(id: "e", plan: "plan", name: "Sink", url: "http://127.0.0.1:\(port)"), by: origin, at: at)
        }
    }

    func close() async {
        await sink.stop()
        await database.close()
    }

    /// An integration for the status of alerts, or its change.
    func put(
        _ id: String, path: String, schedule: [Int] = [], _ change: (inout Integration) -> Void = { _ in }
    ) async throws {
        var integration = Integration(
            id: id, plan: "plan", form: "form", name: id, integrationType: .outbound, operation: .sendWebhook,
            triggeredBy: .status, endpoint: "e", path: path,
            sealedSigningSecrets: [secrets.seal(RandomSecret.signingSecret(), for: .signingSecret(id))],
            retrySchedule: RetrySchedule(delays: schedule))
        change(&integration)
        let (wanted, at) = (integration, now())
        try await database.transaction { [origin] in try Directory($0).put(wanted, by: origin, at: at) }
    }

    func dispatcher(
        database: (any SQLDatabase)? = nil, directory: DirectoryCache? = nil
    ) throws -> WebhookDispatcher {
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        return WebhookDispatcher(
            bus: bus, database: database ?? self.database,
            directory: directory ?? DirectoryCache(database: self.database), secrets: secrets,
            client: EndpointClient(
                client: OutboundHTTPClient(policy: policy, userAgent: "test", logger: Self.silent), secrets: secrets,
                database: self.database, now: now, logger: Self.silent),
            engine: NoScripts(), limits: .init(),
            settings: WebhookDispatcherSettings(timeout: .seconds(20), parkAfter: .milliseconds(300)), now: now,
            logger: Self.silent)
    }

    func running(_ dispatcher: WebhookDispatcher? = nil, _ body: () async throws -> Void) async throws {
        let dispatcher = try dispatcher ?? self.dispatcher()
        let task = Task { try await dispatcher.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        task.cancel()
        _ = await task.result
        try result.get()
    }

    /// An alert's history: begun, suspended, resumed, ended.
    /// - Parameter isPublished: Whether the dispatcher is told.
    func addAlert(_ alert: String, _ number: Int64, isPublished: Bool = true) async throws {
        let details = AlertDetails(
            number: number, plan: NamedReference(id: "plan", name: "Plan"),
            form: NamedReference(id: "form", name: "Form"), requestId: "r-\(alert)", submitter: Self.mary,
            priority: .high)
        let commands: [Alert.Command] = [
            .create(details), .suspend(by: Self.mary), .resume(by: Self.mary), .terminate(by: Self.mary),
        ]
        let partition = LogPartition("alert", Partitioning.partition(of: alert, count: Self.partitions))
        let at = now()
        let events = try await database.retrying { [origin] connection in
            let outcomes = try EventLog(connection).execute(
                commands.map { AddressedCommand<Alert>($0, on: alert, by: origin) }, in: partition, at: at)
            try Alerts(connection).apply([(alert, 4, outcomes.flatMap(\.events))])
            return try EventLog(connection).read(streams: ["alert-\(alert)"])
        }
        guard isPublished else { return }
        try await bus.publish(events.map { try AlertEventMessage.outgoing(of: $0) }, to: .alertEvents)
    }

    func rows(_ integration: String) async throws -> [WebhookDeliveryRow] {
        var filter = DeliveryFilter()
        filter.integrations = [integration]
        return try await database.reading { [filter] in
            try WebhookDeliveries($0).list(filter, offset: 0, limit: 1000).rows
        }.sorted { ($0.alert, $0.sequence) < ($1.alert, $1.sequence) }
    }

    func statuses(_ integration: String) async throws -> [WebhookDelivery.Phase] {
        try await rows(integration).map(\.status)
    }

    func events(_ delivery: String) async throws -> [WebhookDelivery.Event] {
        try await database.reading {
            try EventLog($0).read(streams: ["delivery-\(delivery)"]).map { try EventCodec.decode($0.data) }
        }
    }

    func order(
        _ order: DeliveryOrder, isCancelling: Bool = false, rate: Int = 1000,
        _ change: @Sendable (inout DeliveryFilter) -> Void
    ) async throws -> Int {
        var filter = DeliveryFilter()
        change(&filter)
        let at = now()
        return try await database.retrying { [filter, bus] connection in
            let orders = DeliveryOrders(connection)
            let chosen = try orders.select(filter, isCancelling: isCancelling, limit: 1000)
            let schedule = try bus.partitions.schedule(in: connection)
            try orders.give(order, for: chosen.rows, rate: rate, schedule: schedule, at: at)
            return chosen.rows.count
        }
    }

    /// Begins a replay of everything.
    func replay(_ id: String, to integration: String, rate: Int = 500, includesSent: Bool = false) async throws {
        let at = now()
        try await database.retrying { connection in
            let replay = try Replays(connection).begin(
                id: id, integration: integration, since: Timestamp(milliseconds: 0), rate: rate,
                includesSent: includesSent, by: Self.mary, at: at)
            try Replays(connection).add(replay)
            try DueWork(connection).schedule(
                id, kind: DeliveryOrders.dueKind,
                partition: Partitioning.partition(of: integration, count: Self.partitions),
                payload: try JSON.encode(DeliveryOrder.replay), at: at)
        }
    }

    /// The statuses that arrived at a path, by alert.
    func arrived(_ path: String) async throws -> [Int64: [String]] {
        var all: [Int64: [String]] = [:]
        for body in await sink.bodies(at: path) {
            let payload = try JSON.decode(body, as: JSONValue.self)
            all[payload["eventIdentifier"]?.integer ?? 0, default: []].append(payload["status"]?.string ?? "")
        }
        return all
    }

    static let inOrder = ["active", "suspended", "active", "terminated_external"]
}
