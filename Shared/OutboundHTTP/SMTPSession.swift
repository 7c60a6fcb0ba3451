import CCurl
import Foundation

/// What the server said when it took a mail. From then on the mail is the server's to deliver.
public struct SMTPReceipt: Sendable, Equatable {
    /// 250, as a rule.
    public let status: Int
    /// The last line of the answer, which often names the server's id for the mail.
    public let answer: String
}

/// One connection to the mail server, kept between mails. Used by one thread.
final class SMTPSession {
    private let settings: SMTPSettings
    private let timeout: Duration
    private let url: String
    private let easy = EasyHandle()
    private let gate: MailGate?

    init(_ settings: SMTPSettings, greetingName: String, timeout: Duration, policy: OutboundPolicy? = nil) {
        gate = policy.map(MailGate.init)
        self.settings = settings
        self.timeout = timeout
        let scheme = settings.isImplicitTLS ? "smtps" : "smtp"
        url = "\(scheme)://\(settings.host):\(settings.port)/\(greetingName)"  // libcurl greets with the path.
    }

    /// Blocks until the server has answered or the time has passed.
    func send(_ envelope: MailEnvelope) throws(SMTPError) -> SMTPReceipt {
        let deadline = ContinuousClock.now + timeout
        do {
            return try perform(envelope, onNewConnection: false, until: deadline)
        } catch let failure {
            // A server may have closed a kept connection meanwhile. That says nothing about the mail.
            guard failure.wasStale else { throw failure.error }
        }
        do {
            return try perform(envelope, onNewConnection: true, until: deadline)
        } catch let failure {
            throw failure.error
        }
    }

    private struct Failure: Error {
        let error: SMTPError
        let wasStale: Bool
    }

    private func perform(
        _ envelope: MailEnvelope, onNewConnection: Bool, until deadline: ContinuousClock.Instant
    ) throws(Failure) -> SMTPReceipt {
        let dialogue = MailDialogue(envelope.message)
        var recipients: UnsafeMutablePointer<curl_slist>?
        for recipient in envelope.recipients { recipients = curl_slist_append(recipients, "<\(recipient)>") }
        configure(timeout: deadline - .now)
        easy.set(CURLOPT_FRESH_CONNECT, onNewConnection ? 1 : 0)
        easy.set(CURLOPT_MAIL_FROM, "<\(envelope.sender)>")
        easy.set(CURLOPT_MAIL_RCPT, recipients)
        let context = Unmanaged.passUnretained(dialogue).toOpaque()
        easy.set(CURLOPT_READFUNCTION, onReadMail)
        easy.set(CURLOPT_READDATA, context)
        easy.set(CURLOPT_HEADERFUNCTION, onServerLine)
        easy.set(CURLOPT_HEADERDATA, context)
        let code = withExtendedLifetime(dialogue) { curl_easy_perform(easy.pointer) }
        defer {
            easy.reset()  // Lets go of the recipients and the dialogue before they go.
            curl_slist_free_all(recipients)
        }
        let status = easy.integer(CURLINFO_RESPONSE_CODE)
        if code == CURLE_OK { return SMTPReceipt(status: status, answer: dialogue.lastLine) }
        let isReused = easy.integer(CURLINFO_NUM_CONNECTS) == 0
        let error = smtpError(code, status: status, dialogue: dialogue)
        let isGone = error.code == .unreachable || error.smtpStatus == 421
        throw Failure(error: error, wasStale: isReused && isGone && dialogue.offset == 0 && !onNewConnection)
    }

    private func configure(timeout: Duration) {
        easy.reset()
        easy.set(CURLOPT_URL, url)
        easy.set(CURLOPT_PROTOCOLS_STR, settings.isImplicitTLS ? "smtps" : "smtp")
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, min(timeout, .seconds(10)))
        easy.set(CURLOPT_TIMEOUT_MS, timeout)
        easy.set(CURLOPT_MAXAGE_CONN, 30)
        easy.set(CURLOPT_UPLOAD, 1)
        if let user = settings.user, let password = settings.password {
            easy.set(CURLOPT_USERNAME, user)
            easy.set(CURLOPT_PASSWORD, password)
            // Otherwise a user like a@b could make libcurl look for a Kerberos domain.
            easy.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN;AUTH=CRAM-MD5")
        }
        if let caPath = settings.caPath { easy.set(CURLOPT_CAINFO, caPath) }
        if let gate {
            gate.refusal = nil
            easy.set(CURLOPT_OPENSOCKETFUNCTION, onOpenMailSocket)
            easy.set(CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(gate).toOpaque())
        }
        guard !settings.isImplicitTLS else { return }
        switch settings.startTLS {
        case .required:
            easy.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        case .opportunistic:
            easy.set(CURLOPT_USE_SSL, Int(CURLUSESSL_TRY.rawValue))
            if settings.caPath == nil {
                easy.set(CURLOPT_SSL_VERIFYPEER, 0)
                easy.set(CURLOPT_SSL_VERIFYHOST, 0)
            }
        case .never:
            easy.set(CURLOPT_USE_SSL, Int(CURLUSESSL_NONE.rawValue))
        }
    }

    private func smtpError(_ code: CURLcode, status: Int, dialogue: MailDialogue) -> SMTPError {
        if let refusal = gate?.refusal { return SMTPError(.refused, refusal) }
        let reason = easy.errorDetail(code)
        let isAnswer = status >= 400 && code != CURLE_OPERATION_TIMEDOUT
        let answered = isAnswer ? status : nil
        let detail = isAnswer && !dialogue.lastLine.isEmpty ? "\(reason) (\(dialogue.lastLine))" : reason
        let kind: SMTPError.Code =
            switch code {
            case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR: .auth
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case _ where isTLSFailure(code): .tls
            case _ where reason.hasPrefix("RCPT failed"): .rejectedRecipient
            case _ where isAnswer: .rejected
            default: .unreachable
            }
        return SMTPError(kind, detail, smtpStatus: answered, isInDoubt: dialogue.hasEnded && !isAnswer)
    }
}

/// Judges the addresses of a mail server that people have configured.
final class MailGate {
    let policy: OutboundPolicy
    /// Why no socket was opened.
    var refusal: String?

    init(_ policy: OutboundPolicy) { self.policy = policy }

    func openSocket(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        guard let socketAddress = tocsin_address(address), let ip = IPAddress(socketAddress) else {
            refusal = "the mail server has an address of an unknown family"
            return -1
        }
        if case .refused(let reason) = policy.verdict(for: ip) {
            refusal = "the mail server is at \(ip): \(reason)"
            return -1
        }
        refusal = nil
        return socket(address.pointee.family, address.pointee.socktype | closeOnExec, address.pointee.protocol)
    }
}

/// A mail ready to be sent: addresses checked, text rendered.
struct MailEnvelope: Sendable {
    let sender: String
    let recipients: [String]
    let message: [UInt8]
}

/// What goes to the server and what it says meanwhile.
final class MailDialogue {
    private let message: [UInt8]
    private(set) var offset = 0
    /// libcurl has asked for more than there is: the end of the mail is being sent.
    private(set) var hasEnded = false
    private(set) var lastLine = ""

    init(_ message: [UInt8]) { self.message = message }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, message.count - offset)
        hasEnded = hasEnded || count == 0
        message.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        }
        offset += count
        return count
    }

    func receive(_ line: UnsafeRawBufferPointer) {
        lastLine = String(decoding: line.prefix(500).filter { $0 >= 32 }, as: UTF8.self)
    }
}

// libcurl calls these on the thread that sends; at the top level for the reason in TransferCallbacks.swift.

func onReadMail(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let dialogue = Unmanaged<MailDialogue>.fromOpaque(context).takeUnretainedValue()
    return dialogue.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
}

func onOpenMailSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address else { return -1 }
    return Unmanaged<MailGate>.fromOpaque(context).takeUnretainedValue().openSocket(address)
}

func onServerLine(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let dialogue = Unmanaged<MailDialogue>.fromOpaque(context).takeUnretainedValue()
    dialogue.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}
