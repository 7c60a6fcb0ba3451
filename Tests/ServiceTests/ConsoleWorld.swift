import API
import AlertCore
import Crypto
import Foundation
import Hummingbird
import Logging
import Messaging
import Persistence
import SQLiteDatabase
import TestSupport

/// A time that tests move.
final class ConsoleClock: @unchecked Sendable {  // `time` is touched under `lock` only
    private let lock = NSLock()
    private var time = Timestamp(milliseconds: 1_773_064_800_000)  // 2026-03-09T14:00:00Z

    var now: Timestamp { lock.withLock { time } }
    func advance(by duration: Duration) { lock.withLock { time = time.advanced(by: duration) } }
}

/// A bus whose commands are carried out at once, as the alert engine would do it.
struct ObedientBus: MessageBus {
    let database: any SQLDatabase
    let clock: ConsoleClock
    /// Whether commands stay where they are.
    var isStuck = false
    let partitions = Partitions(1)

    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        guard !isStuck, topic == .alertCommands else { return }
        let now = clock.now
        for message in messages {
            let command: AlertCommandMessage = try JSON.decode(message.body)
            try await database.transaction { connection in
                try Self.carryOut(command, at: now, in: connection)
            }
        }
    }

    static func carryOut(_ message: AlertCommandMessage, at now: Timestamp, in connection: any SQLConnection) throws {
        let outcome = try EventLog(connection).execute(
            [AddressedCommand<Alert>(message.command, on: message.alert, by: message.origin)],
            in: LogPartition("alert", 0), at: now)[0]
        try Alerts(connection).apply([(outcome.id, outcome.version, outcome.events)])
        guard message.wantsResult else { return }
        try CommandResults(connection).put(message.commandId, rejection: outcome.refusal, at: now)
    }

    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        throw StoreError(.invalid, "nobody reads this bus")
    }
    func checkReadiness() async throws {}
    func close() async {}
}

/// An answer, its body as text.
struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    init(_ bytes: Data) {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].components(separatedBy: "\r\n")
        status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        let fields = lines.dropFirst().map { line in
            let field = line.split(separator: ":", maxSplits: 1)
            return (field[0].lowercased(), (field.last ?? "").trimmingCharacters(in: .whitespaces))
        }
        headers = Dictionary(fields) { "\($0), \($1)" }
        body = parts.count > 1 ? String(parts[1]) : ""
    }

    var json: JSONValue { get throws { try JSON.decode(body) } }
    var location: String { headers["location"] ?? "" }

    /// `name=value` of a cookie that is set.
    func cookie(_ name: String) -> String {
        let text = headers["set-cookie"] ?? ""
        guard let start = text.range(of: "\(name)=") else { return "" }
        return String(text[start.lowerBound...].prefix { $0 != ";" })
    }

    /// The hidden token of the last form.
    var csrf: String {
        let parts = body.components(separatedBy: "name=\"csrf\" value=\"")
        return parts.count > 1 ? String(parts[parts.count - 1].prefix { $0 != "\"" }) : ""
    }
}

/// A server that really listens, with a database in memory and some people in it.
struct ConsoleWorld: Sendable {
    static let password = "correct horse"

    let database: any SQLDatabase
    let clock: ConsoleClock
    let secrets: SecretBox
    let port: Int

    /// Runs `test` against a server of its own.
    /// - Parameter backend: `nil` for a database in memory.
    static func run(
        on backend: Backend? = nil, publicURL: String = "http://localhost", isStuck: Bool = false, port: Int = 0,
        _ test: @Sendable (ConsoleWorld) async throws -> Void
    ) async throws {
        let clock = ConsoleClock()
        let plain: any SQLDatabase =
            if let backend { try await backend.makeEmptyDatabase() } else { try SQLiteDatabase(path: ":memory:") }
        let database = plain.sealing(now: { clock.now })
        try await Migrator.bundled().run(on: database)
        let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        let router = Router(context: BasicRequestContext.self)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try APIRoutes(
            database: database, bus: ObedientBus(database: database, clock: clock, isStuck: isStuck),
            cache: DirectoryCache(database: database, interval: .zero), secrets: secrets, publicURL: publicURL,
            now: { clock.now }, logger: quiet,
            webhookClient: try RESTTestServer.loopbackClient(database, secrets) { clock.now }
        ).add(to: router)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { listening.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        try await DescribedCalls.checking {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { listening.finish() }  // a server that cannot listen fails the test
                    try await application.run()
                }
                var iterator = ports.makeAsyncIterator()
                let world = ConsoleWorld(
                    database: database, clock: clock, secrets: secrets, port: await iterator.next() ?? 0)
                try await world.addPeople()
                try await test(world)
                group.cancelAll()
            }
        }
        await database.close()
    }

    // MARK: - Requests

    /// - Parameter form: Sent as a browser sends a form.
    func send(
        _ method: String, _ path: String, json: JSONValue? = nil, form: [String: String]? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var content = Data()
        var fields = headers
        fields["Host"] = "127.0.0.1"
        fields["Connection"] = "close"
        if let json {
            fields["Content-Type"] = "application/json"
            content = Data(try JSON.encode(json).utf8)
        }
        if let form {
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            let pairs = form.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
            content = Data(pairs.joined(separator: "&").utf8)
        }
        fields["Content-Length"] = String(content.count)
        let head = fields.map { "\($0): \($1)\r\n" }.joined()
        let answer = try await Exchange(port: port).send(
            Data("\(method) \(path) HTTP/1.1\r\n\(head)\r\n".utf8) + content)
        return Answer(answer)
    }

    /// A call of the REST API, below `/api/xm/1`.
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, as login: String = "admin"
    ) async throws -> Answer {
        let credentials = Data("\(login):\(Self.password)".utf8).base64EncodedString()
        return try await send(
            method, "/api/xm/1\(path)", json: body, headers: ["Authorization": "Basic \(credentials)"])
    }

    /// Signs in by the form.
    /// - Returns: The session's cookie; empty when it was refused.
    func signIn(_ login: String = "admin", password: String = password) async throws -> String {
        let page = try await send("GET", "/console/sign-in")
        let answer = try await send(
            "POST", "/console/sign-in", form: ["csrf": page.csrf, "login": login, "password": password],
            headers: ["Cookie": page.cookie("tocsin_form")])
        return answer.cookie("tocsin_session")
    }

    func page(_ path: String, _ cookie: String) async throws -> Answer {
        try await send("GET", path, headers: ["Cookie": cookie])
    }

    func post(_ path: String, _ form: [String: String], _ cookie: String) async throws -> Answer {
        try await send("POST", path, form: form, headers: ["Cookie": cookie])
    }
}
