import AlertCore
import Endpoints
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import Scripting
import ServiceLifecycle
import TestSupport
import Testing

@testable import WebhookDispatcher

/// The dispatcher as a whole, on every database, against a sink that misbehaves.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct WebhookDispatcherTests {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let now: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    let mary = PersonReference(id: "p", targetName: "mary", firstName: "M", lastName: "M")

    struct Setup: Sendable {
        let database: any SQLDatabase
        let bus: EmbeddedBus
        let sink: TestSink
        let port: Int
        let secrets: SecretBox
        let dispatcher: WebhookDispatcher
    }

    /// - Parameter paths: One integration for each.
    func setUp(
        _ backend: Backend, paths: [String], schedule: [Int] = [1, 1, 1], disableAfter: Duration? = nil,
        change: @escaping @Sendable (inout Integration) -> Void = { _ in }
    ) async throws -> Setup {
        let database = try await backend.makeDatabase()
        let bus = EmbeddedBus(database: database, partitionCount: 2)
        let sink = TestSink()
        let port = try await sink.start()
        let secrets = SecretBox(key: .init(size: .bits256))
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        let at = now()
        try await database.transaction { connection in
            let directory = Directory(connection)
            let owner = Person(
                id: "owner", targetName: "olga", firstName: "Olga", lastName: "O", roles: ["Developer"],
                whenCreated: at)
            _ = try directory.put(owner, by: origin, at: at)
            _ = try directory.put(
                Plan(id: "plan", name: "Plan", created: at, creator: "owner"), by: origin, at: at)
            _ = try directory.put(Form(id: "form", number: 1, plan: "plan", name: "Form"), by: origin, at: at)
            _ = try directory.put(
                Endpoint(id: "e", plan: "plan", name: "Sink", url: "http://127.0.0.1:\(port)"), by: origin, at: at)
            for path in paths {
                let id = "i" + path.replacing("/", with: "-")
                let secret = secrets.seal(RandomSecret.signingSecret(), for: .signingSecret(id))
                var integration = Integration(
                    id: id, plan: "plan", form: "form", name: path, integrationType: .outbound,
                    operation: .sendWebhook, triggeredBy: .status, endpoint: "e", path: path,
                    sealedSigningSecrets: [secret], retrySchedule: RetrySchedule(delays: schedule))
                change(&integration)
                _ = try directory.put(integration, by: origin, at: at)
            }
        }
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        let dispatcher = WebhookDispatcher(
            bus: bus, database: database, directory: DirectoryCache(database: database), secrets: secrets,
            client: EndpointClient(
                client: OutboundHTTPClient(policy: policy, userAgent: "test", logger: Self.silent), secrets: secrets,
                database: database, now: now, logger: Self.silent),
            engine: NoScripts(), limits: ScriptLimits(),
            settings: WebhookDispatcherSettings(
                timeout: .seconds(20), parkAfter: .milliseconds(300), disableAfter: disableAfter), now: now,
            logger: Self.silent)
        return Setup(
            database: database, bus: bus, sink: sink, port: port, secrets: secrets, dispatcher: dispatcher)
    }

    /// An alert's history: begun, suspended, resumed, ended.
    func publish(
        _ alert: String, _ number: Int64, on setup: Setup, callbacks: [AlertCallback] = []
    ) async throws {
        var details = AlertDetails(
            number: number, plan: NamedReference(id: "plan", name: "Plan"),
            form: NamedReference(id: "form", name: "Form"),
            requestId: "r-\(alert)", submitter: mary, priority: .high)
        details.callbacks = callbacks
        let begun = details
        let origin = Origin(actor: "mary", causation: "c", correlation: "r-\(alert)")
        let at = now()
        let commands: [Alert.Command] = [.create(begun), .suspend(by: mary), .resume(by: mary), .terminate(by: mary)]
        let partition = LogPartition("alert", Partitioning.partition(of: alert, count: 2))
        let events = try await setup.database.retrying { connection in
            let outcomes = try EventLog(connection).execute(
                commands.map { AddressedCommand<Alert>($0, on: alert, by: origin) }, in: partition, at: at)
            try Alerts(connection).apply([(alert, 4, outcomes.flatMap(\.events))])
            return try EventLog(connection).read(streams: ["alert-\(alert)"])
        }
        try await setup.bus.publish(events.map { try AlertEventMessage.outgoing(of: $0) }, to: .alertEvents)
    }

    func statuses(_ setup: Setup, _ path: String) async throws -> [String] {
        try await setup.sink.bodies(at: path).map { body in
            try JSON.decode(body, as: JSONValue.self)["status"]?.string ?? ""
        }
    }

    func running(_ setup: Setup, _ body: () async throws -> Void) async throws {
        let task = Task { try await setup.dispatcher.run() }
        try await body()
        task.cancel()
        _ = await task.result
    }

    let inOrder = ["active", "suspended", "active", "terminated_external"]

    @Test(arguments: Backend.available)
    func aHangingTargetHoldsUpNobody(on backend: Backend) async throws {
        let setup = try await setUp(backend, paths: ["/ok", "/hang"])
        try await running(setup) {
            try await publish("a", 1, on: setup)
            try await eventually { try await statuses(setup, "/ok") == inOrder }
            // The hanging one is parked with its reason, those behind it as well, and the topic is done with. On a
            // busy machine it is parked before it is begun.
            try await eventually("parked") {
                let rows = try await setup.database.reading { try WebhookDeliveries($0).ofAlert("a") }
                let reasons = rows.filter { $0.integration == "i-hang" }.map(\.reason)
                return ["slow", "busy"].contains(reasons.first ?? "")
                    && reasons.dropFirst() == ["behind", "behind", "behind"]
            }
            try await eventually("the checkpoint") {
                try await setup.database.reading { connection in
                    try (0..<2).map { partition in
                        try Checkpoint(
                            group: "webhook-dispatcher", partition: "webhook-deliveries/\(partition)", in: connection
                        ).next()
                    }.reduce(0, +) == 8
                }
            }
            #expect(await setup.sink.bodies(at: "/hang").count == 1)
        }
        await setup.sink.stop()
        await setup.database.close()
    }

    @Test(arguments: Backend.available)
    func aFailingTargetGetsEverythingInOrderWithTheSameIds(on backend: Backend) async throws {
        let setup = try await setUp(backend, paths: ["/fail/2"])
        try await running(setup) {
            try await publish("a", 1, on: setup)
            try await eventually("all of it", within: .seconds(40)) {
                await setup.sink.bodies(at: "/fail/2").count == 6
            }
            try await eventually("written") {
                let rows = try await setup.database.reading { try WebhookDeliveries($0).ofAlert("a") }
                return rows.map(\.status) == Array(repeating: .delivered, count: 4)
            }
        }
        #expect(try await statuses(setup, "/fail/2") == ["active", "active"] + inOrder)
        let ids = await setup.sink.ids(at: "/fail/2")
        #expect(Set(ids.prefix(3)).count == 1 && Set(ids).count == 4)
        await setup.sink.stop()
        await setup.database.close()
    }

    /// What the alert's own request asked for: in order, with its password, and no further attempt after a 410.
    @Test(arguments: Backend.available)
    func callbacksOfTheAlertItself(on backend: Backend) async throws {
        let setup = try await setUp(backend, paths: [])
        let base = "http://127.0.0.1:\(setup.port)"
        let sealed = setup.secrets.seal("secret", for: .alertCallback("a", 0))
        let callbacks = [
            AlertCallback(url: "\(base)/callback", type: .status, user: "u", sealedPassword: sealed),
            AlertCallback(url: "\(base)/answers", type: .response),
            AlertCallback(url: "\(base)/gone", type: .status), AlertCallback(url: "ia://service", type: .status),
        ]
        try await running(setup) {
            try await publish("a", 1, on: setup, callbacks: callbacks)
            try await publish("a", 1, on: setup, callbacks: callbacks)
            try await eventually("all of it") {
                let rows = try await setup.database.reading { try WebhookDeliveries($0).ofAlert("a") }
                return rows.count == 8 && rows.allSatisfy { $0.status == .delivered || $0.status == .exhausted }
            }
        }
        #expect(try await statuses(setup, "/callback") == inOrder)
        #expect(await setup.sink.bodies(at: "/answers").isEmpty)
        #expect(await setup.sink.bodies(at: "/gone").count == 4)
        let arrivals = await setup.sink.arrivals.filter { $0.path == "/callback" }
        let basic = "Basic " + Data("u:secret".utf8).base64EncodedString()
        #expect(arrivals.allSatisfy { $0.authorization == basic && !$0.id.isEmpty })
        await setup.sink.stop()
        await setup.database.close()
    }

    @Test(arguments: Backend.available)
    func goneTakesTheIntegrationOutOfService(on backend: Backend) async throws {
        let setup = try await setUp(backend, paths: ["/gone"])
        try await running(setup) {
            try await publish("a", 1, on: setup)
            try await eventually("disabled") {
                let integration = try await setup.database.reading {
                    try Directory($0).get(Integration.self, id: "i-gone")
                }
                return integration?.disabledReason != nil
            }
        }
        #expect(await setup.sink.bodies(at: "/gone").count == 1)
        await setup.sink.stop()
        await setup.database.close()
    }

    /// The same events come again, as after a crash of the relay: nobody gets anything twice.
    @Test(arguments: Backend.available)
    func eventsThatComeAgainMakeNothingNew(on backend: Backend) async throws {
        let setup = try await setUp(backend, paths: ["/ok"])
        try await running(setup) {
            try await publish("a", 1, on: setup)
            try await publish("a", 1, on: setup)
            try await publish("b", 2, on: setup)
            try await eventually { await setup.sink.bodies(at: "/ok").count >= 8 }
            try await publish("c", 3, on: setup)
            try await eventually { await setup.sink.bodies(at: "/ok").count >= 12 }
        }
        let ids = await setup.sink.ids(at: "/ok")
        #expect(ids.count == 12 && Set(ids).count == 12)
        await setup.sink.stop()
        await setup.database.close()
    }
}
