import Foundation
import TestSupport
import Testing

@testable import OutboundHTTP

/// Requests through a proxy: by a tunnel to an address that has been judged.
@Suite(.timeLimit(.minutes(1)))
struct OutboundProxyTests {
    private func client(
        _ proxy: TestProxy, userInfo: String = "", except: [String] = [], allowing: [String] = ["127.0.0.0/8"],
        resolver: HostResolver? = nil
    ) throws -> OutboundHTTPClient {
        try makeClient(
            allowing: allowing, proxy: try OutboundProxy(parsing: proxy.url(userInfo), except: except),
            resolver: resolver)
    }

    @Test func asksForTheAddressAndNotForTheName() async throws {
        let (server, proxy) = (try TestHTTPServer(), try TestProxy())
        let client = try client(proxy) { $0 == "hooks.example.com" ? [.v4(0x0808_0808)] : nil }
        let request = OutboundRequest(
            method: "POST", url: "http://hooks.example.com:\(server.port)/echo", headers: [("X-Secret", "s")],
            body: Array("body".utf8))
        let response = try await client.send(request)
        #expect(response.status == 200 && response.remoteAddress == "8.8.8.8")
        #expect(response.header("X-Proxy") == nil, "the tunnel's answer is not the target's")
        let seen = String(decoding: response.body, as: UTF8.self)
        #expect(seen.contains("Host: hooks.example.com:\(server.port)") && seen.hasSuffix("body"))
        // The target's headers are not the proxy's.
        let asked = proxy.requests
        #expect(asked.map(\.line) == ["CONNECT 8.8.8.8:\(server.port) HTTP/1.1"])
        #expect(!asked[0].headers.contains { $0.hasPrefix("X-Secret") })
        // The tunnel is used again.
        _ = try await client.send(request)
        #expect(proxy.connections == 1)
    }

    /// What a name leads to is judged before the proxy hears of it: a private address, and one that only one of several
    /// answers gives away.
    @Test(arguments: [
        ["10.0.0.7"], ["127.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.7"], ["10.0.0.7", "fd00::1"],
    ])
    func judgesTheAddressBefore(_ addresses: [String]) async throws {
        let proxy = try TestProxy()
        let client = try client(proxy, allowing: []) { _ in addresses.compactMap { IPAddress($0) } }
        for url in ["http://rebound.example.com/", "https://rebound.example.com/"] {
            let error = await #expect(throws: OutboundError.self) {
                try await client.send(OutboundRequest(url: url, timeout: .seconds(5)))
            }
            #expect(error?.code == .refused && error?.isInDoubt == false)
            #expect(error?.detail.contains("rebound.example.com leads to") == true)
        }
        #expect(proxy.connections == 0)
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]", "10.0.0.7"])
    func refusesInternalHosts(_ host: String) async throws {
        let proxy = try TestProxy()
        let client = try client(proxy, allowing: [])
        let error = await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest(url: "http://\(host):1/", timeout: .seconds(5)))
        }
        #expect(error?.code == .refused, "\(error.map(String.init(describing:)) ?? "")")
        #expect(proxy.connections == 0)
    }

    @Test func takesTheFirstPermittedAddress() async throws {
        let (server, proxy) = (try TestHTTPServer(), try TestProxy())
        let client = try client(proxy, allowing: []) { _ in
            ["fd00::1", "10.0.0.7", "9.9.9.9", "8.8.8.8"].compactMap { IPAddress($0) }
        }
        let url = "http://some.example.com:\(server.port)/status/204"
        #expect(try await client.send(OutboundRequest(url: url)).status == 204)
        #expect(proxy.requests.map(\.line) == ["CONNECT 9.9.9.9:\(server.port) HTTP/1.1"])
    }

    @Test func saysWhoItIs() async throws {
        let server = try TestHTTPServer()
        let proxy = try TestProxy(credentials: "Basic " + Data("us er:p@ss".utf8).base64EncodedString())
        let url = server.url("/status/204")
        let known = try client(proxy, userInfo: "us%20er:p%40ss@")
        #expect(try await known.send(OutboundRequest(url: url)).status == 204)
        let unknown = try client(proxy)
        let error = await #expect(throws: OutboundError.self) { try await unknown.send(OutboundRequest(url: url)) }
        #expect(error?.code == .connect, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.isInDoubt == false, "nothing has reached the target")
        #expect(error?.detail.contains("p@ss") == false)
    }

    @Test func aRefusalIsNoAnswerOfTheTarget() async throws {
        let proxy = try TestProxy(refuses: true)
        let client = try client(proxy)
        let request = OutboundRequest(method: "POST", url: "http://127.0.0.1:1/", body: [1])
        let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(error?.code == .connect && error?.isRetryable == true && error?.isInDoubt == false)
        #expect(error?.detail.contains("403") == true, "\(error?.detail ?? "")")
    }

    @Test func aTargetThatBreaksOffIsInDoubt() async throws {
        let (server, proxy) = (try TestHTTPServer(), try TestProxy())
        let client = try client(proxy)
        let request = OutboundRequest(method: "POST", url: server.url("/drop"), body: [1])
        let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(error?.isInDoubt == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test func exceptionsAreReachedDirectlyAndJudged() async throws {
        let (server, proxy) = (try TestHTTPServer(), try TestProxy())
        let direct = try client(proxy, except: ["127.0.0.1"])
        #expect(try await direct.send(OutboundRequest(url: server.url("/status/204"))).status == 204)
        let guarded = try client(proxy, except: ["127.0.0.1"], allowing: [])
        let error = await #expect(throws: OutboundError.self) {
            try await guarded.send(OutboundRequest(url: server.url("/")))
        }
        #expect(error?.code == .refused && proxy.connections == 0)
    }

    /// With a client's certificate, and the server's checked against the name: the proxy sees neither.
    @Test func tlsGoesThroughTheTunnel() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await TLSServer(authority, asksForCertificate: true)
        defer { server.stop() }
        let proxy = try TestProxy()
        let client = try client(proxy) { $0 == "other.example.com" ? [.v4(0x7f00_0001)] : nil }
        func outcome(_ url: String, trusts: Bool = true, shows: Bool = true) async throws -> OutboundError.Code? {
            var request = OutboundRequest(url: url, timeout: .seconds(10))
            request.certificateAuthority = trusts ? try authority.text("ca.pem") : nil
            if shows {
                request.clientCertificate = .init(
                    certificate: try authority.text("client.pem"), privateKey: try authority.text("client.key"))
            }
            do {
                let status = try await client.send(request).status
                #expect(status == 200)
                return nil
            } catch let error as OutboundError {
                return error.code
            }
        }
        #expect(try await outcome(server.url) == nil)
        let port = server.url.split(separator: ":").last ?? ""
        #expect(proxy.requests.map(\.line) == ["CONNECT 127.0.0.1:\(port) HTTP/1.1"])
        #expect(try await outcome(server.url, trusts: false) == .tls)
        #expect(try await outcome(server.url, shows: false) != nil)
        // The address is right, but the certificate is for another name.
        #expect(try await outcome("https://other.example.com:\(port)") == .tls)
    }

    /// The environment's `no_proxy` would lead around the proxy, and so around the judgement of the address.
    @Test func theEnvironmentHasNoSay() async throws {
        setenv("no_proxy", "*", 1)
        defer { unsetenv("no_proxy") }
        let (server, proxy) = (try TestHTTPServer(), try TestProxy())
        let client = try client(proxy)
        #expect(try await client.send(OutboundRequest(url: server.url("/status/204"))).status == 204)
        #expect(proxy.connections == 1)
    }

    @Test(arguments: [
        ("http://proxy:3128", "http://proxy:3128"), ("https://proxy", "https://proxy:443"),
        ("http://u:p@proxy.example.org:8080/", "http://proxy.example.org:8080"), ("http://[::1]:1", "http://[::1]:1"),
    ])
    func reads(_ text: String, _ url: String) throws {
        let proxy = try OutboundProxy(parsing: text)
        #expect(proxy.url == url)
        #expect((proxy.credentials != nil) == text.contains("@"))
    }

    @Test(arguments: [
        "", "proxy", "socks5://proxy", "http://", "http://proxy/path", "http://proxy?q=1", "http://u:secret@",
    ])
    func refusesWhatIsNoProxy(_ text: String) {
        let error = #expect(throws: OutboundProxy.ParseError.self) { try OutboundProxy(parsing: text) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        ("a.example.org", false), ("example.org", true), ("A.EXAMPLE.ORG", false), ("host", false), ("host2", true),
    ])
    func exceptionsAreNamesOrWhatIsBelow(_ host: String, _ isServed: Bool) throws {
        let proxy = try OutboundProxy(parsing: "http://proxy:1", except: [".example.org", "Host"])
        #expect(proxy.serves(host) == isServed)
    }
}
