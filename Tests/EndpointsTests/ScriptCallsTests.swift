import AlertCore
import Foundation
import OutboundHTTP
import Persistence
import Testing

@testable import Endpoints

/// What `http.request({…}).write(…)` leads to.
@Suite(.timeLimit(.minutes(1)))
struct ScriptCallsTests {
    private let person = Person(
        id: "p", targetName: "mia", firstName: "M", lastName: "M", roles: [],
        whenCreated: Timestamp(milliseconds: 0))

    private func calls(
        _ world: ClientWorld, _ endpoints: [Endpoint], depth: Int = 1
    ) async throws -> ScriptCalls {
        for endpoint in endpoints { try await world.store(endpoint) }
        let view = try await DirectoryCache(database: world.database).current()
        return ScriptCalls(
            client: world.client, view: view, plan: "p", caller: InternalCaller(person: person, depth: depth))
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let base: String
        let path: String
        var encodes = true
        let target: String
    }

    @Test(arguments: [
        Case(testDescription: "a slash", base: "", path: "/a", target: "/a"),
        Case(testDescription: "no slash", base: "", path: "api/v1/x", target: "/api/v1/x"),
        Case(testDescription: "below a base", base: "/base/", path: "/a", target: "/base/a"),
        Case(testDescription: "nothing", base: "/base", path: "", target: "/base"),
        Case(testDescription: "a query", base: "/base", path: "?a=b&&c=d", target: "/base?a=b&&c=d"),
        Case(testDescription: "doubled slashes", base: "", path: "/a//b", target: "/a//b"),
        Case(testDescription: "two in front", base: "", path: "//a", target: "//a"),
        Case(testDescription: "spaces", base: "", path: "/a b?q=c d", target: "/a%20b?q=c%20d"),
        Case(testDescription: "letters", base: "", path: "/ü", target: "/%C3%BC"),
        Case(testDescription: "encoded already", base: "", path: "/a%2Fb", target: "/a%2Fb"),
        Case(testDescription: "encoded by the author", base: "", path: "/a%2Fb", encodes: false, target: "/a%2Fb"),
        Case(testDescription: "another host as a path", base: "", path: "@evil.com/", target: "/@evil.com/"),
        Case(testDescription: "a URL as a path", base: "", path: "http://evil.com/x", target: "/http://evil.com/x"),
    ])
    func appendsThePath(_ row: Case) async throws {
        let service = TestService { _, _ in .init() }
        let world = try await ClientWorld()
        let url = try await service.start() + row.base
        let calls = try await calls(world, [Endpoint(id: "e", plan: "p", name: "T", url: url)])
        let request = ScriptCalls.Request(endpoint: "T", path: row.path, method: "GeT", autoEncodeURI: row.encodes)
        #expect(try await calls.send(request).status == 200)
        #expect(await service.arrivals.map(\.target) == [row.target])
        #expect(await service.arrivals.map(\.method) == ["GET"])
        await service.stop()
    }

    @Test func dealsWithHeaders() async throws {
        let service = TestService { _, _ in .init(headers: ["X-A": "b"], body: "ok") }
        let world = try await ClientWorld()
        let calls = try await calls(
            world, [Endpoint(id: "e", plan: "p", name: "T", url: try await service.start())], depth: 4)
        let answer = try await calls.send(
            ScriptCalls.Request(
                endpoint: "t", path: "/", method: "Post",
                headers: [
                    "Content-Length": "52", "Host": "evil", "Transfer-Encoding": "chunked", "Connection": "close",
                    "Accept-Encoding": "gzip", "User-Agent": "mine", "Authorization": "Basic c2VjcmV0",
                    "Cookie": "s3cret", "X-N": "5",
                ], body: "body", host: "virtual.example.com"))
        #expect(answer.status == 200 && answer.body == "ok" && answer.headers["X-A"] == "b")
        let arrival = await service.arrivals[0]
        #expect(arrival.method == "POST" && arrival.body == "body")
        #expect(arrival.headers["content-length"] == "4")
        #expect(arrival.headers["transfer-encoding"] == nil && arrival.headers["accept-encoding"] == nil)
        #expect(arrival.headers["host"] == "virtual.example.com")
        #expect(arrival.headers["user-agent"] == "mine")
        #expect(arrival.headers["authorization"] == "Basic c2VjcmV0")
        #expect(arrival.headers["x-n"] == "5")
        #expect(arrival.headers["x-tocsin-depth"] == "4")
        let record = await calls.record.joined()
        #expect(record.contains("> POST http://127.0.0.1"))
        #expect(record.contains("Accept-Encoding, Connection, Content-Length, Host, Transfer-Encoding"))
        #expect(record.contains("> Authorization: ***") && record.contains("> Cookie: ***"))
        #expect(record.contains("< HTTP/1.1 200 200"))
        #expect(!record.contains("c2VjcmV0") && !record.contains("s3cret"))
        await service.stop()
    }

    @Test(arguments: [
        (ScriptCalls.Request(endpoint: nil, path: "/", method: "GET"), "needs the name of an endpoint"),
        (ScriptCalls.Request(endpoint: "U", path: "/", method: "GET"), "no endpoint named U"),
        (
            ScriptCalls.Request(endpoint: "T", path: "/", method: "GET", headers: ["X-A": "b\r\nX-B: c"]),
            "the value of header X-A contains a line break or NUL"
        ),
        (ScriptCalls.Request(endpoint: "T", path: "/", method: "GET", headers: ["X A": "b"]), "no header name"),
        (ScriptCalls.Request(endpoint: "T", path: "/", method: "GET /", headers: [:]), "no HTTP method"),
        (ScriptCalls.Request(endpoint: "T", path: "/a b", method: "GET", autoEncodeURI: false), "contains a space"),
        (ScriptCalls.Request(endpoint: "T", path: "/", method: "GET", host: "a\r\nX-B: c"), "is no host"),
        (ScriptCalls.Request(endpoint: "T", path: "/", method: "GET", host: "u@h"), "is no host"),
        (ScriptCalls.Request(endpoint: "Inside", path: "/", method: "GET"), "10.0.0.1 is a private address"),
        (ScriptCalls.Request(endpoint: "xMatters", path: "/", method: "GET"), "cannot be called from here"),
    ])
    func failsWithWordsForTheAuthor(_ request: ScriptCalls.Request, _ words: String) async throws {
        let world = try await ClientWorld()
        let calls = try await calls(
            world,
            [
                Endpoint(id: "e", plan: "p", name: "T", url: "http://127.0.0.1:1"),
                Endpoint(id: "f", plan: "p", name: "Inside", url: "http://10.0.0.1"),
            ])
        let error = await #expect(throws: ScriptCalls.Failure.self) { try await calls.send(request) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test func givesTokens() async throws {
        let service = TestService { _, _ in .token("tok-1") }
        let world = try await ClientWorld()
        let calls = try await calls(world, [world.oauth2(try await service.start(), .clientCredentials)])
        #expect(try await calls.authenticate("Target") == "tok-1")
        let error = await #expect(throws: ScriptCalls.Failure.self) { try await calls.authenticate("Nobody") }
        #expect(error?.description == "the workflow has no endpoint named Nobody")
        await service.stop()
    }

    @Test func anAnswerThatIsTooLongIsNoAnswer() async throws {
        let service = TestService { _, _ in .init(body: String(repeating: "x", count: (1 << 20) + 1)) }
        let world = try await ClientWorld()
        let calls = try await calls(world, [Endpoint(id: "e", plan: "p", name: "T", url: try await service.start())])
        let error = await #expect(throws: ScriptCalls.Failure.self) {
            try await calls.send(ScriptCalls.Request(endpoint: "T", path: "/", method: "GET"))
        }
        #expect(error?.description == "the answer has more than 1048576 bytes")
        await service.stop()
    }

    @Test func theRecordIsBounded() async throws {
        let service = TestService { _, _ in .init(body: String(repeating: "x", count: 10_000)) }
        let world = try await ClientWorld()
        let calls = try await calls(world, [Endpoint(id: "e", plan: "p", name: "T", url: try await service.start())])
        for _ in 1...40 {
            _ = try await calls.send(ScriptCalls.Request(endpoint: "T", path: "/", method: "GET"))
        }
        let record = await calls.record
        #expect(record.joined().utf8.count < ScriptCalls.recordLimit + 1000)
        #expect(record.last?.hasSuffix("more calls are not shown)") == true)
        await service.stop()
    }
}
