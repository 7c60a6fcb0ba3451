import AlertCore
import Answers
import Crypto
import Foundation
import Logging
import Persistence
import TestSupport
import Testing

@testable import MailReceiver
@testable import OutboundHTTP

/// Answers by email, over real sockets.
@Suite(.inTurn) struct MailReceiverTests {
    private static let domain = "answers.example"

    /// Mails that were sent back.
    private actor Outbox {
        var mails: [Mail] = []
        func add(_ mail: Mail) { mails.append(mail) }
    }

    private struct Post: Sendable {
        let world: AnswerWorld
        let port: Int
        let outbox: Outbox

        func address(of notification: String) -> String {
            ReplyAddress(notification: notification).text(
                domain: MailReceiverTests.domain, key: world.secrets.subkey(for: "replies"))!
        }

        /// - Returns: The last line that the server says before the end.
        func deliver(
            _ body: String, to notification: String, id: String = "m1", from: String = "anna@example.com",
            headers: String = "", greeting: String = "EHLO mx"
        ) async throws -> String {
            let mail =
                "From: Anna <\(from)>\r\nTo: x\r\nMessage-ID: <\(id)@example.com>\r\nSubject: Re: db\r\n"
                + "\(headers)\r\n\(body.replacing("\n", with: "\r\n"))\r\n.\r\n"
            let envelope = "MAIL FROM:<\(from)>\r\nRCPT TO:<\(address(of: notification))>\r\n"
            let lines = try await talk("\(greeting)\r\n\(envelope)DATA\r\n\(mail)QUIT\r\n")
            return lines.dropLast().last ?? ""
        }

        func talk(_ text: String) async throws -> [String] {
            let answer = try await Exchange(port: port).send(Data(text.utf8))
            return String(decoding: answer, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
        }
    }

    private static func run(
        on backend: Backend = .sqlite, limits: MailReceiver.Limits = .init(),
        _ test: @escaping @Sendable (Post) async throws -> Void
    ) async throws {
        try await AnswerWorld.run(on: backend) { world in
            let outbox = Outbox()
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let answers = EmailAnswers(
                desk: world.desk, domain: domain, keys: { [world.secrets.subkey(for: "replies")] },
                from: try Mail.Address("tocsin@example.org"), send: { await outbox.add($0) }, logger: quiet)
            let (ports, listening) = AsyncStream.makeStream(of: Int.self)
            let receiver = MailReceiver(
                host: "127.0.0.1", port: 0, name: domain, answers: answers, limits: limits, logger: quiet,
                onListening: { listening.yield($0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { listening.finish() }
                    try await receiver.run()
                }
                var iterator = ports.makeAsyncIterator()
                let port = try #require(await iterator.next())
                try await test(Post(world: world, port: port, outbox: outbox))
                group.cancelAll()
            }
        }
    }

    @Test(arguments: Backend.available, ["EHLO mx", "LHLO mx"])
    func takesAReply(on backend: Backend, greeting: String) async throws {
        try await Self.run(on: backend) { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            let body =
                "Acknowledge\nI'll look.\n..hidden\n\nOn Mon, 9 Mar 2026, Tocsin <t@x.example> wrote:\n> 2 Resolve\n"
            for _ in 1...2 {  // the mail server hands it over twice
                #expect(try await post.deliver(body, to: id, greeting: greeting).hasPrefix("250 2.0.0"))
            }
            #expect(try await post.world.answers(to: 4711) == ["Acknowledge EMAIL I'll look.\n.hidden"])
            #expect(try await post.world.remarks(on: 4711).isEmpty)
            #expect(await post.outbox.mails.isEmpty)
            #expect(try await post.deliver("1", to: id, id: "m2").hasPrefix("250 2.0.0 OK: REPEATED"))
        }
    }

    @Test func readsEncodedMails() async throws {
        try await Self.run { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            let parts = """
                --b
                Content-Type: text/html; charset=utf-8

                <p>2</p>
                --b
                Content-Type: text/plain; charset=iso-8859-1
                Content-Transfer-Encoding: quoted-printable

                1 K=FCmmere mich
                --b--
                """
            let answer = try await post.deliver(
                parts, to: id, headers: "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n")
            #expect(answer.hasPrefix("250"))
            #expect(try await post.world.answers(to: 4711) == ["Acknowledge EMAIL Kümmere mich"])
        }
    }

    @Test func showsThatTheAddressIsStrange() async throws {
        try await Self.run { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            #expect(try await post.deliver("1", to: id, from: "eve@elsewhere.example").hasPrefix("250"))
            #expect(try await post.world.answers(to: 4711) == ["Acknowledge EMAIL"])
            #expect(try await post.world.remarks(on: 4711) == ["answer.address"])
        }
    }

    @Test func takesNothingFromPrograms() async throws {
        try await Self.run { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            for (number, header) in ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: bulk"]
                .enumerated()
            {
                let answer = try await post.deliver("1\nI am away", to: id, id: "a\(number)", headers: "\(header)\r\n")
                #expect(answer.hasPrefix("250 2.0.0 OK: AUTOMATIC"), "\(header)")
            }
            #expect(try await post.deliver("1", to: id, id: "b", from: "").hasPrefix("250 2.0.0 OK: AUTOMATIC"))
            #expect(try await post.world.answers(to: 4711).isEmpty)
            #expect(await post.outbox.mails.isEmpty)
            #expect(try await post.world.remarks(on: 4711).count == 4)
        }
    }

    @Test func saysWhatCanBeAnsweredAndWhatIsTooLate() async throws {
        try await Self.run { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            for number in 1...5 {
                _ = try await post.deliver("What?", to: id, id: "m\(number)")
                _ = try await post.deliver("What?", to: id, id: "m\(number)")
            }
            var mails = await post.outbox.mails
            #expect(mails.count == 3)
            let first = try #require(mails.first)
            #expect(first.text == "That was not understood. For alert 4711, reply: 1 Acknowledge, 2 Resolve\n")
            #expect(first.to.map(\.address) == ["anna@example.com"] && first.subject == "Re: db")
            let headers = Dictionary(uniqueKeysWithValues: first.headers)
            #expect(headers["Auto-Submitted"] == "auto-replied" && headers["Reply-To"] == post.address(of: id))
            #expect(headers["In-Reply-To"]?.contains("m1@example.com") == true)
            #expect((try? first.rendered()) != nil)

            try await post.world.end(4711)
            post.world.clock.advance(by: .seconds(7200))
            #expect(try await post.deliver("1", to: id, id: "late").hasPrefix("250 2.0.0 OK: LATE"))
            mails = await post.outbox.mails
            #expect(mails.last?.text.hasPrefix("Alert 4711 ended 2 hours ago by Ben Stone.") == true)
            #expect(try await post.world.answers(to: 4711).isEmpty)
        }
    }

    @Test func takesMailForItsOwnAddressesOnly() async throws {
        try await Self.run { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            let own = post.address(of: id)
            let lines = try await post.talk(
                "EHLO mx\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<anna@example.com>\r\nRCPT TO:<x\(own)>\r\n"
                    + "RCPT TO:<\(own)x>\r\nDATA\r\nRCPT TO:<\(own.uppercased())>\r\nQUIT\r\n")
            #expect(lines.filter { $0.hasPrefix("550 5.1.1") }.count == 3)
            #expect(lines.suffix(3).map { String($0.prefix(3)) } == ["503", "250", "221"])
        }
    }

    @Test func hasLimits() async throws {
        var limits = MailReceiver.Limits()
        limits.connections = 1
        limits.idle = .seconds(1)
        try await Self.run(limits: limits) { post in
            // Nobody speaks: it hangs up by itself, and meanwhile there is no room for another.
            async let silent = post.talk("")
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await post.talk("EHLO mx\r\n").first?.hasPrefix("421 4.3.2") == true)
            #expect(try await silent.count == 1)
        }
        try await Self.run { post in
            let id = try await post.world.tellAnna(4711, on: "mail")
            let long = String(repeating: "x", count: 70 << 10)
            let tooLong = try await post.talk("EHLO \(long)")
            #expect(tooLong.last?.hasPrefix("500 5.5.2") == true)
            let lines = try await post.talk(
                "EHLO mx\r\nMAIL FROM:<a@x.example> SIZE=99999999\r\nMAIL FROM:<a@x.example>\r\n"
                    + "RCPT TO:<\(post.address(of: id))>\r\nDATA\r\n"
                    + String(repeating: String(repeating: "y", count: 998) + "\r\n", count: 2200) + ".\r\nQUIT\r\n")
            #expect(lines.filter { $0.hasPrefix("552 5.3.4") }.count == 2)
        }
    }
}

/// The words of SMTP and LMTP.
@Suite(.inTurn) struct MailDialogueTests {
    private static func hear(_ lines: String...) -> [String] {
        var dialogue = MailDialogue(name: "mx") { $0.hasPrefix("ok") }
        return lines.compactMap { line in
            switch dialogue.hear(Array(line.utf8)) {
            case .answer(let text): text
            case .close(let text): "close \(text)"
            case .receive(let mail):
                dialogue.outcomes(mail.recipients.map { $0 == "ok2@x" ? "451 later" : "250 \($0) \(mail.bytes.count)" })
            case nil: nil
            }
        }
    }

    @Test func answersOnceBySMTPAndForEachRecipientByLMTP() {
        func send(_ greeting: String) -> String? {
            Self.hear(greeting, "MAIL FROM:<>", "RCPT TO:<ok1@x>", "RCPT TO:<ok2@x>", "DATA", "a", "..", ".").last
        }
        #expect(send("EHLO x") == "451 later")
        #expect(send("LHLO x") == "250 ok1@x 6\r\n451 later")
    }

    @Test(arguments: [
        (["MAIL FROM:<a@x>"], "503"), (["EHLO x", "RCPT TO:<ok@x>"], "503"), (["EHLO x", "DATA"], "503"),
        (["EHLO x", "MAIL FROM:<a@x>", "MAIL FROM:<a@x>"], "503"), (["EHLO x", "MAIL a@x"], "501"),
        (["EHLO x", "MAIL FROM:<a@x>", "RCPT TO:<no@x>"], "550"), (["EHLO x", "MAIL FROM:<a@x>", "DATA"], "503"),
        (["STARTTLS"], "502"), (["NOOP"], "250"), (["QUIT"], "close 221"), ([""], "502"), (["EXPN x"], "502"),
        (["EHLO x", "MAIL FROM:<a@x>", "RCPT TO:<>"], "501"), (["EHLO x", "MAIL FROM:<a@x>", "RSET", "DATA"], "503"),
    ])
    func keepsTheOrder(_ lines: [String], _ code: String) {
        var dialogue = MailDialogue(name: "mx") { $0.hasPrefix("ok") }
        var last: String?
        for line in lines {
            switch dialogue.hear(Array(line.utf8)) {
            case .answer(let text): last = text
            case .close(let text): last = "close \(text)"
            default: last = nil
            }
        }
        #expect(last?.hasPrefix(code) == true, "\(last ?? "nothing")")
    }

    @Test func endsALineAtNothingButCRLF() {
        var lines = LineBuffer()
        lines.append(Array("a\nb\r\n\n.\nc\r".utf8))
        var found = [lines.next(), lines.next()]
        lines.append(Array("\n.\r\nrest".utf8))
        found += [lines.next(), lines.next(), lines.next()]
        let texts = found.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(texts == ["a\nb", nil, "\n.\nc", ".", nil])
        #expect(!lines.isTooLong)
        lines.append([UInt8](repeating: UInt8(ascii: "\n"), count: LineBuffer.limit))
        #expect(lines.isTooLong)
    }

    @Test func endsAConnectionThatIsNoMail() {
        var dialogue = MailDialogue(name: "mx") { _ in true }
        var steps = 0
        while steps < 2000 {
            steps += 1
            if case .close(let text) = dialogue.hear(Array("NOOP".utf8)) {
                #expect(text.hasPrefix("421"))
                break
            }
        }
        #expect(steps == MailDialogue.Limits().commands + 1)
    }

    @Test func findsTextInHTML() {
        let html = "<html><head><style>p{}</style></head><body><p>1&nbsp;on it</p><blockquote>2 No</blockquote></body>"
        #expect(EmailReply(body: ParsedMail.plain(html)).text == "1 on it")
    }
}
