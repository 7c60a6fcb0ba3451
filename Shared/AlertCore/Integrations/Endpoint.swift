/// Where outbound requests go and how they prove who sends them, in one place for all that use it (spec §3.4).
public struct Endpoint: Codable, Hashable, Sendable, Identifiable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case external = "EXTERNAL"
        /// This server's own API, as the person for whom a script runs.
        case platform = "XMATTERS"
    }

    /// The platform's names, all of them kept as they are; ``credentials()`` says what each means here.
    public enum Authentication: String, Codable, CaseIterable, Sendable {
        case none = "NO_AUTH"
        case basic = "BASIC"
        case oauth2 = "OAUTH2"
        case bearer = "BEARER"
        case oauth2Force = "OAUTH2_FORCE"
        case oauthSlack = "OAUTH_SLACK"
        case oauth2Graph = "OAUTH2_MS_GRAPH"
        case serviceNow = "SERVICENOW"
        case remedyToken = "REMEDY_TOKEN"
        case platform = "XMATTERS"
    }

    /// How access tokens are got (RFC 6749).
    public struct OAuth2: Codable, Hashable, Sendable {
        public enum Grant: String, Codable, CaseIterable, Sendable {
            case password = "PASSWORD"
            case clientCredentials = "CLIENT_CREDENTIALS"
            case refreshToken = "REFRESH_TOKEN"
        }

        /// How the client says who it is: among the form's fields, or by Basic.
        public enum ClientAuthentication: String, Codable, CaseIterable, Sendable {
            case body = "BODY"
            case basic = "BASIC"
        }

        public var grant: Grant
        public var tokenURL: String
        public var clientId: String?
        /// Sealed by `SecretBox`.
        public var sealedClientSecret: String?
        public var clientAuthentication: ClientAuthentication
        /// Separated by spaces.
        public var scopes: String?
        /// Sealed by `SecretBox`. A token server may give a new one with each access token.
        public var sealedRefreshToken: String?
        /// Counts the refresh tokens that people have given: a new one is a new connection, one that the token
        /// server put in its place is not.
        public var connection: Int

        public init(
            grant: Grant, tokenURL: String, clientId: String? = nil, sealedClientSecret: String? = nil,
            clientAuthentication: ClientAuthentication = .body, scopes: String? = nil,
            sealedRefreshToken: String? = nil, connection: Int = 0
        ) {
            self.grant = grant
            self.tokenURL = tokenURL
            self.clientId = clientId
            self.sealedClientSecret = sealedClientSecret
            self.clientAuthentication = clientAuthentication
            self.scopes = scopes
            self.sealedRefreshToken = sealedRefreshToken
            self.connection = connection
        }
    }

    /// What the client shows in the TLS handshake.
    public struct ClientCertificate: Codable, Hashable, Sendable {
        /// PEM: the certificate, then those that lead to its root.
        public var certificate: String
        /// PEM without a passphrase, sealed by `SecretBox`.
        public var sealedPrivateKey: String

        public init(certificate: String, sealedPrivateKey: String) {
            self.certificate = certificate
            self.sealedPrivateKey = sealedPrivateKey
        }
    }

    public var id: String
    public var plan: String
    public var name: String
    /// `http` or `https`, without user or fragment; empty for one of the platform's own kind.
    public var url: String
    public var endpointType: Kind
    public var authenticationType: Authentication
    public var username: String?
    /// Sealed by `SecretBox`.
    public var sealedPassword: String?
    /// A bearer token that does not change by itself, sealed by `SecretBox`.
    public var sealedToken: String?
    public var oauth2: OAuth2?
    public var clientCertificate: ClientCertificate?
    /// PEM: certificates that are trusted here besides the system's.
    public var certificateAuthority: String?
    /// Accepts any certificate of the target.
    public var trustSelfSigned: Bool
    /// Basic: whether the password goes with the first request, or only with the answer to a challenge.
    public var preemptive: Bool
    public var archived: JSONValue?

    public init(
        id: String, plan: String, name: String, url: String, endpointType: Kind = .external,
        authenticationType: Authentication = .none, username: String? = nil, sealedPassword: String? = nil,
        sealedToken: String? = nil, oauth2: OAuth2? = nil, clientCertificate: ClientCertificate? = nil,
        certificateAuthority: String? = nil, trustSelfSigned: Bool = false, preemptive: Bool = true,
        archived: JSONValue? = nil
    ) {
        self.id = id
        self.plan = plan
        self.name = name
        self.url = url
        self.endpointType = endpointType
        self.authenticationType = authenticationType
        self.username = username
        self.sealedPassword = sealedPassword
        self.sealedToken = sealedToken
        self.oauth2 = oauth2
        self.clientCertificate = clientCertificate
        self.certificateAuthority = certificateAuthority
        self.trustSelfSigned = trustSelfSigned
        self.preemptive = preemptive
        self.archived = archived
    }
}

extension Endpoint {
    /// The base URL with a path appended: one slash between them, whichever of the two brings it; a query is appended
    /// as it is.
    public func address(of path: String?) -> String {
        guard let path, !path.isEmpty else { return url }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        return path.hasPrefix("/") || path.hasPrefix("?") ? base + path : "\(base)/\(path)"
    }

    /// The name of the endpoint that every plan has without anybody having made it.
    public static let platformName = "xMatters"

    /// The endpoint ``platformName``: this server's own API.
    public static func platform(of plan: String) -> Endpoint {
        Endpoint(
            id: "xmatters-\(plan)", plan: plan, name: platformName, url: "", endpointType: .platform,
            authenticationType: .platform)
    }
}
