import Foundation

/// The words of SMTP (RFC 5321) and LMTP (RFC 2033) of one connection, without the connection: lines go in, answers
/// come out. Which of the two it is, the greeting says: LHLO or EHLO and HELO.
struct MailDialogue: Sendable {
    struct Limits: Sendable {
        /// Of one mail.
        var bytes = 2 << 20
        var recipients = 20
        /// Of one connection; each command that is none counts, too.
        var commands = 1000
        var mails = 100
    }

    /// Longer ones are refused.
    static let lineLimit = 2048

    struct Mail: Equatable, Sendable {
        /// Of the envelope; empty for a bounce.
        var sender: String
        var recipients: [String]
        var bytes: [UInt8]
    }

    enum Step: Equatable {
        case answer(String)
        /// A whole mail is there: ``outcomes(_:)`` says what its client is told.
        case receive(Mail)
        /// Says this, and hangs up.
        case close(String)
    }

    let name: String
    let limits: Limits
    /// Whether mail for an address is taken at all.
    let takes: @Sendable (String) -> Bool

    private var isLMTP = false
    private var hasGreeted = false
    private var sender: String?
    private var recipients: [String] = []
    private var data: [UInt8]?
    private var isTooLong = false
    private var commands = 0
    private var mails = 0

    init(name: String, limits: Limits = Limits(), takes: @escaping @Sendable (String) -> Bool) {
        self.name = name
        self.limits = limits
        self.takes = takes
    }

    var greeting: String { "220 \(name) Tocsin takes answers" }

    /// - Parameter line: Without its end.
    mutating func hear(_ line: [UInt8]) -> Step? {
        if data != nil { return hearData(line) }
        commands += 1
        guard commands <= limits.commands else { return .close("421 4.7.0 too many commands") }
        guard line.count <= Self.lineLimit else { return .answer("500 5.5.2 the line is too long") }
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        switch parts.first?.uppercased() ?? "" {
        case "EHLO", "LHLO", "HELO": return greet(parts[0].uppercased())
        case "MAIL": return mail(text)
        case "RCPT": return recipient(text)
        case "DATA": return begin()
        case "RSET":
            reset()
            return .answer("250 2.0.0 OK")
        case "NOOP": return .answer("250 2.0.0 OK")
        case "VRFY": return .answer("252 2.5.0 send some mail")
        case "QUIT": return .close("221 2.0.0 bye")
        default: return .answer("502 5.5.1 no such command")
        }
    }

    private mutating func greet(_ verb: String) -> Step {
        isLMTP = verb == "LHLO"
        hasGreeted = true
        reset()
        guard verb != "HELO" else { return .answer("250 \(name)") }
        let lines = [name, "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE \(limits.bytes)"]
        let last = lines.count - 1
        return .answer(lines.enumerated().map { "250\($0 == last ? " " : "-")\($1)" }.joined(separator: "\r\n"))
    }

    private mutating func mail(_ text: String) -> Step {
        guard hasGreeted else { return .answer("503 5.5.1 greet first") }
        guard sender == nil else { return .answer("503 5.5.1 there is a sender already") }
        guard mails < limits.mails else { return .close("421 4.7.0 too many mails on one connection") }
        guard let address = Self.path(text, after: "FROM:") else { return .answer("501 5.5.4 MAIL FROM:<address>") }
        if let size = Self.size(text), size > limits.bytes { return .answer("552 5.3.4 the mail is too long") }
        sender = address
        return .answer("250 2.1.0 OK")
    }

    private mutating func recipient(_ text: String) -> Step {
        guard sender != nil else { return .answer("503 5.5.1 MAIL first") }
        guard let address = Self.path(text, after: "TO:"), !address.isEmpty else {
            return .answer("501 5.5.4 RCPT TO:<address>")
        }
        guard recipients.count < limits.recipients else { return .answer("452 4.5.3 too many recipients") }
        guard takes(address) else { return .answer("550 5.1.1 nobody has this address") }
        recipients.append(address)
        return .answer("250 2.1.5 OK")
    }

    private mutating func begin() -> Step {
        guard !recipients.isEmpty else { return .answer("503 5.5.1 RCPT first") }
        data = []
        isTooLong = false
        return .answer("354 end with a dot on a line of its own")
    }

    private mutating func hearData(_ line: [UInt8]) -> Step? {
        guard line == [UInt8(ascii: ".")] else {
            if (data?.count ?? 0) + line.count + 2 > limits.bytes {
                isTooLong = true
                data = []
            }
            guard !isTooLong else { return nil }
            data?.append(contentsOf: line.first == UInt8(ascii: ".") ? line.dropFirst() : line[...])
            data?.append(contentsOf: [13, 10])
            return nil
        }
        let mail = Mail(sender: sender ?? "", recipients: recipients, bytes: data ?? [])
        data = nil
        mails += 1
        guard isTooLong else { return .receive(mail) }
        return .answer(outcomes(Array(repeating: "552 5.3.4 the mail is too long", count: recipients.count)))
    }

    /// What the client is told of a mail, and the end of its transaction.
    /// - Parameter words: For each recipient, as in `250 2.0.0 OK`. By LMTP each is told; by SMTP the worst of them.
    mutating func outcomes(_ words: [String]) -> String {
        defer { reset() }
        guard !isLMTP else { return words.joined(separator: "\r\n") }
        // One that can be tried again lets all be tried again: an answer is recorded once however often it comes.
        return words.first { $0.hasPrefix("4") } ?? words.first { $0.hasPrefix("5") } ?? words.first ?? "250 2.0.0 OK"
    }

    private mutating func reset() {
        sender = nil
        recipients = []
        data = nil
    }

    /// The address between the brackets; `nil` when it is not so written.
    private static func path(_ text: String, after word: String) -> String? {
        guard let range = text.range(of: word, options: .caseInsensitive),
            let open = text[range.upperBound...].firstIndex(of: "<"),
            let close = text[open...].firstIndex(of: ">"),
            text[range.upperBound..<open].allSatisfy({ $0 == " " })
        else { return nil }
        let address = text[text.index(after: open)..<close]
        return address.utf8.count <= 320 ? String(address) : nil
    }

    private static func size(_ text: String) -> Int? {
        text.uppercased().split(separator: " ").first { $0.hasPrefix("SIZE=") }.flatMap { Int($0.dropFirst(5)) }
    }
}
