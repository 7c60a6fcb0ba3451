import AlertCore
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import OutboundHTTP
import Persistence
import Scripting
import TestSupport
import Testing

@testable import Notifier

/// Channels against a stand-in for their providers, by the guarded client.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct ChannelSendingTests {
    typealias Notification = AlertCore.Notification

    static func run(
        engine: (any ScriptEngine)? = nil, database given: (any SQLDatabase)? = nil,
        allowing blocks: [String] = ["127.0.0.0/8"],
        _ test: @Sendable (ProviderChannels, ProviderStandIn, String) async throws -> Void
    ) async throws {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let policy = OutboundPolicy(allowing: try blocks.map { try CIDR(parsing: $0) })
        let client = OutboundHTTPClient(policy: policy, userAgent: "test", logger: quiet)
        let standIn = ProviderStandIn()
        let port = try await standIn.start()
        let database: any SQLDatabase
        if let given { database = given } else { database = try await Backend.sqlite.makeDatabase() }
        let channels = ProviderChannels(
            .init(
                mail: nil, client: client, policy: policy, database: database,
                secrets: SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32))), engine: engine,
                contact: "mailto:ops@example.org", now: { DeliveryWorld.start }, logger: quiet))
        try await test(channels, standIn, "http://127.0.0.1:\(port)")
        await standIn.stop()
        await client.shutdown()
        if given == nil { await database.close() }
    }

    static func provider(_ kind: NotificationProvider.Kind, url: String = "") -> NotificationProvider {
        NotificationProvider(id: "x", name: "X", kind: kind, deviceTypes: [.generic], url: url)
    }

    static func message(_ address: String) -> ChannelMessage {
        var message = ChannelFormatTests.message()
        message.address = address
        return message
    }

    @Test func eachChatIsToldAtTheDevicesAddress() async throws {
        try await Self.run { channels, standIn, base in
            for kind in [NotificationProvider.Kind.slack, .msTeams, .mattermost, .discord] {
                let channel = try await channels.channel(for: Self.provider(kind))
                _ = try await channel.send(Self.message("\(base)/\(kind.rawValue)"))
            }
            let paths = await standIn.arrivals.map(\.path)
            #expect(paths == ["/SLACK", "/MS_TEAMS", "/MATTERMOST", "/DISCORD"])
            #expect(await standIn.arrivals.last?.query == "wait=true&with_components=true")
            #expect(await standIn.arrivals.allSatisfy { $0.headers["Content-Type"] == "application/json" })
            // Without an address of its own, the device takes the provider's.
            let shared = try await channels.channel(for: Self.provider(.slack, url: "\(base)/shared"))
            _ = try await shared.send(Self.message("#ops"))
            #expect(await standIn.arrivals.last?.path == "/shared")
        }
    }

    @Test func ntfyGetsTheSecretOnItsOwnServerOnly() async throws {
        try await Self.run { channels, standIn, base in
            var provider = Self.provider(.ntfy, url: base)
            provider.sealedSecret = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
                .seal("tk_1", for: .provider("x"))
            let channel = try await channels.channel(for: provider)
            _ = try await channel.send(Self.message("ops"))
            #expect(await standIn.arrivals.last?.headers["Authorization"] == "Bearer tk_1")
            let other = base.replacing("127.0.0.1", with: "localhost")
            _ = try await channel.send(Self.message("\(other)/ops"))
            #expect(await standIn.arrivals.last?.headers["Authorization"] == nil)
            for bad in ["", "a b", "https://h/", "../x"] {
                await #expect(throws: ChannelError.self) { try await channel.send(Self.message(bad)) }
            }
        }
    }

    @Test(arguments: [
        (400, true, false), (404, true, false), (410, true, false), (429, false, false), (500, false, false),
        (503, false, false), (504, false, true),
    ])
    func answersMeanWhatTheySay(_ status: Int, _ isPermanent: Bool, _ isInDoubt: Bool) async throws {
        try await Self.run { channels, _, base in
            let channel = try await channels.channel(for: Self.provider(.slack))
            let error = await #expect(throws: ChannelError.self) {
                try await channel.send(Self.message("\(base)/status/\(status)"))
            }
            #expect(error?.isPermanent == isPermanent && error?.isInDoubt == isInDoubt)
            #expect(error?.reason == "X answered \(status): said so")
            #expect(error?.retryAfter == (isPermanent ? nil : .seconds(7)))
        }
    }

    @Test func whatTheGuardForbidsIsRefused() async throws {
        try await Self.run(allowing: []) { channels, standIn, base in
            let channel = try await channels.channel(for: Self.provider(.slack))
            let error = await #expect(throws: ChannelError.self) { try await channel.send(Self.message("\(base)/x")) }
            #expect(error?.isPermanent == true && error?.reason.contains("loopback") == true)
            var mail = Self.provider(.smtp, url: "smtp://127.0.0.1:\(base.split(separator: ":").last ?? "")")
            mail.from = "ops@example.org"
            var message = Self.message("bob@example.org")
            message.deviceType = .email
            let mailer = try await channels.channel(for: mail)
            let refused = await #expect(throws: ChannelError.self) { try await mailer.send(message) }
            #expect(refused?.isPermanent == true && refused?.reason.contains("TOCSIN_OUTBOUND_ALLOW") == true)
            #expect(await standIn.arrivals.isEmpty)
        }
    }

    @Test func aBrowserCanReadItsPush() async throws {
        try await Self.run { channels, standIn, base in
            let browser = P256.KeyAgreement.PrivateKey()
            let auth = Data(RandomSecret.bytes(16))
            let pin = """
                {"endpoint":"\(base)/push/1","keys":{"p256dh":"\(browser.publicKey.x963Representation.base64URL)",\
                "auth":"\(auth.base64URL)"}}
                """
            let channel = try await channels.channel(for: Self.provider(.webPush))
            _ = try await channel.send(Self.message(pin))
            let arrival = try #require(await standIn.arrivals.last)
            #expect(arrival.headers["Content-Encoding"] == "aes128gcm" && arrival.headers["Urgency"] == "high")
            #expect(arrival.headers["Topic"] == "0198c2f0000070008000000000000001")
            #expect(arrival.headers["Authorization"]?.hasPrefix("vapid t=") == true)
            let plain = try Self.decrypted(arrival.body, by: browser, auth: auth)
            let parsed: JSONValue = try JSON.decode(String(decoding: plain, as: UTF8.self))
            #expect(parsed["title"] == "db1 is *down*")
            await #expect(throws: ChannelError.self) { try await channel.send(Self.message("{}")) }
        }
    }

    /// The browser's side of RFC 8291.
    static func decrypted(_ body: [UInt8], by browser: P256.KeyAgreement.PrivateKey, auth: Data) throws -> [UInt8] {
        let (salt, point) = (Data(body[..<16]), Data(body[21..<86]))
        let shared = try browser.sharedSecretFromKeyAgreement(with: .init(x963Representation: point))
            .withUnsafeBytes { SymmetricKey(data: Data($0)) }
        let info = Data("WebPush: info\0".utf8) + browser.publicKey.x963Representation + point
        let material = HKDF<SHA256>.deriveKey(inputKeyMaterial: shared, salt: auth, info: info, outputByteCount: 32)
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: material, salt: salt, info: Data("Content-Encoding: aes128gcm\0".utf8),
            outputByteCount: 16)
        let nonce = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: material, salt: salt, info: Data("Content-Encoding: nonce\0".utf8), outputByteCount: 12)
        let box = try AES.GCM.SealedBox(
            nonce: nonce.withUnsafeBytes { try AES.GCM.Nonce(data: Data($0)) },
            ciphertext: Data(body[86..<(body.count - 16)]),
            tag: Data(body.suffix(16)))
        let padded = try AES.GCM.open(box, using: key)
        #expect(padded.last == 2)
        return Array(padded.dropLast())
    }

    @Test func aRequestOfTheOperatorsOwn() async throws {
        try await Self.run { channels, standIn, base in
            var provider = Self.provider(.http, url: "\(base)/sms?to=${address}")
            provider.template = #"{"text":"${subject}"}"#
            provider.headers = ["X-Team": "ops"]
            provider.account = "user"
            provider.sealedSecret = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
                .seal("pass", for: .provider("x"))
            let channel = try await channels.channel(for: provider)
            let receipt = try await channel.send(Self.message("+1 604"))
            let arrival = try #require(await standIn.arrivals.last)
            #expect(arrival.query == "to=%2B1%20604" && arrival.headers["X-Team"] == "ops")
            #expect(arrival.headers["Authorization"] == "Basic \(Data("user:pass".utf8).base64EncodedString())")
            #expect(arrival.headers["Idempotency-Key"] == Self.message("").id)
            #expect(String(decoding: arrival.body, as: UTF8.self) == #"{"text":"db1 is *down*"}"#)
            #expect(receipt == "200 said so")
        }
    }

    @Test func aScriptSends() async throws {
        try await Self.run(engine: CallingEngine(error: nil)) { channels, standIn, base in
            var provider = Self.provider(.script, url: "\(base)/api")
            provider.script = "whatever"
            let channel = try await channels.channel(for: provider)
            #expect(try await channel.send(Self.message("x")) == "from the script")
            #expect(await standIn.arrivals.last?.path == "/api/send")
        }
    }

    @Test(arguments: [
        (ScriptError.Kind.thrown, "Error: permanent: no such user", true, false),
        (.thrown, "Error: busy", false, false),
        (.syntax, "x", true, false), (.unavailable, "x", false, false), (.timeout, "x", false, true),
    ])
    func aScriptsErrorIsItsVerdict(
        _ kind: ScriptError.Kind, _ message: String, _ isPermanent: Bool, _ isInDoubt: Bool
    ) async throws {
        try await Self.run(engine: CallingEngine(error: ScriptError(kind: kind, message: message))) {
            channels, _, base in
            var provider = Self.provider(.script, url: base)
            provider.script = "whatever"
            let channel = try await channels.channel(for: provider)
            let error = await #expect(throws: ChannelError.self) { try await channel.send(Self.message("x")) }
            #expect(error?.isPermanent == isPermanent && error?.isInDoubt == isInDoubt)
        }
    }
}

/// Calls the host once, then ends as it is told.
private struct CallingEngine: ScriptEngine {
    let error: ScriptError?

    func run(_ run: ScriptRun, limits: ScriptLimits, host: any ScriptHost) async -> ScriptOutcome {
        let call = ScriptHTTPCall(endpoint: nil, path: "/send", method: "POST", body: run.trigger)
        _ = try? await host.http(call)  // what the answer is does not matter: the call is seen at the stand-in
        return ScriptOutcome(
            log: "", error: error, durationMs: 1, outputs: error == nil ? ["receipt": "from the script"] : [:])
    }
}

/// Takes every POST; `/status/404`, and what lies below, answers that status, and of the answer of `/lost` the end is
/// missing.
actor ProviderStandIn {
    struct Arrival: Sendable {
        let path: String
        let query: String
        let headers: [String: String]
        let body: [UInt8]
    }

    private(set) var arrivals: [Arrival] = []
    private var server: Task<Void, any Error>?

    func start() async throws -> Int {
        let router = Router()
        for path in ["/", "/**"] as [RouterPath] {
            router.post(path) { request, _ in
                let body = try await request.body.collect(upTo: 1 << 20)
                return await self.answer(request, Array(body.readableBytesView))
            }
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "stand-in") { _ in SwiftLogNoOpLogHandler() })
        server = Task { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        return await iterator.next() ?? 0
    }

    func stop() { server?.cancel() }

    private func answer(_ request: Request, _ body: [UInt8]) -> Response {
        let headers = Dictionary(request.headers.map { ($0.name.rawName, $0.value) }) { first, _ in first }
        arrivals.append(
            Arrival(path: request.uri.path, query: request.uri.query ?? "", headers: headers, body: body))
        if request.uri.path == "/lost" {
            return Response(status: .ok, body: .init(contentLength: 64) { _ in throw CancellationError() })
        }
        let wanted = request.uri.path.dropFirst(8).prefix { $0.isNumber }
        let status = request.uri.path.hasPrefix("/status/") ? Int(wanted) ?? 200 : 200
        return Response(
            status: .init(code: status), headers: [.retryAfter: "7"],
            body: .init(byteBuffer: ByteBuffer(string: "said so")))
    }
}
