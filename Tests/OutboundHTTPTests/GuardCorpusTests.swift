import Foundation
import Logging
import Testing

@testable import OutboundHTTP

/// URLs by which people have tried to make servers talk to themselves. None of them leads to a connection.
@Suite(.timeLimit(.minutes(1)))
struct GuardCorpusTests {
    /// `PORT` is that of a server on 127.0.0.1 which counts its connections.
    static let addresses = [
        // Loopback, as anybody writes it and as nobody does.
        "http://127.0.0.1:PORT/", "http://127.0.0.1.:PORT/", "http://localhost:PORT/", "http://LOCALHOST:PORT/",
        "http://localhost.:PORT/", "http://127.1:PORT/", "http://127.0.1:PORT/", "http://127.8.9.10:PORT/",
        "http://2130706433:PORT/", "http://0x7f000001:PORT/", "http://0x7F.0.0.1:PORT/", "http://0x7f.1:PORT/",
        "http://017700000001:PORT/", "http://0177.0.0.1:PORT/", "http://0177.0.0.01:PORT/",
        "http://00000177.00.00.01:PORT/", "http://127.0.0.0x1:PORT/", "http://0:PORT/", "http://0.0.0.0:PORT/",
        "http://0x0:PORT/", "http://00:PORT/", "http://127.0.0.1:PORT/?x=http://example.com",
        "http://127.0.0.1:PORT#@example.com/", "http://127.0.0.1:PORT/\\@example.com",
        // Percent signs, other digits and dots, in the host.
        "http://%31%32%37.0.0.1:PORT/", "http://127%2e0%2e0%2e1:PORT/", "http://%6c%6f%63alhost:PORT/",
        "http://１２７.0.0.1:PORT/", "http://①②⑦.⓪.⓪.①:PORT/", "http://127。0。0。1:PORT/", "http://ⓛocalhost:PORT/",
        "http://loc\u{ad}alhost:PORT/", "http://127.0.0.1\u{2024}:PORT/",
        // IPv6, and IPv4 within it.
        "http://[::1]:PORT/", "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::]:PORT/", "http://[::ffff:127.0.0.1]:PORT/",
        "http://[::ffff:7f00:1]:PORT/", "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/", "http://[::127.0.0.1]:PORT/",
        "http://[::ffff:0:127.0.0.1]:PORT/", "http://[64:ff9b::127.0.0.1]:PORT/",
        "http://[64:ff9b:1::127.0.0.1]:PORT/", "http://[2002:7f00:1::]:PORT/", "http://[2002:808:808::1]:PORT/",
        "http://[2001:0:7f00:1::1]:PORT/", "http://[::1%25lo]:PORT/", "http://[fe80::1%25lo]:PORT/",
        "http://[fec0::1]:PORT/", "http://[fc00::1]:PORT/", "http://[ff02::1]:PORT/", "http://[2001:db8::1]:PORT/",
        "http://[100::1]:PORT/",
        // Metadata services.
        "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/",
        "http://0251.254.169.254/",
        "http://169.254.43518/", "http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/",
        "http://100.100.100.200/", "http://192.0.0.192/", "http://168.63.129.16/",
        // Private, shared, link-local, for tests and documentation, for all.
        "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "https://192.168.1/",
        "http://100.64.0.1/", "http://169.254.1.1/", "http://192.0.2.1/", "http://198.18.0.1/",
        "http://198.51.100.1/", "http://203.0.113.1/", "http://224.0.0.1/", "http://240.0.0.1/",
        "http://255.255.255.255/",
    ]

    /// What is no URL for this client, whatever it would lead to.
    static let malformed = [
        "http://user@127.0.0.1:PORT/", "http://user:pass@127.0.0.1:PORT/", "http://example.com@127.0.0.1:PORT/",
        "http://127.0.0.1:PORT@example.com/", "http://example.com:80@127.0.0.1:PORT/", "http://@127.0.0.1:PORT/",
        "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://127.0.0.1:PORT/", "gopher://127.0.0.1:PORT/_x",
        "dict://127.0.0.1:PORT/d", "ldap://127.0.0.1:PORT/", "smb://127.0.0.1/x", "tftp://127.0.0.1:PORT/x",
        "telnet://127.0.0.1:PORT/", "ws://127.0.0.1:PORT/", "scp://127.0.0.1/x", "imap://127.0.0.1:PORT/",
        "unix:///var/run/docker.sock", "jar:http://127.0.0.1:PORT/!/", "data:text/plain,x", "javascript:1",
        "http:///127.0.0.1:PORT", "http://[::1", "http://[127.0.0.1]:PORT/", "http://127.0.0.1:PORT:80/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:PORT\r\nX: y/", "http://127.0.0.1\t:PORT/",
        "http://127.0.0.1 :PORT/", "http://", "http://:PORT/", "//127.0.0.1:PORT/", "127.0.0.1:PORT/", "",
    ]

    @Test func nothingOfItConnects() async throws {
        #expect(Self.addresses.count + Self.malformed.count >= 100)
        let server = try TestHTTPServer()
        let client = try makeClient(allowing: [])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for text in Self.addresses + Self.malformed {
                let url = text.replacing("PORT", with: "\(server.port)")
                tasks.addTask { try await Self.check(url, isMalformed: Self.malformed.contains(text), client) }
            }
            try await tasks.waitForAll()
        }
        #expect(server.connections == 0)
    }

    private static func check(_ url: String, isMalformed: Bool, _ client: OutboundHTTPClient) async throws {
        do {
            let response = try await client.send(OutboundRequest(url: url, timeout: .seconds(5)))
            Issue.record("\(url) was answered with \(response.status)")
        } catch let error as OutboundError {
            let detail = "\(url): \(error)"
            #expect(!error.detail.isEmpty && !error.isInDoubt, "\(detail)")
            // What no resolver turns into an address is no escape either.
            let expected: [OutboundError.Code] =
                isMalformed ? [.invalidURL, .refused] : [.refused, .unresolved, .invalidURL]
            #expect(expected.contains(error.code), "\(detail)")
            if error.code == .refused { #expect(error.detail.contains("TOCSIN_OUTBOUND_ALLOW"), "\(detail)") }
            if error.code == .invalidURL { #expect(error.detail.contains("URL"), "\(detail)") }
        }
    }

    /// A redirect is an answer; nobody goes after it.
    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreNotFollowed(_ status: Int) async throws {
        let inside = try TestHTTPServer()
        let location = "http://127.0.0.1:\(inside.port)/echo"
        let outside = try ListeningSocket { connection, _ in
            while let line = connection.readLine(), !line.isEmpty {}
            connection.write(
                Array("HTTP/1.1 \(status) X\r\nLocation: \(location)\r\nRefresh: 0; url=\(location)\r\n\r\n".utf8))
        }
        let client = try makeClient(allowing: ["127.0.0.0/8"])
        let response = try await client.send(
            OutboundRequest(url: "http://127.0.0.1:\(outside.port)/", headers: [("Authorization", "Bearer x")]))
        #expect(response.status == status)
        #expect(response.header("Location") == location)
        #expect(inside.connections == 0)
    }

    // MARK: Names that change what they stand for

    private func client(resolving answers: [String: [[String]]]) throws -> OutboundHTTPClient {
        let names = FakeNames(answers)
        return OutboundHTTPClient(
            policy: OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.1/32")]), userAgent: "test",
            logger: Logger(label: "test"), resolver: { names.next($0) })
    }

    @Test(arguments: [
        ("metadata.google.internal", "169.254.169.254", "a cloud metadata address"),
        ("localtest.example", "127.0.0.2", "a loopback address"), ("six.example", "::1", "the loopback address"),
        ("mapped.example", "::ffff:10.0.0.1", "a private address"), ("db.example", "10.0.0.7", "a private address"),
        ("metadata6.example", "fd00:ec2::254", "a cloud metadata address"),
    ])
    func aNameIsWhatItResolvesTo(_ name: String, _ address: String, _ kind: String) async throws {
        let client = try client(resolving: [name: [[address]]])
        let error = await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest(url: "http://\(name)/"))
        }
        #expect(error?.code == .refused)
        #expect(error?.detail.contains(name) == true && error?.detail.contains(kind) == true, "\(error?.detail ?? "")")
    }

    /// Permitted at the first lookup, internal at the second: the second is judged as well, by the address that the
    /// socket is for.
    @Test func aNameThatTurnsInwardIsRefused() async throws {
        let server = try ListeningSocket { connection, _ in
            while let line = connection.readLine(), !line.isEmpty {}
            connection.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8))
        }
        let client = try client(resolving: ["rebind.example": [["127.0.0.1"], ["127.0.0.2"]]])
        let request = OutboundRequest(url: "http://rebind.example:\(server.port)/", timeout: .seconds(5))
        #expect(try await client.send(request).remoteAddress == "127.0.0.1")
        #expect(server.connections == 1)
        let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(error?.code == .refused)
        #expect(error?.detail.contains("rebind.example leads to 127.0.0.2") == true)
        #expect(server.connections == 1)
    }

    /// Of several addresses, only those that are permitted are tried.
    @Test func anInternalAddressAmongOthersIsPassedOver() async throws {
        let server = try TestHTTPServer()
        let client = try client(resolving: ["many.example": [["127.0.0.2", "10.0.0.1", "127.0.0.1"]]])
        let response = try await client.send(
            OutboundRequest(url: "http://many.example:\(server.port)/status/204", timeout: .seconds(5)))
        #expect(response.status == 204)
        #expect(response.remoteAddress == "127.0.0.1")
    }
}

/// A resolver that gives each name's answers one after the other, the last one from then on.
private final class FakeNames: @unchecked Sendable {  // guarded by the lock
    private let lock = NSLock()
    private var answers: [String: [[String]]]

    init(_ answers: [String: [[String]]]) { self.answers = answers }

    func next(_ name: String) -> [IPAddress]? {
        lock.withLock {
            guard let list = answers[name], let first = list.first else { return nil }
            if list.count > 1 { answers[name]?.removeFirst() }
            return first.compactMap { IPAddress($0) }
        }
    }
}
