import API
import AlertCore
import Crypto
import Foundation
import FoundationNetworking
import Hummingbird
import Logging
import Messaging
import Persistence
import SQLiteDatabase

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
    let partitionCount = 1

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
        var rejection: String?
        if case .failure(let reason) = outcome.result { rejection = "\(reason)" }
        try CommandResults(connection).put(message.commandId, rejection: rejection, at: now)
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

    let database: SQLiteDatabase
    let clock: ConsoleClock
    let secrets: SecretBox
    let port: Int

    /// Runs `test` against a server of its own.
    static func run(
        publicURL: String = "http://localhost", isStuck: Bool = false, port: Int = 0,
        _ test: @Sendable (ConsoleWorld) async throws -> Void
    ) async throws {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        let clock = ConsoleClock()
        let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        let router = Router(context: BasicRequestContext.self)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try APIRoutes(
            database: database, bus: ObedientBus(database: database, clock: clock, isStuck: isStuck),
            cache: DirectoryCache(database: database, interval: .zero), secrets: secrets, publicURL: publicURL,
            now: { clock.now }, logger: quiet
        ).add(to: router)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { listening.yield($0.localAddress?.port ?? 0) }, logger: quiet)
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
        await database.close()
    }

    // MARK: - Requests

    /// - Parameter form: Sent as a browser sends a form.
    func send(
        _ method: String, _ path: String, json: JSONValue? = nil, form: [String: String]? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let json {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(try JSON.encode(json).utf8)
        }
        if let form {
            request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
            let pairs = form.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
            request.httpBody = Data(pairs.joined(separator: "&").utf8)
        }
        // A session with a delegate never hands over a 401 with a challenge (swift-corelibs-foundation).
        let session = path.hasPrefix("/api/") ? Self.plainSession : Self.session
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        var answered: [String: String] = [:]
        for (name, value) in response.allHeaderFields { answered["\(name)".lowercased()] = "\(value)" }
        return Answer(status: response.statusCode, headers: answered, body: String(decoding: data, as: UTF8.self))
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

    private static let plainSession = URLSession(configuration: .ephemeral)

    private static let session: URLSession = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        return URLSession(configuration: configuration, delegate: NoRedirects(), delegateQueue: nil)
    }()
}

/// Leaves redirections to the test.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
