import AlertCore
import Answers
import Crypto
import Foundation
import Logging
import Metrics
import OutboundHTTP
import Persistence

/// Makes answers of mails that reply to notifications.
public struct EmailAnswers: Sendable {
    static let channel = "EMAIL"
    /// Mails that tell one sender within an hour why a mail of theirs was no answer.
    private static let correctionLimit = 3

    let desk: AnswerDesk
    let domain: String
    let keys: @Sendable () -> [SymmetricKey]
    let from: Mail.Address?
    let send: (@Sendable (Mail) async throws -> Void)?
    let logger: Logger

    /// - Parameters:
    ///   - domain: Of the addresses that are answered to.
    ///   - keys: Any of them may have signed an address.
    ///   - from: The sender of mails that say why a reply was no answer.
    ///   - send: Sends them; without it, nobody is told.
    public init(
        desk: AnswerDesk, domain: String, keys: @escaping @Sendable () -> [SymmetricKey], from: Mail.Address?,
        send: (@Sendable (Mail) async throws -> Void)?, logger: Logger
    ) {
        self.desk = desk
        self.domain = domain
        self.keys = keys
        self.from = from
        self.send = send
        self.logger = logger
    }

    /// Whether an address is one that we have made.
    @Sendable
    func takes(_ address: String) -> Bool { reply(address) != nil }

    private func reply(_ address: String) -> ReplyAddress? {
        ReplyAddress(address, domain: domain, keys: keys())
    }

    /// - Returns: For each recipient what the sender's server is told: 250 once the answer cannot be lost any more.
    func receive(_ mail: MailDialogue.Mail) async -> [String] {
        guard let parsed = ParsedMail(mail.bytes) else {
            return mail.recipients.map { _ in "554 5.6.0 this is no mail" }
        }
        var words: [String] = []
        for recipient in mail.recipients { words.append(await receive(parsed, from: mail, for: recipient)) }
        return words
    }

    private func receive(_ parsed: ParsedMail, from mail: MailDialogue.Mail, for recipient: String) async -> String {
        do {
            guard let address = reply(recipient), let question = try await desk.question(address.notification) else {
                try await keepUnmatched(parsed, mail)
                return "550 5.1.1 what this answers is not there any more"
            }
            let outcome = try await record(parsed, mail, question, replyTo: recipient)
            Counter(label: "tocsin_inbound_mails_total", dimensions: [("outcome", outcome.rawValue)]).increment()
            logger.info(
                "mail",
                metadata: ["outcome": "\(outcome.rawValue)", "alert": "\(question.alert.details.number)"])
            return "250 2.0.0 OK: \(outcome.rawValue)"
        } catch {
            logger.warning("a mail is to be sent again", metadata: ["error": "\(error)"])
            return "451 4.3.0 not recorded, please send it again"
        }
    }

    private func record(
        _ parsed: ParsedMail, _ mail: MailDialogue.Mail, _ question: Question, replyTo: String
    ) async throws -> InboundMessage.Outcome {
        let messageID = Self.id(parsed, mail)
        let id = "\(question.plan.id)/\(messageID)"
        if let known = try await desk.database.reading({ try InboundMessages($0).get(channel: Self.channel, id: id) }) {
            return known.outcome
        }
        var (outcome, reply) = try await answer(parsed, mail, question, id: messageID)
        if !reply.isEmpty, try await hasHadEnough(mail.sender) { reply = "" }
        let message = InboundMessage(
            channel: Self.channel, id: id, sender: mail.sender, notification: question.plan.id, outcome: outcome,
            reply: reply, text: EmailReply(body: parsed.text).text)
        let at = desk.now()
        let isNew = try await desk.database.retrying { try InboundMessages($0).put(message, at: at) }
        if isNew, !reply.isEmpty { await tell(mail.sender, reply, parsed, question, replyTo: replyTo) }
        return outcome
    }

    /// What it is about is gone: an administrator can still read what was said.
    private func keepUnmatched(_ parsed: ParsedMail, _ mail: MailDialogue.Mail) async throws {
        let message = InboundMessage(
            channel: Self.channel, id: "unmatched/\(Self.id(parsed, mail))", sender: mail.sender, outcome: .unmatched,
            reply: "", text: EmailReply(body: parsed.text).text)
        let at = desk.now()
        try await desk.database.retrying { _ = try InboundMessages($0).put(message, at: at) }
        Counter(label: "tocsin_inbound_mails_total", dimensions: [("outcome", message.outcome.rawValue)]).increment()
    }

    /// - Returns: And what the sender is told: empty for nothing.
    private func answer(
        _ parsed: ParsedMail, _ mail: MailDialogue.Mail, _ question: Question, id: String
    ) async throws -> (InboundMessage.Outcome, String) {
        if let automation = EmailReply.automation(parsed.headers, sender: mail.sender) {
            try await desk.remark(
                "answer.automatic", reason: "A mail was no answer, because a program wrote it: \(automation)", id: id,
                on: question)
            return (.automatic, "")
        }
        let reply = EmailReply(body: parsed.text)
        guard let match = reply.match(question.alert.details.responseOptions, language: question.language) else {
            try await desk.remark(
                "answer.unclear", reason: "EMAIL: “\(reply.text.prefix(200))” is none of the answers", id: id,
                on: question)
            let words =
                question.end.map { desk.ended($0, question) }
                ?? AnswerPhrases(language: question.language).notUnderstood(
                    question.optionList, alert: question.alert.details.number)
            return (.notUnderstood, words)
        }
        let outcome = try await desk.give(match.option, comment: match.comment, to: question, source: Self.channel)
        try await noteStrangeAddress(parsed.from, question, id: id)
        switch outcome {
        case .recorded: return (.recorded, "")
        case .repeated: return (.repeated, "")
        case .late: return (.late, desk.words(for: outcome, match.option, question))
        }
    }

    /// The address that was answered to says who answers. One who has it and writes from elsewhere may be the same
    /// person or not: it shows.
    private func noteStrangeAddress(_ address: String, _ question: Question, id: String) async throws {
        let view = try await desk.directory.current()
        let own = view.devices(of: question.plan.recipient.id).compactMap { $0.emailAddress?.lowercased() }
        guard !own.contains(address) else { return }
        try await desk.remark(
            "answer.address",
            reason: "Answered from \(address.prefix(254)), which is no email device of "
                + question.plan.recipient.readableName, id: id, on: question)
    }

    private func hasHadEnough(_ sender: String) async throws -> Bool {
        let since = desk.now().advanced(by: .seconds(-3600))
        return try await desk.database.reading {
            try InboundMessages($0).corrections(to: sender, since: since) >= Self.correctionLimit
        }
    }

    private func tell(
        _ sender: String, _ words: String, _ parsed: ParsedMail, _ question: Question, replyTo: String
    ) async {
        guard let send, let from else { return }
        do {
            let subject = parsed.headers["subject"] ?? ""
            var headers = [("Auto-Submitted", "auto-replied"), ("Reply-To", replyTo)]
            if let id = parsed.headers["message-id"] { headers.append(("In-Reply-To", id)) }
            let date = Date(timeIntervalSince1970: Double(desk.now().milliseconds) / 1000)
            let host = from.address.split(separator: "@").last.map(String.init) ?? "localhost"
            try await send(
                Mail(
                    from: from, to: [try Mail.Address(sender)],
                    subject: subject.lowercased().hasPrefix("re:") ? subject : "Re: \(subject)",
                    text: words + "\n", messageID: "\(UUID().uuidString.lowercased())@\(host)", date: date,
                    headers: headers))
        } catch {
            // It is one mail of courtesy, and what it was about is on the alert's page.
            logger.warning("nobody could be told why a mail was no answer", metadata: ["error": "\(error)"])
        }
    }

    /// Its own, or else one that follows from its bytes.
    private static func id(_ parsed: ParsedMail, _ mail: MailDialogue.Mail) -> String {
        if let id = parsed.headers["message-id"], !id.isEmpty { return String(id.prefix(300)) }
        return SHA256.hash(data: mail.bytes).map { String(format: "%02x", $0) }.joined()
    }
}
