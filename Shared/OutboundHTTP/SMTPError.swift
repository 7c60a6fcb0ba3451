/// Why a mail was not taken. Callers switch on ``code``; people read the detail.
public struct SMTPError: Error, CustomStringConvertible {
    public enum Code: Equatable, Sendable, CaseIterable {
        /// The policy forbids the server's address; the detail says why.
        case refused
        /// The server cannot be reached, or the connection broke.
        case unreachable
        /// The server does not accept the credentials.
        case auth
        /// TLS is required and missing, the handshake failed, or the certificate is not trusted.
        case tls
        /// The server does not take mail for one of the recipients. Nobody got the mail.
        case rejectedRecipient
        /// The server does not take the sender or the mail.
        case rejected
        /// The time for one mail passed.
        case timeout
        /// An address or a header cannot be sent as it is.
        case invalidMail
        /// The task was cancelled while the mail waited for its turn.
        case cancelled
        /// More mails wait than the client's limit allows.
        case overloaded
        /// The client was shut down.
        case closed
    }

    public let code: Code
    public let detail: String
    /// The server's three-digit answer, when it is what the mail failed on.
    public let smtpStatus: Int?
    /// Whether the server got the whole mail but not we its answer. It may have been delivered.
    public let isInDoubt: Bool

    public init(_ code: Code, _ detail: String, smtpStatus: Int? = nil, isInDoubt: Bool = false) {
        self.code = code
        self.detail = detail
        self.smtpStatus = smtpStatus
        self.isInDoubt = isInDoubt
    }

    /// Whether the same mail can succeed later. The server decides where it has answered: 4xx yes, 5xx no.
    public var isRetryable: Bool {
        if let smtpStatus { return smtpStatus < 500 }
        switch code {
        case .unreachable, .tls, .timeout, .overloaded, .closed: return true
        case .refused, .auth, .rejectedRecipient, .rejected, .invalidMail, .cancelled: return false
        }
    }

    public var description: String { "smtp \(code): \(detail)" }
}
