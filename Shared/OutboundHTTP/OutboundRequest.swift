/// One HTTP request to a target outside. All limits are per request; nothing is taken from the environment.
public struct OutboundRequest: Sendable {
    public var method: String
    /// Absolute, http or https, without a user name. At most 8 KiB.
    public var url: String
    /// Sent in this order. What frames the message (`Content-Length`, `Host`, `Connection` …) is the client's.
    public var headers: [(String, String)]
    /// `nil` and `[]` differ for a GET only: with `[]` it has a body of no bytes.
    public var body: [UInt8]?
    public var basicAuth: (user: String, password: String)?
    /// From ``OutboundHTTPClient/send(_:)`` to the end of the answer, waiting for a free place included.
    public var timeout: Duration
    /// For resolving, connecting and the TLS handshake together.
    public var connectTimeout: Duration
    /// How many bytes of the answer's body are kept. A longer body is cut, which is no error.
    public var responseBodyLimit: Int
    /// A body that is longer than this many bytes fails with ``OutboundError/Code-swift.enum/tooLarge``.
    public var hardLimit: Int?
    /// Accepts **any** certificate, for targets inside a network that are not worth a CA.
    public var trustSelfSigned: Bool
    /// Sent as `Host` in place of the URL's own; the connection and its certificate are still the URL's.
    public var host: String?
    public var clientCertificate: ClientCertificate?
    /// PEM: certificates that are trusted besides the system's.
    public var certificateAuthority: String?

    /// What the client shows in the TLS handshake, in PEM: the certificate with its chain, and its key without a
    /// passphrase.
    public struct ClientCertificate: Hashable, Sendable {
        public var certificate: String
        public var privateKey: String

        public init(certificate: String, privateKey: String) {
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    public init(
        method: String = "GET", url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        basicAuth: (user: String, password: String)? = nil, timeout: Duration = .seconds(30),
        connectTimeout: Duration = .seconds(10), responseBodyLimit: Int = 65_536, hardLimit: Int? = nil,
        trustSelfSigned: Bool = false, host: String? = nil, clientCertificate: ClientCertificate? = nil,
        certificateAuthority: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.basicAuth = basicAuth
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.responseBodyLimit = responseBodyLimit
        self.hardLimit = hardLimit
        self.trustSelfSigned = trustSelfSigned
        self.host = host
        self.clientCertificate = clientCertificate
        self.certificateAuthority = certificateAuthority
    }
}

extension OutboundRequest {
    /// All headers that go over the wire, with those that the client adds. Credentials of ``basicAuth`` are left out.
    public func sentHeaders(userAgent: String) -> [(String, String)] {
        func has(_ name: String) -> Bool { headers.contains { equalsIgnoringCase($0.0, name) } }
        var sent: [(String, String)] = [("Host", host ?? Self.authority(of: url))]
        if !has("accept") { sent.append(("Accept", "*/*")) }
        sent += headers
        if !has("user-agent") { sent.append(("User-Agent", userAgent)) }
        if let body { sent.append(("Content-Length", String(body.count))) }
        return sent
    }

    /// `example.com:8443`.
    private static func authority(of url: String) -> String {
        let rest = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).dropFirst(2).first ?? ""
        return String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
    }
}
