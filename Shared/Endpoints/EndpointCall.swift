import OutboundHTTP

/// One request to an endpoint, before it is authenticated.
public struct EndpointCall: Sendable {
    /// Any case; sent in upper case.
    public var method: String
    /// What follows the endpoint's base URL, with or without a slash in front; query included.
    public var path: String?
    public var headers: [(String, String)]
    public var body: [UInt8]?
    /// Sent as `Host` in place of the URL's own.
    public var host: String?
    /// For the whole call, in which there may be two requests; getting an access token adds at most 20 s.
    public var timeout: Duration
    /// Bytes of the answer's body.
    public var answerLimit: Int
    /// Whether a longer answer is cut, or else an error.
    public var cutsAnswer: Bool
    /// Is told of each request that goes out, with its credentials.
    var onSend: (@Sendable (OutboundRequest) -> Void)?

    public init(
        method: String, path: String?, headers: [(String, String)] = [], body: [UInt8]? = nil, host: String? = nil,
        timeout: Duration = .seconds(30), answerLimit: Int = 1 << 20, cutsAnswer: Bool = false
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.host = host
        self.timeout = timeout
        self.answerLimit = answerLimit
        self.cutsAnswer = cutsAnswer
    }
}

/// Headers that frame a message or choose its encoding: those of a script are left out, ours are right.
enum FramingHeaders {
    private static let names: Set<String> = [
        "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    static func contains(_ name: String) -> Bool { names.contains(name.lowercased()) }
}
