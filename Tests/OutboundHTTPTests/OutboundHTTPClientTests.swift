import Foundation
import Logging
import Testing

@testable import OutboundHTTP

func makeClient(
    allowing blocks: [String] = ["127.0.0.0/8"], limits: OutboundHTTPClient.Limits = .init(),
    proxy: OutboundProxy? = nil, resolver: HostResolver? = nil
) throws -> OutboundHTTPClient {
    OutboundHTTPClient(
        policy: OutboundPolicy(allowing: try blocks.map { try CIDR(parsing: $0) }), userAgent: "Tocsin/test",
        limits: limits, proxy: proxy, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        resolver: resolver)
}

@Suite(.timeLimit(.minutes(1)))
struct OutboundHTTPClientTests {
    let server: TestHTTPServer
    let client: OutboundHTTPClient

    init() throws {
        server = try TestHTTPServer()
        client = try makeClient()
    }

    private func failure(_ request: OutboundRequest) async throws -> OutboundError {
        try #require(await #expect(throws: OutboundError.self) { try await client.send(request) })
    }

    private func text(_ request: OutboundRequest) async throws -> String {
        String(decoding: try await client.send(request).body, as: UTF8.self)
    }

    @Test func sendsAGet() async throws {
        let response = try await client.send(OutboundRequest(url: server.url("/echo"), headers: [("X-One", "1")]))
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(response.status == 200)
        #expect(response.remoteAddress == "127.0.0.1")
        #expect(response.duration > .zero)
        #expect(!response.isBodyTruncated)
        #expect(text.hasPrefix("GET\nGET /echo HTTP/1.1\n"))
        #expect(text.contains("\nX-One: 1\n"))
        #expect(text.contains("\nUser-Agent: Tocsin/test\n"))
        #expect(!text.contains("Accept-Encoding"))
        #expect(!text.contains("Content-"))
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func sendsABody(_ method: String) async throws {
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let request = OutboundRequest(
            method: method, url: server.url("/echo"), headers: [("Content-Type", "a/b"), ("user-agent", "me")],
            body: body, responseBodyLimit: 1_000_000)
        let response = try await client.send(request)
        let head = String(decoding: response.body.dropLast(body.count), as: UTF8.self)
        #expect(head.hasPrefix("\(method)\n"))
        #expect(head.contains("\nContent-Length: 100000\n"))
        #expect(head.contains("\nContent-Type: a/b\n"))
        #expect(head.contains("\nuser-agent: me\n"))
        #expect(!head.contains("Tocsin"))
        #expect(Array(response.body.suffix(body.count)) == body)
    }

    @Test func framesEveryMethod() async throws {
        #expect(try await text(OutboundRequest(method: "POST", url: server.url("/echo"))).contains("Content-Length: 0"))
        #expect(try await text(OutboundRequest(method: "DELETE", url: server.url("/echo"))).hasPrefix("DELETE\n"))
        #expect(try await client.send(OutboundRequest(method: "HEAD", url: server.url("/bytes/9"))).body.isEmpty)
        let empty = OutboundRequest(url: server.url("/echo"), headers: [("X-None", "")])
        #expect(try await text(empty).contains("\nX-None:"))
    }

    @Test func sendsBasicAuthAndForgetsIt() async throws {
        let secret = OutboundRequest(url: server.url("/echo"), basicAuth: ("user", "pass:word"))
        #expect(try await text(secret).contains("\nAuthorization: Basic dXNlcjpwYXNzOndvcmQ=\n"))
        #expect(try await !text(OutboundRequest(url: server.url("/echo"))).contains("Authorization"))
        #expect(server.connections == 1)
    }

    @Test(arguments: [200, 204, 400, 404, 429, 500, 503])
    func everyStatusIsAnAnswer(_ status: Int) async throws {
        let response = try await client.send(OutboundRequest(url: server.url("/status/\(status)")))
        #expect(response.status == status)
        #expect(response.header("X-REASON") == "because")
        #expect(response.headers.filter { $0.name.lowercased() == "x-reason" }.map(\.value) == ["because", "again"])
        #expect(response.header("X-Other") == nil)
    }

    @Test func doesNotFollowARedirect() async throws {
        let response = try await client.send(OutboundRequest(url: server.url("/redirect")))
        #expect(response.status == 302)
        #expect(response.header("location") == "/echo")
    }

    @Test func keepsTheFinalHeadersOnly() async throws {
        let response = try await client.send(OutboundRequest(url: server.url("/early")))
        #expect(response.status == 200)
        #expect(response.headers.map(\.name) == ["Content-Length", "X-Final"])
    }

    @Test func cutsALongBody() async throws {
        let response = try await client.send(OutboundRequest(url: server.url("/bytes/100000"), responseBodyLimit: 10))
        #expect(response.body.count == 10)
        #expect(response.isBodyTruncated)
        let whole = try await client.send(OutboundRequest(url: server.url("/bytes/10"), responseBodyLimit: 10))
        #expect(whole.body.count == 10)
        #expect(!whole.isBodyTruncated)
        #expect(server.connections == 1)
    }

    @Test func stopsReadingAnEndlessBody() async throws {
        let response = try await client.send(OutboundRequest(url: server.url("/endless"), responseBodyLimit: 1000))
        #expect(response.status == 200)
        #expect(response.body.count == 1000)
        #expect(response.isBodyTruncated)
    }

    @Test func failsBeyondAHardLimit() async throws {
        let error = try await failure(OutboundRequest(url: server.url("/endless"), hardLimit: 100_000))
        #expect(error.code == .tooLarge)
        #expect(error.isInDoubt)
        #expect(error.detail == "the answer has more than 100000 bytes")
        #expect(try await failure(OutboundRequest(url: server.url("/headers/129"))).code == .tooLarge)
        #expect(try await client.send(OutboundRequest(url: server.url("/headers/126"))).headers.count == 127)
    }

    @Test(arguments: ["/hang", "/slow/3000"])
    func timesOutInDoubt(_ path: String) async throws {
        let start = ContinuousClock.now
        let error = try await failure(OutboundRequest(url: server.url(path), timeout: .milliseconds(200)))
        #expect(error.code == .timeout)
        #expect(error.isInDoubt)
        #expect(error.isRetryable)
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test(arguments: ["/drop", "/garbage"])
    func aBrokenAnswerIsInDoubt(_ path: String) async throws {
        let error = try await failure(OutboundRequest(url: server.url(path)))
        #expect(error.code == .protocolError)
        #expect(error.isInDoubt)
    }

    @Test func aRefusedConnectionIsNotInDoubt() async throws {
        server.socket.stop()
        let error = try await failure(OutboundRequest(url: server.url("/echo")))
        #expect(error.code == .connect)
        #expect(!error.isInDoubt)
        #expect(error.isRetryable)
    }

    @Test func plainTextInsteadOfTLSIsATLSFailure() async throws {
        let plain = try ListeningSocket { connection, _ in
            connection.write(Array("220 mail.test\r\n".utf8))
            connection.waitForEnd()
        }
        let error = try await failure(OutboundRequest(url: "https://127.0.0.1:\(plain.port)/"))
        #expect(error.code == .tls)
        #expect(!error.isInDoubt)
    }

    @Test func usesConnectionsAgain() async throws {
        for _ in 0..<10 { #expect(try await text(OutboundRequest(url: server.url("/connection"))) == "1") }
        #expect(server.connections == 1)
    }

    @Test func sendsAHundredAtOnce() async throws {
        let url = server.url("/echo")
        let client = client
        let statuses = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let request = OutboundRequest(method: "POST", url: url, body: Array("body \(number)".utf8))
                    return String(decoding: try await client.send(request).body.suffix(7), as: UTF8.self)
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1.filter(\.isNumber)) }
        }
        #expect(statuses.count == 100)
        #expect(server.connections <= 32)
    }

    @Test func cancellationEndsTheTransfer() async throws {
        let (client, url) = (client, server.url("/hang"))
        let task = Task { try await client.send(OutboundRequest(url: url)) }
        while server.connections == 0 { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        let error = await #expect(throws: OutboundError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let (client, url) = (client, server.url("/echo"))
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.send(OutboundRequest(url: url))
        }
        task.cancel()
        let error = await #expect(throws: OutboundError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(error?.isInDoubt == false)
        #expect(server.connections == 0)
    }

    @Test func waitingIsBoundedInTimeAndNumber() async throws {
        let client = try makeClient(limits: .init(transfers: 1, transfersPerHost: 1, waiting: 1))
        let url = server.url("/hang")
        let running = Task { try await client.send(OutboundRequest(url: url)) }
        while server.connections == 0 { try await Task.sleep(for: .milliseconds(1)) }
        async let waiting = client.send(OutboundRequest(url: url, timeout: .milliseconds(300)))
        while client.underWay < 2 { try await Task.sleep(for: .milliseconds(1)) }
        let tooMany = await #expect(throws: OutboundError.self) { try await client.send(OutboundRequest(url: url)) }
        #expect(tooMany?.code == .overloaded)
        do { _ = try await waiting } catch let error as OutboundError {
            #expect(error.code == .timeout)
            #expect(!error.isInDoubt)
        }
        running.cancel()
        _ = await running.result
        #expect(server.connections == 1)
    }

    @Test func aHostThatHangsDelaysNobodyElse() async throws {
        let other = try TestHTTPServer()
        let client = try makeClient(limits: .init(transfers: 3, transfersPerHost: 2))
        let url = server.url("/hang")
        let hanging = (0..<10).map { _ in Task { try await client.send(OutboundRequest(url: url)) } }
        while server.connections < 2 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try await client.send(OutboundRequest(url: other.url("/status/204"))).status == 204)
        for task in hanging { task.cancel() }
    }

    @Test func shutdownEndsWhatIsUnderWay() async throws {
        let (client, url) = (client, server.url("/hang"))
        let task = Task { try await client.send(OutboundRequest(url: url)) }
        while server.connections == 0 { try await Task.sleep(for: .milliseconds(1)) }
        await client.shutdown()
        await client.shutdown()
        let error = await #expect(throws: OutboundError.self) { try await task.value }
        #expect(error?.code == .closed)
        #expect(try await failure(OutboundRequest(url: url)).code == .closed)
    }
}
