import AlertCore
import ArgumentParser
import Endpoints
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import PostgresDatabase
import SQLiteDatabase
import Scripting
import WebhookDispatcher

/// The dispatcher with a full topic, beside the bare client in a loop, against the same sink in the same process.
struct DispatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dispatch", abstract: "Deliver webhooks.")

    @Option(help: "A PostgreSQL address; without it, a fresh SQLite file.") var postgres: String?
    @Option var deliveries = 20_000
    @Option var integrations = 8

    func run() async throws {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let sink = Sink()
        let port = try await sink.start { $0 }
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        let client = OutboundHTTPClient(policy: policy, userAgent: "bench", logger: logger)
        let bare = try await loop(client, port: port)
        sink.reset()
        let ours = try await dispatch(client, sink, port: port, logger: logger)
        print(
            "bare client loop: \(bare)/s   dispatcher: \(ours)/s   ratio \(String(format: "%.2f", Double(ours) / Double(bare)))"
        )
    }

    /// As many at a time as the dispatcher has: 16 for each integration.
    private func loop(_ client: OutboundHTTPClient, port: Int) async throws -> Int {
        let body = Array(#"{"eventIdentifier":869000,"status":"active","username":"mary","eventProperties":[]}"#.utf8)
        let workers = integrations * 16
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for worker in 0..<workers {
                tasks.addTask { [deliveries] in
                    for _ in 0..<(deliveries / workers + (worker < deliveries % workers ? 1 : 0)) {
                        let request = OutboundRequest(
                            method: "POST", url: "http://127.0.0.1:\(port)/bare",
                            headers: [("Content-Type", "application/json")], body: body)
                        _ = try await client.send(request)
                    }
                }
            }
            try await tasks.waitForAll()
        }
        return perSecond(deliveries, ContinuousClock.now - start)
    }

    private func dispatch(
        _ client: OutboundHTTPClient, _ sink: Sink, port: Int, logger: Logger
    ) async throws -> Int {
        let database: any SQLDatabase
        if let postgres {
            database = PostgresDatabase(url: postgres, connections: 8)
        } else {
            database = try SQLiteDatabase(path: NSTemporaryDirectory() + "/bench-\(UInt32.random(in: 0 ... .max)).db")
        }
        try await Migrator.bundled().run(on: database)
        let bus = EmbeddedBus(database: database, partitionCount: 4)
        let secrets = SecretBox(key: .init(size: .bits256))
        let run = UInt32.random(in: 0 ... .max)
        try await configure(database, secrets, run, port: port)
        for chunk in stride(from: 0, to: deliveries, by: 1000) {
            let messages = try (chunk..<min(chunk + 1000, deliveries)).map { number in
                let id = "i\(run)-\(number % integrations)"
                return try OutgoingMessage(key: id, encoding: Self.request(run, number, integration: id))
            }
            try await bus.publish(messages, to: .webhookDeliveries)
        }
        let now: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
        let dispatcher = WebhookDispatcher(
            bus: bus, database: database, directory: DirectoryCache(database: database), secrets: secrets,
            client: EndpointClient(
                client: client, secrets: secrets, database: database, now: now, logger: logger),
            engine: NoScripts(), limits: ScriptLimits(),
            settings: WebhookDispatcherSettings(timeout: .seconds(30), parkAfter: .seconds(20)), now: now,
            logger: logger)
        let start = ContinuousClock.now
        let running = Task { try await dispatcher.run() }
        while sink.received < deliveries, ContinuousClock.now - start < .seconds(120) {
            try await Task.sleep(for: .milliseconds(5))
        }
        let rate = perSecond(sink.received, ContinuousClock.now - start)
        running.cancel()
        _ = await running.result
        await database.close()
        return rate
    }

    private func configure(_ database: any SQLDatabase, _ secrets: SecretBox, _ run: UInt32, port: Int) async throws {
        let at = Timestamp(milliseconds: 1_790_000_000_000)
        let origin = Origin(actor: "<bench>", causation: "none", correlation: "none")
        let integrations = integrations
        try await database.transaction { connection in
            let directory = Directory(connection)
            let (plan, form, endpoint) = ("p\(run)", "f\(run)", "e\(run)")
            try directory.put(Plan(id: plan, name: plan, created: at), by: origin, at: at)
            try directory.put(Form(id: form, number: 1, plan: plan, name: form), by: origin, at: at)
            try directory.put(
                Endpoint(id: endpoint, plan: plan, name: endpoint, url: "http://127.0.0.1:\(port)"), by: origin, at: at)
            for number in 0..<integrations {
                let id = "i\(run)-\(number)"
                try directory.put(
                    Integration(
                        id: id, plan: plan, form: form, name: id, integrationType: .outbound, operation: .sendWebhook,
                        triggeredBy: .status, endpoint: endpoint, path: "/\(number)",
                        sealedSigningSecrets: [secrets.seal(RandomSecret.signingSecret(), for: .signingSecret(id))]),
                    by: origin, at: at)
            }
        }
    }

    private static func request(_ run: UInt32, _ number: Int, integration: String) -> WebhookDelivery.Request {
        WebhookDelivery.Request(
            id: DerivedID.uuid("bench", "\(run)", "\(number)"),
            integration: NamedReference(id: integration, name: integration), trigger: .status,
            alert: "a\(run)-\(number)",
            alertNumber: Int64(number), sequence: 1,
            payload: #"{"eventIdentifier":\#(number),"status":"active","username":"mary","eventProperties":[]}"#,
            correlation: "r\(number)")
    }
}

/// The webhooks of this measurement are no scripts.
private struct NoScripts: ScriptEngine {
    func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        ScriptOutcome(log: "", error: ScriptError(kind: .unavailable, message: "no scripts here"), durationMs: 0)
    }
}
