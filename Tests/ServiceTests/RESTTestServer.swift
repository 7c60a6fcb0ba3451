import AlertCore
import Crypto
import Endpoints
import Foundation
import Hummingbird
import Logging
import OutboundHTTP
import Persistence
import SQLiteDatabase
import TestSupport

@testable import API

/// The REST API on a real socket, over a database in memory, with an administrator `admin` and a reader `reader`
/// whose passwords are `password`.
struct RESTTestServer: Sendable {
    struct Reply: Sendable {
        let status: Int
        let json: JSONValue?
        let text: String
        let headers: [String: String]
        var bytes: [UInt8] = []

        var id: String { json?["id"]?.string ?? "" }
        var names: [String] { (json?["data"]?.array ?? []).compactMap { $0["name"]?.string } }
    }

    let database: any SQLDatabase
    let port: Int
    let secrets: SecretBox

    /// - Parameter backend: `nil` for a database in memory.
    static func run(
        on backend: Backend? = nil, hasMail: Bool = false, callsPerMinute: Int? = nil,
        _ test: @escaping @Sendable (RESTTestServer) async throws -> Void
    ) async throws {
        let database: any SQLDatabase
        if let backend {
            database = try await backend.makeEmptyDatabase().sealing()
        } else {
            database = try SQLiteDatabase(path: ":memory:").sealing()
        }
        try await Migrator.bundled().run(on: database)
        try await addPeople(to: database)
        let cache = DirectoryCache(database: database)
        let secrets = SecretBox(key: SymmetricKey(size: .bits256))
        let now: AlertCore.Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
        let routes = RESTRoutes<BasicRequestContext>(
            database: database, cache: cache, secrets: secrets,
            authenticator: Authenticator(cache: cache, signIns: SignInRecorder(database: database), now: now), now: now,
            passwordCost: .lowest, publicURL: "https://tocsin.example.com", hasMail: hasMail,
            webhookClient: try loopbackClient(database, secrets, now),
            rates: CallRates(perMinute: callsPerMinute, now: now))
        let router = Router(context: BasicRequestContext.self)
        routes.add(to: router)
        CalendarFeedRoutes(services: routes.services).add(to: router)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await DescribedCalls.checking {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                var iterator = ports.makeAsyncIterator()
                try await test(RESTTestServer(database: database, port: await iterator.next() ?? 0, secrets: secrets))
                group.cancelAll()
            }
        }
        await database.close()
    }

    /// What reaches servers on this machine.
    static func loopbackClient(
        _ database: any SQLDatabase, _ secrets: SecretBox, _ now: @escaping AlertCore.Clock
    ) throws -> EndpointClient {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        return EndpointClient(
            client: OutboundHTTPClient(policy: policy, userAgent: "Tocsin/test", logger: quiet), secrets: secrets,
            database: database, now: now, logger: quiet)
    }

    private static func addPeople(to database: any SQLDatabase) async throws {
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
        password: String = "password", raw: [UInt8]? = nil, type: String = "application/json",
        headers others: [String: String] = [:]
    ) async throws -> Reply {
        let path = path.hasPrefix("/") ? path : "/api/xm/1/\(path)"
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        if let login {
            head += "Authorization: Basic \(Data("\(login):\(password)".utf8).base64EncodedString())\r\n"
        }
        let encoder = JSONEncoder()
        // The same bytes for the same body.
        encoder.outputFormatting = .sortedKeys
        for (name, value) in others { head += "\(name): \(value)\r\n" }
        let content =
            try raw.map { Data($0) } ?? text.map { Data($0.utf8) } ?? body.map { try encoder.encode($0) }
            ?? Data()
        head += "Content-Type: \(type)\r\nContent-Length: \(content.count)\r\n\r\n"
        let bytes = try await exchange(Data(head.utf8) + content)
        let parts = bytes.range(of: Data("\r\n\r\n".utf8)).map { ($0.lowerBound, $0.upperBound) } ?? (0, 0)
        let lines = String(decoding: bytes[..<parts.0], as: UTF8.self).components(separatedBy: "\r\n")
        let data = Data(bytes[parts.1...])
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let field = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if field.count == 2 { headers[field[0].lowercased()] = field[1] }
        }
        return Reply(
            status: Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0,
            json: data.isEmpty || headers["content-type"]?.hasPrefix("application/json") != true
                ? nil : try JSONDecoder().decode(JSONValue.self, from: data),
            text: String(decoding: data, as: UTF8.self), headers: headers, bytes: Array(data))
    }

    /// Sends a request on a connection of its own and reads to the end. `URLSession` on Linux never returns from
    /// a 401 with a challenge.
    private func exchange(_ request: Data) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { [port] in
                continuation.resume(with: Result { try Self.exchange(request, port: port) })
            }
        }
    }

    private static func exchange(_ request: Data, port: Int) throws -> Data {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(handle) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
        var rest = request[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { break }  // the server has answered and hung up: the answer is there to read
            rest = rest.dropFirst(sent)
        }
        var reply = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(handle, &buffer, buffer.count, 0)
            guard count > 0 else { return reply }
            reply.append(contentsOf: buffer[..<count])
        }
    }

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
