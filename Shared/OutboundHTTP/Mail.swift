import Foundation

/// One mail. Nothing in it can add a header or end the mail early: names and addresses are checked, and
/// control characters in texts become spaces.
public struct Mail: Sendable {
    public struct Address: Sendable, Hashable {
        public let address: String
        public let name: String?

        /// - Throws: ``SMTPError`` with `.invalidMail` when `address` is not `local@domain` in ASCII.
        public init(_ address: String, name: String? = nil) throws(SMTPError) {
            guard Self.isValid(address) else {
                throw SMTPError(.invalidMail, "'\(address)' is no mail address of the form name@domain in ASCII")
            }
            self.address = address
            self.name = name.flatMap { $0.isEmpty ? nil : $0 }
        }

        /// Reads `anna@example.org` or `Anna <anna@example.org>`.
        public init(parsing text: String) throws(SMTPError) {
            let trimmed = text.trimmingCharacters(in: .whitespaces)
            guard trimmed.hasSuffix(">"), let open = trimmed.lastIndex(of: "<") else {
                try self.init(trimmed)
                return
            }
            let name = trimmed[..<open].trimmingCharacters(in: CharacterSet(charactersIn: " \""))
            try self.init(String(trimmed[trimmed.index(after: open)...].dropLast()), name: name)
        }

        private static func isValid(_ text: String) -> Bool {
            let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            guard text.utf8.count <= 254, parts.count == 2, let local = parts.first, let domain = parts.last else {
                return false
            }
            let forbidden = "()<>[]:;,\\\"".utf8
            return !local.isEmpty && local.count <= 64 && !domain.isEmpty
                && text.utf8.allSatisfy { (33..<127).contains($0) && !forbidden.contains($0) }
        }
    }

    public var from: Address
    public var to: [Address]
    /// Any text; encoded as RFC 2047 wants it when it is not ASCII.
    public var subject: String
    public var text: String
    /// With it, the mail offers both (multipart/alternative).
    public var html: String?
    /// Without brackets: `id@domain`. The same id on a repetition lets mail programs show one mail.
    public var messageID: String
    public var date: Date
    /// Further headers, as in `("Auto-Submitted", "auto-generated")`; not those that the mail sets itself.
    public var headers: [(String, String)]
    public var attachments: [Attachment] = []

    public init(
        from: Address, to: [Address], subject: String, text: String, html: String? = nil, messageID: String,
        date: Date, headers: [(String, String)] = []
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.messageID = messageID
        self.date = date
        self.headers = headers
    }
}

extension Mail {
    static let recipientLimit = 100
    private static let ownHeaders = [
        "date", "from", "to", "cc", "bcc", "subject", "message-id", "mime-version", "sender", "return-path",
        "content-type", "content-transfer-encoding",
    ]
    /// Quoted-printable text never contains `=_`, so the boundary cannot occur in a part.
    private static let boundary = "=_tocsin_alternative"
    /// Nor does base64 text.
    private static let outerBoundary = "=_tocsin_mixed"

    /// The mail as it goes over the wire, with CRLF line ends and without dot-stuffing.
    ///
    /// - Throws: ``SMTPError`` with `.invalidMail`.
    func rendered() throws(SMTPError) -> [UInt8] {
        guard (1...Self.recipientLimit).contains(to.count) else {
            throw SMTPError(.invalidMail, "\(to.count) recipients; it must be from 1 to \(Self.recipientLimit)")
        }
        guard MailEncoding.isMessageID(messageID) else {
            throw SMTPError(.invalidMail, "'\(messageID)' is no message id of the form id@domain")
        }
        var lines = [
            "Date: \(MailEncoding.date(date))",
            "From: \(MailEncoding.mailbox(from))",
            "To: \(to.map(MailEncoding.mailbox).joined(separator: ",\r\n "))",
            "Subject: \(MailEncoding.text(subject))",
            "Message-ID: <\(messageID)>",
        ]
        for (name, value) in headers {
            guard OutboundRequest.isToken(name) else { throw SMTPError(.invalidMail, "'\(name)' is no header name") }
            guard !Self.ownHeaders.contains(where: { equalsIgnoringCase($0, name) }) else {
                throw SMTPError(.invalidMail, "header \(name) is set by the mail itself")
            }
            lines.append("\(name): \(MailEncoding.text(value))")
        }
        lines.append("MIME-Version: 1.0")
        return Array((lines + content()).joined(separator: "\r\n").utf8)
    }

    private func content() -> [String] {
        guard !attachments.isEmpty else { return bodies() }
        let parts = attachments.flatMap { ["--\(Self.outerBoundary)"] + $0.lines }
        return ["Content-Type: multipart/mixed; boundary=\"\(Self.outerBoundary)\"", "", "--\(Self.outerBoundary)"]
            + bodies() + parts + ["--\(Self.outerBoundary)--", ""]
    }

    private func bodies() -> [String] {
        guard let html else { return Self.part("plain", text) + [""] }
        return ["Content-Type: multipart/alternative; boundary=\"\(Self.boundary)\"", ""]
            + ["--\(Self.boundary)"] + Self.part("plain", text)
            + ["--\(Self.boundary)"] + Self.part("html", html)
            + ["--\(Self.boundary)--", ""]
    }

    private static func part(_ subtype: String, _ text: String) -> [String] {
        [
            "Content-Type: text/\(subtype); charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
            MailEncoding.quotedPrintable(text),
        ]
    }
}
