import TestSupport
import Testing

@testable import OutboundHTTP

/// HTTP/2 with targets that offer it in the TLS handshake.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct HTTP2Tests {
    @Test func manyRequestsShareAConnection() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await HTTP2Server(authority)
        defer { server.stop() }
        let client = try makeClient()
        let (url, trusted) = (server.url, try authority.text("ca.pem"))
        @Sendable func send(_ number: Int) async throws -> Bool {
            // Some are longer than a frame, and than what may be sent without the receiver's leave.
            let body = [UInt8](repeating: UInt8(number % 256), count: number % 10 == 0 ? 200_000 : number)
            let response = try await client.send(
                OutboundRequest(
                    method: "POST", url: "\(url)/hook", headers: [("Content-Type", "application/json")], body: body,
                    responseBodyLimit: 1 << 20, certificateAuthority: trusted))
            #expect(response.header("nghttpd-response") == "echo")
            return response.status == 200 && response.body == body
        }
        let allEchoed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...300 { group.addTask { try await send(number) } }
            return try await group.allSatisfy { $0 }
        }
        #expect(allEchoed)
        #expect(try await send(301))
        let counts = try server.counts
        #expect(counts == (connections: 1, requests: 301))
    }

    /// One that was written to may have acted on it, although it has not said a word.
    @Test func silenceLeavesADoubt() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await TLSServer(authority, asksForCertificate: false, pretending: "h2")
        defer { server.stop() }
        let client = try makeClient()
        let request = OutboundRequest(
            method: "POST", url: "\(server.url)/hook", body: [1, 2, 3], timeout: .seconds(1),
            certificateAuthority: try authority.text("ca.pem"))
        let silent = await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(silent?.code == .timeout && silent?.isInDoubt == true, "\(silent.map { "\($0)" } ?? "")")
        let other = try await TLSServer(authority, asksForCertificate: false, pretending: "h2")
        defer { other.stop() }
        var unhurried = request
        unhurried.timeout = .seconds(20)
        unhurried.url = "\(other.url)/hook"
        let underWay = Task { [unhurried] in try await client.send(unhurried) }
        try await eventually { try other.text.contains("PRI * HTTP/2.0") }
        other.stop()
        let broken = await #expect(throws: OutboundError.self) { try await underWay.value }
        #expect(broken?.code == .protocolError && broken?.isInDoubt == true, "\(broken.map { "\($0)" } ?? "")")
    }

    /// Its certificate counts as for any other.
    @Test func anUnknownAuthorityIsRefused() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await HTTP2Server(authority)
        defer { server.stop() }
        let client = try makeClient()
        let error = await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest(url: "\(server.url)/ca.pem"))
        }
        #expect(error?.code == .tls && error?.isInDoubt == false)
        #expect(try server.counts.requests == 0)
    }
}
