import AlertCore
import Foundation
import OutboundHTTP
import Persistence
import TestSupport
import Testing

@testable import Endpoints

@Suite(.timeLimit(.minutes(1)))
struct EndpointClientTests {
    private let get = EndpointCall(method: "get", path: "/a")

    // MARK: Basic and bearer

    @Test func basicGoesWithTheFirstRequest() async throws {
        let service = TestService { _, _ in .init() }
        let world = try await ClientWorld()
        _ = try await world.client.send(get, to: world.basic(try await service.start()), as: nil)
        let arrivals = await service.arrivals
        #expect(arrivals.map(\.method) == ["GET"])
        #expect(arrivals[0].headers["authorization"] == "Basic " + Data("us:er:p@ss".utf8).base64EncodedString())
        #expect(arrivals[0].headers["user-agent"] == "Tocsin/test")
        #expect(arrivals[0].headers["accept"] == "*/*")
        await service.stop()
    }

    @Test(arguments: [
        (["WWW-Authenticate": "Basic realm=\"x\""], 2), ([:], 2), (["WWW-Authenticate": "Negotiate"], 1),
    ])
    func basicCanWaitForTheChallenge(_ challenge: [String: String], _ requests: Int) async throws {
        let service = TestService { arrival, _ in
            arrival.headers["authorization"] == nil ? .init(status: 401, headers: challenge) : .init(status: 200)
        }
        let world = try await ClientWorld()
        let call = EndpointCall(method: "POST", path: "/a", body: Array("body".utf8))
        let endpoint = world.basic(try await service.start(), preemptive: false)
        let answer = try await world.client.send(call, to: endpoint, as: nil)
        #expect(answer.status == (requests == 2 ? 200 : 401))
        let arrivals = await service.arrivals
        #expect(arrivals.count == requests)
        #expect(arrivals[0].headers["authorization"] == nil)
        #expect(arrivals.allSatisfy { $0.body == "body" })
        await service.stop()
    }

    @Test func aCallsOwnAuthorizationGoesFirst() async throws {
        let service = TestService { _, _ in .init(status: 401) }
        let world = try await ClientWorld()
        let url = try await service.start()
        let call = EndpointCall(method: "GET", path: "/a", headers: [("authorization", "Custom x")])
        for endpoint in [world.basic(url), world.oauth2(url, .password)] {
            #expect(try await world.client.send(call, to: endpoint, as: nil).status == 401)
        }
        #expect(await service.arrivals.map { $0.headers["authorization"] } == ["Custom x", "Custom x"])
        await service.stop()
    }

    @Test func aFixedTokenIsSentAndGiven() async throws {
        let service = TestService { _, _ in .init() }
        let world = try await ClientWorld()
        let endpoint = Endpoint(
            id: "e", plan: "p", name: "Slack", url: try await service.start(), authenticationType: .oauthSlack,
            sealedToken: world.box.seal("xoxb-1", for: .endpointToken("e")))
        _ = try await world.client.send(get, to: endpoint, as: nil)
        #expect(await service.arrivals[0].headers["authorization"] == "Bearer xoxb-1")
        #expect(try await world.client.accessToken(of: endpoint) == "xoxb-1")
        await service.stop()
    }

    // MARK: OAuth 2

    @Test(arguments: Endpoint.OAuth2.Grant.allCases, Endpoint.OAuth2.ClientAuthentication.allCases)
    func asksForATokenAsTheStandardSays(
        _ grant: Endpoint.OAuth2.Grant, _ way: Endpoint.OAuth2.ClientAuthentication
    ) async throws {
        let service = TestService { arrival, _ in arrival.target == "/token" ? .token("tok-1") : .init() }
        let world = try await ClientWorld()
        var endpoint = world.oauth2(try await service.start(), grant)
        endpoint.oauth2?.clientAuthentication = way
        for _ in 1...3 { _ = try await world.client.send(get, to: endpoint, as: nil) }
        let arrivals = await service.arrivals
        #expect(arrivals.map(\.target) == ["/token", "/a", "/a", "/a"])
        #expect(arrivals.dropFirst().allSatisfy { $0.headers["authorization"] == "Bearer tok-1" })
        var expected: [String: String] =
            switch grant {
            case .password: ["grant_type": "password", "username": "user", "password": "p@ss word&"]
            case .clientCredentials: ["grant_type": "client_credentials"]
            case .refreshToken: ["grant_type": "refresh_token", "refresh_token": "refresh-1"]
            }
        expected["scope"] = "a b"
        if way == .body { expected.merge(["client_id": "cl:ient", "client_secret": "s3cret+"]) { $1 } }
        #expect(arrivals[0].form == expected)
        #expect(arrivals[0].headers["content-type"] == "application/x-www-form-urlencoded")
        let basic = "Basic " + Data("cl%3Aient:s3cret%2B".utf8).base64EncodedString()
        #expect(arrivals[0].headers["authorization"] == (way == .basic ? basic : nil))
        await service.stop()
    }

    @Test func manyCallersAskOnce() async throws {
        let world = try await ClientWorld()
        let service = TestService { arrival, _ in
            guard arrival.target == "/token" else { return .init() }
            // When not all come, the counts below say so.
            try? await eventually { await world.client.tokens.waitingCount == 20 }
            return .token("tok-1")
        }
        let endpoint = world.oauth2(try await service.start(), .clientCredentials)
        try await withThrowingTaskGroup(of: Int.self) { tasks in
            for _ in 1...20 {
                tasks.addTask { try await world.client.send(self.get, to: endpoint, as: nil).status }
            }
            for try await status in tasks { #expect(status == 200) }
        }
        #expect(await service.count("/token") == 1)
        #expect(await service.count("/a") == 20)
        await service.stop()
    }

    @Test(arguments: [
        (#""expires_in":3600"#, 3539, 3541), (#""expires_in":"120""#, 106, 108), (#""x":1"#, 268, 270),
        (#""expires_in":0"#, -1, 0),
    ])
    func renewsBeforeTheEnd(_ lifetime: String, _ usable: Int, _ outdated: Int) async throws {
        let service = TestService { arrival, number in
            arrival.target == "/token" ? .token("tok-\(number)", lifetime) : .init()
        }
        let world = try await ClientWorld()
        let endpoint = world.oauth2(try await service.start(), .clientCredentials)
        let start = world.time.now
        #expect(try await world.client.accessToken(of: endpoint) == "tok-1")
        if usable >= 0 {
            world.time.now = start.advanced(by: .seconds(usable))
            #expect(try await world.client.accessToken(of: endpoint) == "tok-1")
        }
        world.time.now = start.advanced(by: .seconds(outdated))
        #expect(try await world.client.accessToken(of: endpoint) == "tok-2")
        await service.stop()
    }

    @Test func a401LeadsToOneNewTokenAndOneMoreTry() async throws {
        let service = TestService { arrival, number in
            if arrival.target == "/token" { return .token("tok-\(number)") }
            return .init(status: arrival.headers["authorization"] == "Bearer tok-2" ? 200 : 401)
        }
        let world = try await ClientWorld()
        let endpoint = world.oauth2(try await service.start(), .clientCredentials)
        #expect(try await world.client.send(get, to: endpoint, as: nil).status == 200)
        #expect(try await world.client.send(get, to: endpoint, as: nil).status == 200)
        #expect(await service.arrivals.map(\.target) == ["/token", "/a", "/token", "/a", "/a"])
        await service.stop()
    }

    @Test func aTargetThatRefusesEveryTokenIsAskedTwice() async throws {
        let service = TestService { arrival, number in
            arrival.target == "/token" ? .token("tok-\(number)") : .init(status: 401)
        }
        let world = try await ClientWorld()
        let endpoint = world.oauth2(try await service.start(), .clientCredentials)
        #expect(try await world.client.send(get, to: endpoint, as: nil).status == 401)
        #expect(await service.arrivals.map(\.target) == ["/token", "/a", "/token", "/a"])
        await service.stop()
    }

    @Test func aChangedEndpointGetsItsOwnToken() async throws {
        let service = TestService { arrival, number in
            arrival.target == "/token" ? .token("tok-\(number)") : .init()
        }
        let world = try await ClientWorld()
        var endpoint = world.oauth2(try await service.start(), .clientCredentials)
        #expect(try await world.client.accessToken(of: endpoint) == "tok-1")
        endpoint.name = "Renamed"
        #expect(try await world.client.accessToken(of: endpoint) == "tok-1")
        endpoint.oauth2?.scopes = "c"
        #expect(try await world.client.accessToken(of: endpoint) == "tok-2")
        endpoint.oauth2?.connection += 1
        #expect(try await world.client.accessToken(of: endpoint) == "tok-3")
        await service.stop()
    }

    @Test func aNewRefreshTokenIsKept() async throws {
        let service = TestService { arrival, number in
            guard arrival.target == "/token" else { return .init() }
            guard arrival.form["refresh_token"] == "refresh-\(number)" else { return .init(status: 400) }
            return .token("tok-\(number)", #""expires_in":100,"refresh_token":"refresh-\#(number + 1)""#)
        }
        let world = try await ClientWorld()
        let endpoint = world.oauth2(try await service.start(), .refreshToken)
        try await world.store(endpoint)
        #expect(try await world.client.accessToken(of: endpoint) == "tok-1")
        let kept = try await world.database.reading { try Directory($0).get(Endpoint.self, id: "e") }
        let sealed = try #require(kept?.oauth2?.sealedRefreshToken)
        #expect(try world.box.open(sealed, for: .refreshToken("e")) == "refresh-2")
        // The access token is still good, for the endpoint as it was and as it is.
        #expect(try await world.client.accessToken(of: endpoint) == "tok-1")
        #expect(try await world.client.accessToken(of: try #require(kept)) == "tok-1")
        // A view that is a moment behind does not send the token that was used up.
        world.time.now = world.time.now.advanced(by: .seconds(200))
        #expect(try await world.client.accessToken(of: endpoint) == "tok-2")
        // Another process has only what is stored.
        let stored = try #require(try await world.database.reading { try Directory($0).get(Endpoint.self, id: "e") })
        let last = try #require(stored.oauth2?.sealedRefreshToken)
        #expect(try world.box.open(last, for: .refreshToken("e")) == "refresh-3")
        await service.stop()
    }

    @Test func remedyHasATokenOfItsOwn() async throws {
        let service = TestService { arrival, _ in
            arrival.target == "/base/api/jwt/login" ? .init(body: "ey.jwt.x\n") : .init()
        }
        let world = try await ClientWorld()
        var endpoint = world.basic(try await service.start() + "/base")
        endpoint.authenticationType = .remedyToken
        _ = try await world.client.send(get, to: endpoint, as: nil)
        let arrivals = await service.arrivals
        #expect(arrivals.map(\.target) == ["/base/api/jwt/login", "/base/a"])
        #expect(arrivals[0].form == ["username": "us:er", "password": "p@ss"])
        #expect(arrivals[1].headers["authorization"] == "AR-JWT ey.jwt.x")
        await service.stop()
    }

    struct Failing: CustomTestStringConvertible {
        let testDescription: String
        let answer: TestService.Answer
        let says: String
        let isRetryable: Bool
    }

    @Test(arguments: [
        Failing(
            testDescription: "refused",
            answer: .init(
                status: 400, body: #"{"error":"invalid_client","error_description":"no: s3cret+\nat p@ss word&"}"#),
            says: "HTTP 400, invalid_client: no: *** at ***", isRetryable: false),
        Failing(
            testDescription: "down", answer: .init(status: 503, body: "<html>"), says: "HTTP 503", isRetryable: true),
        Failing(
            testDescription: "200 without a token", answer: .init(body: #"{"ok":false,"error":"invalid_grant"}"#),
            says: "the answer has no access_token, invalid_grant", isRetryable: false),
        Failing(
            testDescription: "no JSON", answer: .init(body: "token"), says: "the answer has no access_token",
            isRetryable: false),
        Failing(
            testDescription: "a redirect", answer: .init(status: 302, headers: ["Location": "/a"]), says: "HTTP 302",
            isRetryable: false),
        Failing(
            testDescription: "a token that breaks headers", answer: .token(#"a\r\nX-B: c"#),
            says: "the token is empty or cannot stand in a header", isRetryable: false),
        Failing(
            testDescription: "too long", answer: .init(body: String(repeating: "x", count: 70_000)),
            says: "the answer has more than 65536 bytes", isRetryable: false),
    ])
    func saysWhyThereIsNoToken(_ row: Failing) async throws {
        let service = TestService { _, _ in row.answer }
        let world = try await ClientWorld()
        let url = try await service.start()
        let endpoint = world.oauth2(url, .password, path: "/token?api_key=hidden")
        let error = await #expect(throws: TokenProblem.self) {
            try await world.client.send(get, to: endpoint, as: nil)
        }
        let expected = "the endpoint Target got no token from \(url)/token?api_key=***: \(row.says)"
        #expect(error?.description == expected)
        #expect(error?.isRetryable == row.isRetryable)
        #expect(await service.count("/a") == 0)
        // Nothing is remembered of a failure.
        _ = await #expect(throws: TokenProblem.self) { try await world.client.accessToken(of: endpoint) }
        #expect(await service.count("/token") == 2)
        await service.stop()
    }

    @Test func theTokenServerIsGuardedToo() async throws {
        let world = try await ClientWorld()
        let endpoint = world.oauth2("http://10.1.2.3", .clientCredentials)
        let error = await #expect(throws: TokenProblem.self) { try await world.client.accessToken(of: endpoint) }
        #expect(error?.detail.contains("10.1.2.3 is a private address") == true)
    }

    @Test func aSecretOfAnotherKeyIsSaidByName() async throws {
        let world = try await ClientWorld()
        var endpoint = world.basic("http://127.0.0.1:1")
        endpoint.sealedPassword = SecretBox(key: .init(size: .bits256)).seal("x", for: .endpointPassword("e"))
        let error = await #expect(throws: EndpointProblem.self) {
            try await world.client.send(get, to: endpoint, as: nil)
        }
        #expect(error?.description.hasPrefix("the endpoint Target has a secret that cannot be used") == true)
    }

    @Test func anEndpointWithoutTokensSaysSo() async throws {
        let world = try await ClientWorld()
        let error = await #expect(throws: EndpointProblem.self) {
            try await world.client.accessToken(of: world.basic("http://127.0.0.1:1"))
        }
        #expect(error?.description == "the endpoint Target has no token: its authentication is BASIC")
    }
}
