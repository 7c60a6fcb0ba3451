import AlertCore
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import Messaging
import NIOCore
import NIOEmbedded
import Persistence
import SQLiteDatabase
import Synchronization

/// The inbound door, with everything but the socket: any request is answered, and none with 5xx.
///
/// The bytes: one that chooses method and path, then the query, the content type, the authorization and the
/// body, with a NUL between two of them.
final class DoorTarget: FuzzTarget {
    struct Context: RemoteAddressRequestContext {
        var coreContext: CoreRequestContextStorage
        let remoteAddress: SocketAddress? = nil

        init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
    }

    /// Takes everything, keeps nothing.
    private struct Bus: MessageBus {
        let partitionCount = 1
        func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {}
        func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
            throw CancellationError()
        }
        func checkReadiness() async throws {}
        func close() async {}
    }

    private static let methods: [HTTPRequest.Method] = [.post, .post, .post, .get, .put, .delete]
    private static let paths =
        ["any", "url", "basic", "simple", "absent"].map { "/api/integration/1/functions/\($0)/triggers" }
        + ["/api/xm/1/forms/form/triggers", "/reapi/2015-04-01/forms/1000/triggers"]

    private let responder: any HTTPResponder<Context>
    private let channel = EmbeddedChannel()
    private let logger: Logger

    init() throws {
        var logger = Logger(label: "fuzz")
        logger.logLevel = .critical
        self.logger = logger
        let database = try SQLiteDatabase(path: ":memory:")
        let secrets = SecretBox(key: SymmetricKey(size: .bits256))
        let now: AlertCore.Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
        wait {
            try await Migrator.bundled().run(on: database)
            try await database.transaction { try Self.fill(Directory($0), secrets) }
        }
        let cache = DirectoryCache(database: database)
        let router = Router(context: Context.self)
        IngestRoutes<Context>(
            bus: Bus(), database: database, directory: cache,
            authenticator: Authenticator(cache: cache, tokens: AccessTokens(secrets: secrets), now: now),
            secrets: secrets,
            settings: IngestSettings(bodyLimit: 1 << 20, rates: InboundRateLimits(perIntegration: nil)),
            now: now, logger: logger
        ).add(to: router)
        responder = router.buildResponder()
    }

    private static func fill(_ directory: Directory, _ secrets: SecretBox) throws {
        let origin = Origin(actor: "<fuzz>", causation: "fuzz", correlation: "fuzz")
        let at = Timestamp(milliseconds: 0)
        func put(_ entry: some DirectoryEntry) throws { try directory.put(entry, by: origin, at: at) }
        try put(
            Person(
                id: "person", targetName: "ann", firstName: "Ann", lastName: "Oh", roles: ["Full Access User"],
                passwordHash: PasswordHash.make("password", cost: .lowest), whenCreated: at))
        try put(Plan(id: "plan", name: "Plan", created: at))
        try put(Form(id: "form", number: 1000, plan: "plan", name: "Form"))
        for (id, authentication, operation) in [
            ("any", Integration.Authentication.any, Integration.Operation.runScript), ("url", .url, .runScript),
            ("basic", .basic, .runScript), ("simple", .url, .createAlert),
        ] {
            try put(
                Integration(
                    id: id, plan: "plan", form: "form", name: id, integrationType: .inbound, operation: operation,
                    authenticationType: authentication, script: "",
                    sealedKey: secrets.seal("key", for: .integrationKey(id)), authenticatingUser: "person"))
        }
    }

    func take(_ bytes: [UInt8]) {
        guard let choice = bytes.first else { return }
        let parts = bytes.dropFirst().split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        func part(_ index: Int) -> [UInt8] { index < parts.count ? Array(parts[index]) : [] }
        let method = Self.methods[Int(choice) % Self.methods.count]
        var path = Self.paths[Int(choice) / Self.methods.count % Self.paths.count]
        if !part(0).isEmpty { path += "?" + String(decoding: part(0), as: UTF8.self) }
        var headers = HTTPFields()
        if !part(1).isEmpty { headers[.contentType] = String(decoding: part(1), as: UTF8.self) }
        if !part(2).isEmpty { headers[.authorization] = String(decoding: part(2), as: UTF8.self) }
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "localhost", path: path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer(bytes: part(3))))
        let context = Context(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        let status = wait { [responder] in
            do {
                return try await responder.respond(to: request, context: context).status.code
            } catch let error as any HTTPResponseError {
                return error.status.code
            }
        }
        precondition(status < 500, "answered \(status)")
    }
}

/// Runs an asynchronous body to its end. What it throws ends the process.
func wait<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Value {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<Value?>(nil)
    Task {
        do {
            let value = try await body()
            result.withLock { $0 = value }
        } catch {
            fatalError("\(error)")
        }
        done.signal()
    }
    done.wait()
    guard let value = result.withLock({ $0 }) else { fatalError("ended without a value") }
    return value
}
