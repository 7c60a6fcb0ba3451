import AlertCore
import Endpoints
import Foundation
import Logging
import OutboundHTTP
import Persistence
import Scripting
import TestSupport
import Testing

@testable import WebhookDispatcher

/// Webhooks go out as their endpoint says, or wait with a reason.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct WebhookAuthenticationTests {
    private let box = SecretBox(key: .init(size: .bits256))
    private let at = Timestamp(milliseconds: 1_800_000_000_000)
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func target(_ endpoint: Endpoint, in database: any SQLDatabase) async throws -> Target {
        try await database.transaction { [at] connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "t", causation: "c", correlation: "r")
            try directory.put(endpoint, by: origin, at: at)
            let integration = Integration(
                id: "i", plan: "p", form: "f", name: "I", integrationType: .outbound, operation: .sendWebhook,
                triggeredBy: .status, endpoint: endpoint.id, path: "/ok")
            try directory.put(integration, by: origin, at: at)
        }
        let view = try await DirectoryCache(database: database).current()
        return try Target(
            integration: "i", in: view, secrets: box, at: Timestamp(milliseconds: 0))
    }

    @Test func carriesTheEndpointsCredentials() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let sink = TestSink()
        let url = "http://127.0.0.1:\(try await sink.start())"
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")])
        let client = EndpointClient(
            client: OutboundHTTPClient(policy: policy, userAgent: "test", logger: silent), secrets: box,
            database: database, now: { [at] in at }, logger: silent)
        let scripts = OutboundScripts(
            engine: NoScripts(), client: client, limits: ScriptLimits(), now: { [at] in at })
        let runner = AttemptRunner(client: client, scripts: scripts, timeout: .seconds(5), now: { [at] in at })
        let endpoints = [
            Endpoint(
                id: "e", plan: "p", name: "E", url: url, authenticationType: .bearer,
                sealedToken: box.seal("tok", for: .endpointToken("e"))),
            Endpoint(
                id: "e", plan: "p", name: "E", url: url, authenticationType: .basic, username: "u",
                sealedPassword: box.seal("p", for: .endpointPassword("e"))),
            Endpoint(id: "e", plan: "p", name: "E", url: url),
        ]
        for endpoint in endpoints {
            let request = WebhookDelivery.Request(
                id: "d", integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: "a", alertNumber: 1,
                sequence: 1, payload: "{}", correlation: "r")
            let attempt = await runner.run(request, number: 1, to: try await target(endpoint, in: database))
            #expect(attempt.status == 204 && attempt.url == "\(url)/ok", "\(attempt)")
        }
        #expect(await sink.arrivals.map(\.authorization) == ["Bearer tok", "Basic dTpw", nil])
        await sink.stop()
    }

    @Test(arguments: [
        (
            Endpoint(
                id: "e", plan: "p", name: "E", url: "https://h", authenticationType: .oauthSlack),
            "needs authentication.oauthTokenUrl"
        ),
        (Endpoint.platform(of: "p"), "for scripts only"),
    ])
    func waitsForWhatIsMissing(_ endpoint: Endpoint, _ words: String) async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let error = await #expect(throws: Target.Unavailable.self) { try await target(endpoint, in: database) }
        #expect(error?.reason == .unconfigured)
        #expect(error?.detail.contains(words) == true, "\(error?.detail ?? "")")
    }
}
