import API
import AlertCore
import Crypto
import Foundation
import Hummingbird
import Logging
import Persistence
import SQLiteDatabase

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The REST API on a real socket, over a database in memory, with an administrator `admin` and a reader `reader`
/// whose passwords are `password`.
struct RESTTestServer: Sendable {
    struct Reply: Sendable {
        let status: Int
        let json: JSONValue?
        let text: String
        let headers: [String: String]

        var id: String { json?["id"]?.string ?? "" }
        var names: [String] { (json?["data"]?.array ?? []).compactMap { $0["name"]?.string } }
    }

    let database: SQLiteDatabase
    let port: Int

    static func run(_ test: @escaping @Sendable (RESTTestServer) async throws -> Void) async throws {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        try await addPeople(to: database)
        let cache = DirectoryCache(database: database)
        let now: AlertCore.Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
        let routes = RESTRoutes<BasicRequestContext>(
            database: database, cache: cache, secrets: SecretBox(key: SymmetricKey(size: .bits256)),
            authenticator: Authenticator(cache: cache, now: now), now: now, passwordCost: .lowest)
        let router = Router(context: BasicRequestContext.self)
        routes.add(to: router)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var iterator = ports.makeAsyncIterator()
            try await test(RESTTestServer(database: database, port: await iterator.next() ?? 0))
            group.cancelAll()
        }
        await database.close()
    }

    private static func addPeople(to database: SQLiteDatabase) async throws {
        let hash = PasswordHash.make("password", cost: .lowest)
        let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
        try await database.transaction { connection in
            for (name, role) in [
                ("admin", "Full Access User"), ("reader", "Standard User"), ("outsider", "Scenario Administrator"),
            ] {
                let person = Person(
                    id: "id-\(name)", targetName: name, firstName: name, lastName: "Test", roles: [role],
                    passwordHash: hash, whenCreated: Timestamp(milliseconds: 0))
                try Directory(connection).put(person, by: origin, at: Timestamp(milliseconds: 0))
            }
        }
    }

    /// - Parameter path: Below `/api/xm/1/`, or a whole one with its slash.
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, text: String? = nil, as login: String? = "admin",
        password: String = "password"
    ) async throws -> Reply {
        let path = path.hasPrefix("/") ? path : "/api/xm/1/\(path)"
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let login {
            let credentials = Data("\(login):\(password)".utf8).base64EncodedString()
            request.setValue("Basic \(credentials)", forHTTPHeaderField: "Authorization")
        }
        if let text {
            request.httpBody = Data(text.utf8)
        } else if let body {
            request.httpBody = try JSONEncoder().encode(body)
        }
        let (data, response) = try await Self.session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
        return Reply(
            status: response.statusCode, json: data.isEmpty ? nil : try JSONDecoder().decode(JSONValue.self, from: data),
            text: String(decoding: data, as: UTF8.self), headers: headers)
    }

    private static let session = URLSession(configuration: .ephemeral)

    /// The data of every audit event.
    func auditText() async throws -> String {
        try await database.reading { connection in
            try EventLog(connection).read(LogPartition("config", 0), after: 0, limit: 1000)
                .map(\.data).joined(separator: "\n")
        }
    }

    /// A plan with a form.
    func makeForm() async throws -> (plan: String, form: String) {
        let plan = try await call("POST", "plans", ["name": "Servers"]).id
        let form = try await call("POST", "plans/\(plan)/forms", ["name": "Down"]).id
        return (plan, form)
    }
}
