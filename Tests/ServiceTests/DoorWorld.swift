import API
import AlertCore
import AlertEngine
import Bootstrap
import Endpoints
import Foundation
import Hummingbird
import Ingest
import Logging
import Messaging
import Notifier
import OutboundHTTP
import Persistence
import Scripting
import TestSupport

/// Everything from the door to the mailbox in one process, on a database of its own: what is sent in by HTTP becomes
/// alerts and messages.
struct DoorWorld: Sendable {
    static let password = "correct horse"
    static let plan = Plan(id: "11111111-0000-4000-8000-000000000001", name: "Monitoring", created: start)
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    static let key = "the-key"

    let database: any SQLDatabase
    let clock: TestClock
    let port: Int
    let mailbox: Mailbox
    let secrets: SecretBox

    struct Options: Sendable {
        var rates = InboundRateLimits()
        var alertFlood: FloodLimit? = .alerts
        var notificationFlood = NotificationFloodControl()
        var trustedProxies: [CIDR] = []
        var clientId: String?
        /// What is between the services and the table.
        var bus: (@Sendable (EmbeddedBus, any SQLDatabase) -> any MessageBus)?
        /// Instead of a new one with the content of this file; its time and its key.
        var existing: (database: any SQLDatabase, clock: TestClock, secrets: SecretBox)?
    }

    static func run(
        _ options: Options = Options(), on backend: Backend = .sqlite,
        _ test: @escaping @Sendable (DoorWorld) async throws -> Void
    ) async throws {
        let database: any SQLDatabase
        if let existing = options.existing {
            database = existing.database
        } else {
            database = try await backend.makeDatabase()
        }
        let table = EmbeddedBus(database: database, partitionCount: 2)
        let bus: any MessageBus = options.bus?(table, database) ?? table
        let clock = options.existing?.clock ?? TestClock(start)
        let secrets = options.existing?.secrets ?? SecretBox(key: .init(data: [UInt8](repeating: 7, count: 32)))
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let cache = DirectoryCache(database: database, interval: .zero)
        let authenticator = Authenticator(cache: cache, tokens: AccessTokens(secrets: secrets), now: clock.clock)
        let client = OutboundHTTPClient(policy: OutboundPolicy(allowing: []), userAgent: "test", logger: quiet)
        let endpoints = EndpointClient(
            client: client, secrets: secrets, database: database, now: clock.clock, logger: quiet)
        let mailbox = Mailbox()
        let router = Router(context: HTTPContext.self)
        IngestRoutes<HTTPContext>(
            bus: bus, database: database, directory: cache, authenticator: authenticator, secrets: secrets,
            settings: IngestSettings(bodyLimit: 4096, rates: options.rates, trustedProxies: options.trustedProxies),
            now: clock.clock, logger: quiet
        ).add(to: router)
        try APIRoutes<HTTPContext>(
            database: database, bus: bus, cache: cache, secrets: secrets, publicURL: "http://localhost",
            now: clock.clock, logger: quiet, authenticator: authenticator, oauthClientId: options.clientId
        ).add(to: router)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { listening.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        if options.existing == nil { try await addContent(to: database, secrets) }
        try await DescribedCalls.checking {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { listening.finish() }  // a server that cannot listen fails the test
                    try await application.run()
                }
                group.addTask {
                    try await Transformer(
                        bus: bus, database: database, directory: cache, secrets: secrets, engine: NoScripts(),
                        client: endpoints, limits: ScriptLimits(), kept: .seconds(86_400), now: clock.clock,
                        logger: quiet
                    ).run()
                }
                group.addTask {
                    try await AlertEngine(
                        bus: bus, database: database, directory: cache, flood: options.alertFlood, now: clock.clock,
                        logger: quiet
                    ).run()
                }
                group.addTask {
                    try await Notifier(
                        bus: bus, database: database, directory: cache, channel: mailbox,
                        linkKey: { secrets.subkey(for: "links") }, publicURL: "http://localhost",
                        flood: options.notificationFlood, now: clock.clock, logger: quiet
                    ).run()
                }
                var iterator = ports.makeAsyncIterator()
                let world = DoorWorld(
                    database: database, clock: clock, port: await iterator.next() ?? 0, mailbox: mailbox,
                    secrets: secrets)
                try await test(world)
                group.cancelAll()
                while let result = await group.nextResult() { _ = result }
            }
        }
        await client.shutdown()
        await database.close()
    }

    // MARK: - Requests

    func send(
        _ method: String, _ path: String, _ body: Data = Data(), headers: [String: String] = [:]
    ) async throws -> Answer {
        var fields = headers
        fields["Host"] = "127.0.0.1"
        fields["Connection"] = "close"
        fields["Content-Length"] = String(body.count)
        let head = fields.map { "\($0): \($1)\r\n" }.joined()
        return Answer(
            try await Exchange(port: port).send(Data("\(method) \(path) HTTP/1.1\r\n\(head)\r\n".utf8) + body))
    }

    static func basic(_ login: String, _ password: String = password) -> [String: String] {
        ["Authorization": "Basic \(Data("\(login):\(password)".utf8).base64EncodedString())"]
    }

    /// To the integration of that name, with the key in the URL.
    func trigger(
        _ name: String = "simple", _ body: String = #"{"properties":{"Host":"db1"}}"#, query: String = "",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(
            "POST", "\(Self.path(of: name))?apiKey=\(Self.key)\(query)", Data(body.utf8), headers: headers)
    }

    static func path(of name: String) -> String { "/api/integration/1/functions/id-\(name)/triggers" }

    func get(_ path: String) async throws -> JSONValue {
        let answer = try await send("GET", "/api/xm/1\(path)", headers: Self.basic("admin"))
        return try answer.json
    }

    /// What came of a request, once it has ended.
    func activity(_ answer: Answer) async throws -> Activity {
        let id = try answer.json["requestId"]?.string ?? ""
        return try await activity(of: id)
    }

    func activity(of id: String) async throws -> Activity {
        var found: Activity?
        try await eventually("the activity \(id)") {
            found = try await database.reading { try Activities($0).get(id) }
            return found.map { $0.status != .running } ?? false
        }
        return found!
    }

    /// The alert of a number, once it is there.
    func alert(_ number: Int64) async throws -> AlertRow {
        var found: AlertRow?
        try await eventually("alert \(number)") {
            found = try await database.reading { try Alerts($0).get(String(number)) }
            return found != nil
        }
        return found!
    }
}

/// Takes every message and keeps it.
final class Mailbox: NotificationChannel, @unchecked Sendable {  // `messages` under `lock` only
    private let lock = NSLock()
    private var messages: [ChannelMessage] = []

    var all: [ChannelMessage] { lock.withLock { messages } }

    func send(_ message: ChannelMessage) async throws -> String {
        lock.withLock { messages.append(message) }
        return "250 kept"
    }
}

/// There are no scripts here.
struct NoScripts: ScriptEngine {
    func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        ScriptOutcome(
            log: "method \(run.request.method) body \(run.request.body)", error: nil, durationMs: 0)
    }
}
