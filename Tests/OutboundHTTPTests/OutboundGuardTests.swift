import Testing

@testable import OutboundHTTP

/// What must not get out, or not like that.
@Suite(.timeLimit(.minutes(1)))
struct OutboundGuardTests {
    let server: TestHTTPServer
    let guarded: OutboundHTTPClient

    init() throws {
        server = try TestHTTPServer()
        guarded = try makeClient(allowing: [])
    }

    @Test(arguments: [
        "127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "0.0.0.0", "0", "[::]", "[::1]", "10.0.0.7", "169.254.169.254", "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]", "[fe80::1%25lo]",
    ])
    func refusesInternalAddresses(_ host: String) async throws {
        let request = OutboundRequest(url: "http://\(host):\(server.port)/echo", timeout: .seconds(5))
        let error = await #expect(throws: OutboundError.self) { try await guarded.send(request) }
        #expect(error?.code == .refused, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.detail.contains("TOCSIN_OUTBOUND_ALLOW can permit it") == true)
        #expect(error?.isInDoubt == false)
        #expect(error?.isRetryable == false)
        #expect(server.connections == 0)
    }

    @Test func saysWhichAddressAndWhy() async throws {
        let request = OutboundRequest(url: "http://127.0.0.1:\(server.port)/")
        let error = await #expect(throws: OutboundError.self) { try await guarded.send(request) }
        #expect(error?.detail == "127.0.0.1 is a loopback address; TOCSIN_OUTBOUND_ALLOW can permit it")
    }

    @Test func anAllowedNameIsReached() async throws {
        let client = try makeClient(allowing: ["127.0.0.0/8"])  // Not ::1, which localhost may lead to as well.
        let response = try await client.send(OutboundRequest(url: "http://localhost:\(server.port)/status/204"))
        #expect(response.status == 204)
        #expect(response.remoteAddress == "127.0.0.1")
    }

    @Test(arguments: [
        "", "nonsense", "/path", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://",
        "http://user@127.0.0.1/", "http://user:secret@127.0.0.1/", "http://a b/", "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/\0", "http://127.0.0.1:99999/", "http://[::1/", "dict://127.0.0.1/",
    ])
    func refusesURLs(_ url: String) async throws {
        let error = await #expect(throws: OutboundError.self) { try await guarded.send(OutboundRequest(url: url)) }
        #expect(error?.code == .invalidURL)
        #expect(error?.isRetryable == false)
        #expect(error?.detail.contains("secret") == false)
    }

    @Test(arguments: [
        ("X-A", "b\r\nX-B: c"), ("X-A", "b\nc"), ("X-A", "b\0"), ("X A", "b"), ("", "b"), ("X-A:", "b"),
        ("Content-Length", "5"), ("transfer-encoding", "chunked"), ("HOST", "internal"), ("Connection", "close"),
    ])
    func refusesHeaders(_ name: String, _ value: String) async throws {
        let request = OutboundRequest(url: "http://127.0.0.1/", headers: [(name, value)])
        let error = await #expect(throws: OutboundError.self) { try await guarded.send(request) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func refusesMethodsAndCredentials() async throws {
        let requests = [
            OutboundRequest(method: "GET /", url: server.url("/")), OutboundRequest(method: "", url: server.url("/")),
            OutboundRequest(url: server.url("/"), basicAuth: ("a:b", "c")),
            OutboundRequest(url: server.url("/"), basicAuth: ("a", "c\0")),
        ]
        for request in requests {
            let error = await #expect(throws: OutboundError.self) { try await guarded.send(request) }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func aNameWithoutAddressIsUnresolved() async throws {
        let request = OutboundRequest(url: "http://nowhere.invalid/", timeout: .seconds(5))
        let error = await #expect(throws: OutboundError.self) { try await guarded.send(request) }
        #expect(error?.code == .unresolved || error?.code == .timeout)  // A sandbox's resolver may not answer.
        #expect(error?.isInDoubt == false)
    }
}
