/// How requests to an endpoint prove who sends them, after the platform's many names have been told apart.
public enum EndpointCredentials: Hashable, Sendable {
    case none
    case basic(user: String, sealedPassword: String)
    case bearer(sealedToken: String)
    /// The name and password are for the password grant only.
    case oauth2(Endpoint.OAuth2, user: String?, sealedPassword: String?)
    /// BMC Remedy: a token for name and password from a path of its own below the base URL.
    case remedy(user: String, sealedPassword: String)
}

/// Why an endpoint cannot be used. The description names the endpoint and says what has to be configured.
public struct EndpointProblem: Error, Equatable, Sendable, CustomStringConvertible {
    public let endpoint: String
    public let problem: String
    public var description: String { "the endpoint \(endpoint) \(problem)" }

    public init(_ endpoint: String, _ problem: String) {
        self.endpoint = endpoint
        self.problem = problem
    }
}

extension Endpoint {
    /// What the authentication type means with what is configured. The names of services (Slack, Salesforce,
    /// Microsoft Graph, ServiceNow) are OAuth 2 with a token URL, a fixed token, or Basic, whichever is there.
    public func credentials() throws(EndpointProblem) -> EndpointCredentials {
        switch authenticationType {
        case .none, .platform: return .none
        case .basic: return try basic()
        case .bearer: return try bearer()
        case .oauth2: return try oauth2Credentials()
        case .remedyToken:
            guard case .basic(let user, let password) = try basic() else { return .none }
            return .remedy(user: user, sealedPassword: password)
        case .serviceNow:
            return oauth2 == nil ? try basic() : try oauth2Credentials()
        case .oauth2Force, .oauthSlack, .oauth2Graph:
            return oauth2 == nil && sealedToken != nil ? try bearer() : try oauth2Credentials()
        }
    }

    private func basic() throws(EndpointProblem) -> EndpointCredentials {
        guard let username, let sealedPassword else {
            throw lacking("authentication.username and authentication.password")
        }
        return .basic(user: username, sealedPassword: sealedPassword)
    }

    private func bearer() throws(EndpointProblem) -> EndpointCredentials {
        guard let sealedToken else { throw lacking("authentication.token") }
        return .bearer(sealedToken: sealedToken)
    }

    private func oauth2Credentials() throws(EndpointProblem) -> EndpointCredentials {
        guard let oauth2, !oauth2.tokenURL.isEmpty else { throw lacking("authentication.oauthTokenUrl") }
        switch oauth2.grant {
        case .password:
            guard username != nil, sealedPassword != nil else {
                throw lacking("authentication.username and authentication.password for the grant PASSWORD")
            }
        case .clientCredentials:
            guard oauth2.clientId != nil, oauth2.sealedClientSecret != nil || clientCertificate != nil else {
                throw lacking(
                    "authentication.oauthClientId and authentication.client_secret for the grant CLIENT_CREDENTIALS")
            }
        case .refreshToken:
            guard oauth2.sealedRefreshToken != nil else {
                throw lacking("authentication.refreshToken for the grant REFRESH_TOKEN")
            }
        }
        return .oauth2(oauth2, user: username, sealedPassword: sealedPassword)
    }

    private func lacking(_ what: String) -> EndpointProblem {
        EndpointProblem(name, "is not ready: its authentication \(authenticationType.rawValue) needs \(what)")
    }
}
