/// Why a request got no answer. Callers switch on ``code``; people read the detail.
public struct OutboundError: Error, CustomStringConvertible {
    public enum Code: Equatable, Sendable, CaseIterable {
        /// The policy forbids every address of the target; the detail says which and why.
        case refused
        /// The URL is malformed, carries a user name, or is neither http nor https.
        case invalidURL
        /// The method, a header or the credentials cannot be sent as they are.
        case invalidRequest
        /// The host name has no address, or the resolver did not answer.
        case unresolved
        /// No address of the target took the connection, or the proxy refused to make one.
        case connect
        /// The handshake failed or the certificate is not trusted.
        case tls
        /// The connect timeout or the total timeout passed.
        case timeout
        /// The connection broke, or what came back is not HTTP.
        case protocolError
        /// The answer passed the hard limit of the request, or its headers passed the client's.
        case tooLarge
        /// The task was cancelled.
        case cancelled
        /// More requests wait than the client's limit allows.
        case overloaded
        /// The client was shut down.
        case closed
    }

    public let code: Code
    public let detail: String
    /// Whether bytes of the request may have reached the target. It may have acted on them.
    public let isInDoubt: Bool

    public init(_ code: Code, _ detail: String, isInDoubt: Bool = false) {
        self.code = code
        self.detail = detail
        self.isInDoubt = isInDoubt
    }

    /// Whether the same request can succeed later. A certificate can be renewed, so `.tls` is retryable.
    public var isRetryable: Bool {
        switch code {
        case .unresolved, .connect, .tls, .timeout, .protocolError, .overloaded, .closed: true
        case .refused, .invalidURL, .invalidRequest, .tooLarge, .cancelled: false
        }
    }

    public var description: String { "outbound \(code): \(detail)" }
}
