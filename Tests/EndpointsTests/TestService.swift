import AlertCore
import Endpoints
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import OutboundHTTP
import Persistence
import TestSupport

/// A server whose answers a test decides on, and which keeps what has arrived.
actor TestService {
    struct Arrival: Sendable {
        let method: String
        /// With its query, as it came.
        let target: String
        /// Names in lower case.
        let headers: [String: String]
        let body: String

        var form: [String: String] {
            Dictionary(
                body.split(separator: "&").map { pair in
                    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                        .map { $0.replacing("+", with: " ").removingPercentEncoding ?? "" }
                    return (parts[0], parts.count > 1 ? parts[1] : "")
                }
            ) { $1 }
        }
    }

    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body = ""

        static func token(_ token: String, _ more: String = #""expires_in":3600"#) -> Answer {
            Answer(body: #"{"access_token":"\#(token)","token_type":"bearer",\#(more)}"#)
        }
    }

    /// The second argument: which one it is at that path, from 1.
    typealias Decision = @Sendable (Arrival, Int) async -> Answer

    private(set) var arrivals: [Arrival] = []
    private var server: Task<Void, any Error>?
    private let decide: Decision

    init(_ decide: @escaping Decision) { self.decide = decide }

    /// - Returns: Its address, without a slash at the end.
    func start() async throws -> String {
        let router = Router()
        for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch] {
            for path in ["/", "/**"] as [RouterPath] {
                router.on(path, method: method) { request, _ in try await self.respond(to: request) }
            }
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: silent)
        server = Task { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        return "http://127.0.0.1:\(await iterator.next() ?? 0)"
    }

    func stop() { server?.cancel() }

    func count(_ path: String) -> Int { arrivals.filter { $0.target.hasPrefix(path) }.count }

    private func respond(to request: Request) async throws -> Response {
        let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
        var headers = [String: String]()
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        headers["host"] = request.head.authority
        let answer = await take(
            Arrival(method: request.method.rawValue, target: request.uri.string, headers: headers, body: body))
        var fields = HTTPFields()
        for (name, value) in answer.headers { fields[HTTPField.Name(name)!] = value }
        return Response(
            status: .init(code: answer.status), headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
    }

    private func take(_ arrival: Arrival) async -> Answer {
        arrivals.append(arrival)
        let path = String(arrival.target.prefix { $0 != "?" })
        return await decide(arrival, count(path))
    }
}

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A clock for a test to move.
final class MovableTime: @unchecked Sendable {  // guarded by the lock
    private let lock = NSLock()
    private var value = Timestamp(milliseconds: 1_800_000_000_000)
    var now: Timestamp {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}

/// A client for endpoints that may reach this machine.
struct ClientWorld: Sendable {
    let database: any SQLDatabase
    let box = SecretBox(key: .init(size: .bits256))
    let time = MovableTime()
    let client: EndpointClient

    init(internalAPI: (any InternalAPI)? = nil) async throws {
        database = try await Backend.sqlite.makeDatabase()
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        client = EndpointClient(
            client: OutboundHTTPClient(policy: policy, userAgent: "Tocsin/test", logger: silent), secrets: box,
            database: database, internalAPI: internalAPI, now: { [time] in time.now }, logger: silent)
    }

    func basic(_ url: String, preemptive: Bool = true) -> Endpoint {
        Endpoint(
            id: "e", plan: "p", name: "Target", url: url, authenticationType: .basic, username: "us:er",
            sealedPassword: box.seal("p@ss", for: .endpointPassword("e")), preemptive: preemptive)
    }

    func oauth2(_ url: String, _ grant: Endpoint.OAuth2.Grant, path: String = "/token") -> Endpoint {
        Endpoint(
            id: "e", plan: "p", name: "Target", url: url, authenticationType: .oauth2, username: "user",
            sealedPassword: box.seal("p@ss word&", for: .endpointPassword("e")),
            oauth2: Endpoint.OAuth2(
                grant: grant, tokenURL: url + path, clientId: "cl:ient",
                sealedClientSecret: box.seal("s3cret+", for: .clientSecret("e")), scopes: "a b",
                sealedRefreshToken: box.seal("refresh-1", for: .refreshToken("e")), connection: 1))
    }

    func store(_ endpoint: Endpoint) async throws {
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        let now = time.now
        try await database.transaction { try Directory($0).put(endpoint, by: origin, at: now) }
    }
}
