import API
import AlertCore
import Endpoints
import Foundation
import Hummingbird
import Ingest
import Logging
import Messaging
import OutboundHTTP
import Persistence
import TestSupport
import Testing

@testable import Bootstrap

/// The built-in endpoint `xMatters`: a script's way to this server's own API.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct InProcessAPITests {
    private let now: AlertCore.Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let integration = "00000000-0000-4000-8000-000000000001"
    private static let another = "00000000-0000-4000-8000-000000000002"

    private struct World: Sendable {
        let database: any SQLDatabase
        let client: EndpointClient
        let view: DirectoryView

        /// - Parameter name: Of the person for whom the script runs.
        func calls(as name: String, depth: Int = 1) throws -> ScriptCalls {
            let person = try #require(view.person(name))
            return ScriptCalls(
                client: client, view: view, plan: "plan", caller: InternalCaller(person: person, depth: depth))
        }
    }

    private func makeWorld() async throws -> World {
        let database = try await Backend.sqlite.makeDatabase()
        let box = SecretBox(key: .init(size: .bits256))
        let at = now()
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "t", causation: "c", correlation: "r")
            for (name, role) in [
                ("admin", "Full Access User"), ("reader", "Standard User"), ("none", "No Access User"),
            ] {
                let person = Person(
                    id: "id-\(name)", targetName: name, firstName: name, lastName: "T", roles: [role], whenCreated: at)
                try directory.put(person, by: origin, at: at)
            }
            try directory.put(Plan(id: "plan", name: "Plan", created: at), by: origin, at: at)
            try directory.put(
                Endpoint(
                    id: "o", plan: "plan", name: "Ourselves", url: "", endpointType: .platform,
                    authenticationType: .platform), by: origin, at: at)
            try directory.put(
                Integration(
                    id: Self.integration, plan: "plan", form: nil, name: "Loop", integrationType: .inbound,
                    operation: .runScript, authenticationType: .url, script: "1",
                    sealedKey: box.seal("k-1", for: .integrationKey(Self.integration)),
                    authenticatingUser: "id-admin"), by: origin, at: at)
        }
        try await database.transaction { connection in
            let open = Integration(
                id: Self.another, plan: "plan", form: nil, name: "Open", integrationType: .inbound,
                operation: .runScript, authenticationType: .any, script: "1")
            try Directory(connection).put(open, by: Origin(actor: "t", causation: "c", correlation: "r"), at: at)
        }
        let bus = EmbeddedBus(database: database, partitionCount: 1)
        let cache = DirectoryCache(database: database)
        let authenticator = Authenticator(cache: cache, now: now)
        let inside = InProcessAPI(
            RESTAPI<InternalContext>(
                database: database, bus: bus, cache: cache, secrets: box, authenticator: authenticator, now: now),
            IngestRoutes<InternalContext>(
                bus: bus, database: database, directory: cache, authenticator: authenticator, secrets: box,
                settings: IngestSettings(bodyLimit: 10_000), now: now, logger: silent), logger: silent)
        let client = EndpointClient(
            client: OutboundHTTPClient(policy: OutboundPolicy(), userAgent: "test", logger: silent), secrets: box,
            database: database, internalAPI: inside, now: now, logger: silent)
        return World(database: database, client: client, view: try await cache.current())
    }

    private func json(_ answer: ScriptCalls.Answer) throws -> JSONValue {
        try JSON.decode(answer.body, as: JSONValue.self)
    }

    @Test(arguments: ["xMatters", "xmatters", "Ourselves"])
    func readsAsThePersonForWhomItRuns(_ endpoint: String) async throws {
        let calls = try await makeWorld().calls(as: "reader")
        let answer = try await calls.send(
            .init(endpoint: endpoint, path: "/api/xm/1/people?limit=1&offset=1", method: "GET"))
        #expect(answer.status == 200, "\(answer.body)")
        #expect(try json(answer)["total"] == 3)
        #expect(try json(answer)["data"]?.array?.count == 1)
        #expect(answer.headers["Content-Type"] == "application/json;charset=utf-8")
    }

    @Test func hasThePersonsPermissionsWhateverTheHeadersSay() async throws {
        let world = try await makeWorld()
        let admin = "Basic " + Data("admin:password".utf8).base64EncodedString()
        let request = ScriptCalls.Request(
            endpoint: "xMatters", path: "api/xm/1/plans", method: "POST",
            headers: ["Authorization": admin, "Content-Type": "application/json", "Content-Length": "2"],
            body: #"{"name":"New"}"#)
        #expect(try await world.calls(as: "reader").send(request).status == 403)
        #expect(try await world.calls(as: "none").send(request).status == 403)
        let made = try await world.calls(as: "admin").send(request)
        #expect(made.status == 201, "\(made.body)")
    }

    @Test func answersErrorsAsTheNetworkDoes() async throws {
        let calls = try await makeWorld().calls(as: "admin")
        for (path, method, status) in [
            ("/api/xm/1/nothing", "GET", 404), ("/api/xm/1/people/nobody", "GET", 404),
            ("/api/xm/1/roles", "DELETE", 405), ("/reapi/2015-04-01/nothing", "GET", 404), ("/console", "GET", 404),
        ] {
            let answer = try await calls.send(.init(endpoint: "xMatters", path: path, method: method))
            #expect(answer.status == status, "\(path)")
        }
    }

    private func triggers(_ query: String, of integration: String = integration) -> ScriptCalls.Request {
        ScriptCalls.Request(
            endpoint: "xMatters", path: "/api/integration/1/functions/\(integration)/triggers\(query)",
            method: "POST", headers: ["Content-Type": "application/json"], body: #"{"a":1}"#)
    }

    private func requests(_ world: World) async throws -> [InboundRequestMessage] {
        let rows = try await world.database.reading { try $0.execute("SELECT body FROM bus_messages ORDER BY 1") }
        return try rows.map { try JSON.decode($0.text(0), as: InboundRequestMessage.self) }
    }

    /// With the key, it acts as the integration's person; without, as the person for whom the script runs.
    @Test(arguments: [(integration, "?apiKey=k-1", "id-admin"), (another, "", "id-admin")])
    func triggersItsOwnIntegrations(_ integration: String, _ query: String, _ person: String) async throws {
        let world = try await makeWorld()
        let answer = try await world.calls(as: "admin", depth: 3).send(triggers(query, of: integration))
        #expect(answer.status == 202, "\(answer.body)")
        let message = try #require(try await requests(world).first)
        #expect(message.person == person && message.depth == 3 && message.body == #"{"a":1}"#)
        #expect(message.parameters == [:])
    }

    @Test func aWrongKeyIsNoKey() async throws {
        let world = try await makeWorld()
        #expect(try await world.calls(as: "admin").send(triggers("?apiKey=wrong")).status == 401)
        // Whoever it is: an integration with a key wants its key.
        #expect(try await world.calls(as: "admin").send(triggers("")).status == 401)
        #expect(try await world.calls(as: "none").send(triggers("", of: Self.another)).status == 403)
    }

    @Test func aCircleEnds() async throws {
        let world = try await makeWorld()
        let last = InternalCaller.depthLimit
        #expect(try await world.calls(as: "admin", depth: last).send(triggers("?apiKey=k-1")).status == 202)
        let answer = try await world.calls(as: "admin", depth: last + 1).send(triggers("?apiKey=k-1"))
        #expect(answer.status == 508)
        #expect(try json(answer)["subcode"] == "request.loop")
        #expect(try await requests(world).count == 1)
    }

    @Test func theRecordShowsTheCallWithoutItsKey() async throws {
        let calls = try await makeWorld().calls(as: "admin")
        _ = try await calls.send(triggers("?apiKey=k-1"))
        let record = await calls.record.joined()
        #expect(
            record.hasPrefix("> POST /api/integration/1/functions/\(Self.integration)/triggers?apiKey=*** HTTP/1.1\n"))
        #expect(record.contains("< HTTP/1.1 202 202") && record.contains("requestId"))
    }

    @Test(arguments: [
        (["X-A": "b\r\nX-B: c"], "/api/xm/1/people"), (["X A": "b"], "/api/xm/1/people"),
    ])
    func refusesWhatNoHeaderMayHold(_ headers: [String: String], _ path: String) async throws {
        let calls = try await makeWorld().calls(as: "admin")
        let error = await #expect(throws: ScriptCalls.Failure.self) {
            try await calls.send(.init(endpoint: "xMatters", path: path, method: "GET", headers: headers))
        }
        #expect(error?.description.contains("what no header may") == true)
    }
}
