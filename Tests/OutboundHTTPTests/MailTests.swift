import Foundation
import Testing

@testable import OutboundHTTP

struct MailTests {
    private func mail(
        subject: String = "Disk full", text: String = "Hello", html: String? = nil, headers: [(String, String)] = [],
        messageID: String = "1@example.org", name: String? = nil
    ) throws -> Mail {
        Mail(
            from: try Mail.Address("tocsin@example.org", name: name), to: [try Mail.Address("anna@example.org")],
            subject: subject, text: text, html: html, messageID: messageID,
            date: Date(timeIntervalSince1970: 1_136_214_245), headers: headers)
    }

    private func rendered(_ mail: Mail) throws -> String { String(decoding: try mail.rendered(), as: UTF8.self) }

    @Test func aPlainMail() throws {
        let text = try rendered(try mail(headers: [("Auto-Submitted", "auto-generated")]))
        let expected = """
            Date: Mon, 02 Jan 2006 15:04:05 +0000
            From: tocsin@example.org
            To: anna@example.org
            Subject: Disk full
            Message-ID: <1@example.org>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            Hello

            """
        #expect(text == expected.replacing("\n", with: "\r\n"))
    }

    @Test func twoBodiesAreAlternatives() throws {
        let text = try rendered(try mail(text: "a = b", html: "<p class=\"x\">ä</p>"))
        #expect(text.contains("Content-Type: multipart/alternative; boundary=\"=_tocsin_alternative\"\r\n\r\n--=_"))
        #expect(text.contains("\r\n\r\na =3D b\r\n--=_tocsin_alternative\r\nContent-Type: text/html; charset=utf-8"))
        #expect(text.contains("\r\n\r\n<p class=3D\"x\">=C3=A4</p>\r\n--=_tocsin_alternative--\r\n"))
    }

    @Test func filesComeBehindTheBodies() throws {
        var mail = try mail(text: "a", html: "<p>b</p>")
        mail.attachments = [
            .init(name: "Plän \"1\"\r\n.txt", mediaType: "text/plain", content: Data("Step 1".utf8)),
            .init(name: "m", mediaType: "message/rfc822", content: Data(repeating: 0, count: 100)),
        ]
        let text = try rendered(mail)
        let parts = text.components(separatedBy: "--=_tocsin_mixed")
        #expect(parts.count == 5 && parts[4] == "--\r\n" && parts[1].contains("<p>b</p>\r\n--=_tocsin_alternative--"))
        #expect(parts[0].hasSuffix("Content-Type: multipart/mixed; boundary=\"=_tocsin_mixed\"\r\n\r\n"))
        #expect(
            parts[2] == "\r\nContent-Type: text/plain\r\n"
                + "Content-Disposition: attachment; filename=\"Pl_n _1___.txt\";\r\n"
                + " filename*=utf-8''Pl%C3%A4n%20%221%22%0D%0A.txt\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\nU3RlcCAx\r\n")
        #expect(parts[3].hasPrefix("\r\nContent-Type: application/octet-stream\r\n"))
        #expect(text.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 998 })
    }

    @Test(arguments: [
        ("Grüße", "=?utf-8?B?R3LDvMOfZQ==?="), ("plain", "plain"),
        ("a =?utf-8?B?eA==?=", "=?utf-8?B?YSA9P3V0Zi04P0I/ZUE9PT89?="),
        ("two\r\nBcc: x@y.z", "two Bcc: x@y.z"), ("tab\tnul\0", "tab nul "),
    ])
    func encodesSubjects(_ subject: String, _ encoded: String) {
        #expect(MailEncoding.text(subject).replacing("  ", with: " ") == encoded)
    }

    @Test func foldsLongSubjectsBetweenCharacters() throws {
        let subject = String(repeating: "日本語", count: 40)
        let lines = MailEncoding.text(subject).components(separatedBy: "\r\n ")
        #expect(lines.count > 5)
        var decoded = ""
        for line in lines {
            #expect(line.utf8.count <= 75)
            let data = try #require(Data(base64Encoded: String(line.dropFirst(10).dropLast(2))))
            decoded += try #require(String(data: data, encoding: .utf8))
        }
        #expect(decoded == subject)
    }

    @Test func noTextCanAddAHeader() throws {
        let evil = "x\r\nBcc: evil@example.org\r\n\r\nbody\u{2028}\u{85}\u{0B}y"
        let lines = try rendered(try mail(subject: evil, headers: [("X-A", evil)], name: evil)).split(separator: "\r\n")
        #expect(!lines.contains { $0.hasPrefix("Bcc") || $0 == "body" })
    }

    @Test(arguments: [
        "", "anna", "@example.org", "anna@", "a@b@c", "anna@example.org\r\nBcc: x@y.z", "a b@example.org",
        "anna@example.org>", "änna@example.org", "<anna@example.org", "a,b@example.org",
    ])
    func refusesAddresses(_ text: String) {
        #expect(throws: SMTPError.self) { try Mail.Address(text) }
        #expect(throws: SMTPError.self) { try Mail.Address(parsing: text) }
    }

    @Test func readsAddressesWithNames() throws {
        let anna = try Mail.Address("anna@example.org", name: "Anna B")
        #expect(try Mail.Address(parsing: "Anna B <anna@example.org>") == anna)
        #expect(try Mail.Address(parsing: "\"B, A\" <a@b.org>").name == "B, A")
        #expect(try Mail.Address(parsing: " anna@example.org ").name == nil)
        #expect(MailEncoding.mailbox(try Mail.Address("a@b.org", name: "A \"B\"")) == "\"A \\\"B\\\"\" <a@b.org>")
    }

    @Test func refusesHeadersAndIds() throws {
        for headers in [[("Subject", "x")], [("X A", "x")], [("bcc", "x@y.z")], [("X:\r\nBcc", "x")]] {
            #expect(throws: SMTPError.self) { try mail(headers: headers).rendered() }
        }
        for id in ["", "x", "a@b>\r\nBcc: x", "<a@b>", "a b@c"] {
            #expect(throws: SMTPError.self) { try mail(messageID: id).rendered() }
        }
    }

    @Test func quotedPrintableLinesAreShort() {
        let encoded = MailEncoding.quotedPrintable(String(repeating: "ä ", count: 100) + "\nend \r\nlast\t")
        #expect(encoded.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 76 })
        #expect(encoded.hasSuffix("=20\r\nend=20\r\nlast=09"))
    }

    @Test(arguments: [
        (0.0, "Thu, 01 Jan 1970 00:00:00 +0000"), (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"), (1_709_251_199.9, "Thu, 29 Feb 2024 23:59:59 +0000"),
        (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 +0000"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 +0000"),
    ])
    func writesDates(_ seconds: Double, _ text: String) {
        #expect(MailEncoding.date(Date(timeIntervalSince1970: seconds)) == text)
    }
}
