import Foundation
import Logging
import Testing

@testable import OutboundHTTP

@Suite(.timeLimit(.minutes(1)))
struct SMTPClientTests {
    private func makeClient(_ url: String, timeout: Duration = .seconds(5)) throws -> SMTPClient {
        SMTPClient(
            try SMTPSettings(url: url), connections: 1, timeout: timeout, greetingName: "tocsin.test",
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func mail(to: [String] = ["anna@example.org"], subject: String = "Disk full") throws -> Mail {
        Mail(
            from: try Mail.Address("tocsin@example.org", name: "Tocsin"), to: try to.map { try Mail.Address($0) },
            subject: subject, text: "Hello\n.leading dot\n..two\n.\nend", messageID: "1@example.org",
            date: Date(timeIntervalSince1970: 1_136_214_245))
    }

    private func failure(_ client: SMTPClient, _ mail: Mail) async throws -> SMTPError {
        try #require(await #expect(throws: SMTPError.self) { try await client.send(mail) })
    }

    @Test func handsOverAMail() async throws {
        let server = try TestSMTPServer()
        let client = try makeClient(server.url())
        let receipt = try await client.send(try mail(to: ["anna@example.org", "bert@example.org"]))
        #expect(receipt == SMTPReceipt(status: 250, answer: "250 queued as 7"))
        let lines = server.lines
        #expect(lines[0] == "EHLO tocsin.test")
        #expect(lines[1].hasPrefix("MAIL FROM:<tocsin@example.org>"))
        #expect(lines.contains("RCPT TO:<anna@example.org>"))
        #expect(lines.contains("RCPT TO:<bert@example.org>"))
        #expect(lines.contains("From: \"Tocsin\" <tocsin@example.org>"))
        #expect(!lines.contains { $0.hasPrefix("AUTH") })
    }

    @Test func stuffsDots() async throws {
        let server = try TestSMTPServer()
        _ = try await makeClient(server.url()).send(try mail())
        let body = server.lines.drop { $0 != "Hello" }.prefix(5)
        #expect(Array(body) == ["Hello", "..leading dot", "...two", "..", "end"])
    }

    @Test func logsIn() async throws {
        let server = try TestSMTPServer()
        _ = try await makeClient(server.url("user:pa%3Ass@")).send(try mail())
        #expect(server.lines.contains { $0 == "AUTH PLAIN" })
    }

    @Test func aWrongPasswordIsNotRetried() async throws {
        let server = try TestSMTPServer(features: ["AUTH PLAIN"])
        let error = try await failure(try makeClient(server.url("user:wrong@")), try mail())
        #expect(error.code == .auth)
        #expect(error.smtpStatus == 535)
        #expect(!error.isRetryable)
        #expect(!error.isInDoubt)
    }

    @Test(arguments: [
        ("unknown@example.org", "x", SMTPError.Code.rejectedRecipient, 550, false),
        ("busy@example.org", "x", .rejectedRecipient, 451, true),
        ("anna@example.org", "refuse", .rejected, 554, false),
        ("anna@example.org", "later", .rejected, 452, true),
    ])
    func theServerDecidesWhatIsRetried(
        _ recipient: String, _ subject: String, _ code: SMTPError.Code, _ status: Int, _ isRetryable: Bool
    ) async throws {
        let server = try TestSMTPServer()
        let client = try makeClient(server.url())
        let error = try await failure(client, try mail(to: [recipient], subject: subject))
        #expect(error.code == code)
        #expect(error.smtpStatus == status)
        #expect(error.isRetryable == isRetryable)
        #expect(!error.isInDoubt)
        #expect(try await client.send(try mail()).status == 250)
    }

    @Test func aMissingServerIsUnreachable() async throws {
        let server = try TestSMTPServer()
        server.socket.stop()
        let error = try await failure(try makeClient(server.url()), try mail())
        #expect(error.code == .unreachable)
        #expect(error.isRetryable)
        #expect(!error.isInDoubt)
    }

    @Test func requiredTLSIsRequired() async throws {
        let server = try TestSMTPServer()
        let error = try await failure(try makeClient(server.url("user:pa%3Ass@", "")), try mail())
        #expect(error.code == .tls)
        #expect(!server.lines.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
    }

    @Test func opportunisticTLSGoesOnWithout() async throws {
        let server = try TestSMTPServer()
        #expect(try await makeClient(server.url("", "")).send(try mail()).status == 250)
    }

    @Test func usesTheConnectionAgain() async throws {
        let server = try TestSMTPServer()
        let client = try makeClient(server.url())
        for _ in 0..<5 { _ = try await client.send(try mail()) }
        #expect(server.connections == 1)
    }

    @Test func aClosedConnectionIsReplaced() async throws {
        let server = try TestSMTPServer(ending: .goodbyeAfterMail)
        let client = try makeClient(server.url())
        for _ in 0..<5 { _ = try await client.send(try mail()) }
        #expect(server.connections == 5)
    }

    @Test(arguments: [TestSMTPServer.Ending.silentAfterMail, .droppedAfterMail])
    func aMailWithoutAnAnswerIsInDoubt(_ ending: TestSMTPServer.Ending) async throws {
        let server = try TestSMTPServer(ending: ending)
        let client = try makeClient(server.url(), timeout: .milliseconds(500))
        let error = try await failure(client, try mail())
        #expect(error.code == (ending == .silentAfterMail ? .timeout : .unreachable))
        #expect(error.isInDoubt)
        #expect(error.isRetryable)
        #expect(error.smtpStatus == nil)
        #expect(server.connections == 1)
    }

    @Test func aWaitingMailCanBeCancelledOrClosed() async throws {
        let server = try TestSMTPServer(ending: .silentAfterMail)
        let client = try makeClient(server.url(), timeout: .seconds(1))
        let mail = try mail()
        let first = Task { try await client.send(mail) }
        while server.connections == 0 { try await Task.sleep(for: .milliseconds(1)) }
        let second = Task { try await client.send(mail) }
        let third = Task { try await client.send(mail) }
        second.cancel()
        #expect((await #expect(throws: SMTPError.self) { try await second.value })?.code == .cancelled)
        await client.shutdown()
        #expect((await #expect(throws: SMTPError.self) { try await third.value })?.code == .closed)
        #expect((await #expect(throws: SMTPError.self) { try await first.value })?.code == .timeout)
        #expect(try await failure(client, mail).code == .closed)
    }
}
