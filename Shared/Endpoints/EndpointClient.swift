import AlertCore
import Foundation
import Logging
import OutboundHTTP
import Persistence

/// Sends requests to endpoints: authenticated as the endpoint says, through the guarded client, or to this server's
/// own API within the process. One for a process, so that access tokens are shared.
public final class EndpointClient: Sendable {
    private let client: any OutboundSender
    private let secrets: SecretBox
    private let internalAPI: (any InternalAPI)?
    let tokens: AccessTokens
    private let exchange: TokenExchange
    private let refreshTokens: RefreshTokens

    /// - Parameters:
    ///   - database: Where a refresh token is kept that a token server gave in place of another.
    ///   - internalAPI: What endpoints of the platform's own kind lead to; without it, their calls fail.
    public init(
        client: any OutboundSender, secrets: SecretBox, database: any SQLDatabase,
        internalAPI: (any InternalAPI)? = nil, now: @escaping Clock, logger: Logger
    ) {
        self.client = client
        self.secrets = secrets
        self.internalAPI = internalAPI
        tokens = AccessTokens(now: now)
        exchange = TokenExchange(client: client)
        refreshTokens = RefreshTokens(database: database, secrets: secrets, now: now, logger: logger)
    }

    /// Makes a call. An `Authorization` header of the call itself goes before the endpoint's own credentials, but not
    /// to this server's API: there it is left out.
    ///
    /// With an access token, a 401 leads to a new one and one more try; with Basic that is not preemptive, a 401
    /// leads to a second request with the password.
    ///
    /// - Parameter caller: For whom; needed for endpoints of the platform's own kind.
    /// - Returns: Any answer.
    /// - Throws: `OutboundError` without an answer, ``EndpointProblem`` and ``TokenProblem`` before the request.
    public func send(
        _ call: EndpointCall, to endpoint: Endpoint, as caller: InternalCaller?
    ) async throws -> OutboundResponse {
        if endpoint.endpointType == .platform { return try await sendInside(call, to: endpoint, as: caller) }
        let request = try request(call, to: endpoint)
        let isAuthenticated = call.headers.contains { $0.0.lowercased() == "authorization" }
        let deadline = ContinuousClock.now + call.timeout
        let credentials = try isAuthenticated ? .none : endpoint.credentials()
        switch credentials {
        case .none: return try await send(request, of: call)
        case .bearer(let sealed):
            let token = try open(sealed, for: .endpointToken(endpoint.id), of: endpoint)
            return try await send(request.with("Bearer \(token)", until: deadline), of: call)
        case .basic(let user, let sealed):
            let password = try open(sealed, for: .endpointPassword(endpoint.id), of: endpoint)
            let header = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
            if !endpoint.preemptive {
                let first = try await send(request, of: call)
                guard first.status == 401, Self.takesBasic(first) else { return first }
            }
            return try await send(request.with(header, until: deadline), of: call)
        case .oauth2, .remedy:
            let scheme = if case .remedy = credentials { "AR-JWT" } else { "Bearer" }
            let token = try await accessToken(of: endpoint, credentials)
            let first = try await send(request.with("\(scheme) \(token)", until: deadline), of: call)
            guard first.status == 401 else { return first }
            let fresh = try await accessToken(of: endpoint, credentials, except: token)
            return try await send(request.with("\(scheme) \(fresh)", until: deadline), of: call)
        }
    }

    private func send(_ request: OutboundRequest, of call: EndpointCall) async throws -> OutboundResponse {
        call.onSend?(request)
        return try await client.send(request)
    }

    /// What requests name as their sender.
    var userAgent: String { client.userAgent }

    /// What a script gets from `http.authenticate`: the token that calls to the endpoint carry.
    ///
    /// - Throws: ``EndpointProblem`` for an endpoint without tokens, too; ``TokenProblem``.
    public func accessToken(of endpoint: Endpoint) async throws -> String {
        let credentials = try endpoint.credentials()
        switch credentials {
        case .bearer(let sealed): return try open(sealed, for: .endpointToken(endpoint.id), of: endpoint)
        case .oauth2, .remedy: return try await accessToken(of: endpoint, credentials)
        case .none, .basic:
            throw EndpointProblem(
                endpoint.name, "has no token: its authentication is \(endpoint.authenticationType.rawValue)")
        }
    }

    private func accessToken(
        of endpoint: Endpoint, _ credentials: EndpointCredentials, except refused: String? = nil
    ) async throws -> String {
        try await tokens.token(AccessTokens.Key(endpoint, credentials), except: refused) { [self] in
            switch credentials {
            case .remedy(let user, let sealed):
                let password = try open(sealed, for: .endpointPassword(endpoint.id), of: endpoint)
                let grant = TokenGrant.remedy(endpoint, user: user, password: password)
                return try await exchange.token(for: grant, with: tls(of: endpoint, for: grant.url))
            case .oauth2(let oauth2, let user, let sealed):
                return try await exchange(oauth2, of: endpoint, user: user, sealedPassword: sealed)
            case .none, .basic, .bearer: preconditionFailure("credentials without a token server")
            }
        }
    }

    private func exchange(
        _ oauth2: Endpoint.OAuth2, of endpoint: Endpoint, user: String?, sealedPassword: String?
    ) async throws -> GrantedToken {
        let password = try sealedPassword.map { try open($0, for: .endpointPassword(endpoint.id), of: endpoint) }
        let secret = try oauth2.sealedClientSecret.map { try open($0, for: .clientSecret(endpoint.id), of: endpoint) }
        let stored = try oauth2.sealedRefreshToken.map { try open($0, for: .refreshToken(endpoint.id), of: endpoint) }
        let refreshToken = await refreshTokens.newest(of: endpoint, stored: stored)
        let grant = TokenGrant(
            oauth2, of: endpoint, user: user, password: password, clientSecret: secret, refreshToken: refreshToken)
        let granted = try await exchange.token(for: grant, with: tls(of: endpoint, for: grant.url))
        if oauth2.grant == .refreshToken, let used = refreshToken, let next = granted.refreshToken, next != used {
            await refreshTokens.replace(used, by: next, of: endpoint, stored: stored)
        }
        return granted
    }
}

// MARK: - The request

extension EndpointClient {
    /// Without credentials.
    private func request(_ call: EndpointCall, to endpoint: Endpoint) throws -> OutboundRequest {
        var request = OutboundRequest(
            method: call.method.uppercased(), url: endpoint.address(of: call.path),
            headers: call.headers.filter { !FramingHeaders.contains($0.0) }, body: call.body, timeout: call.timeout,
            connectTimeout: min(call.timeout, .seconds(10)), responseBodyLimit: call.answerLimit,
            hardLimit: call.cutsAnswer ? nil : call.answerLimit, host: call.host)
        try tls(of: endpoint, for: endpoint.url).apply(to: &request)
        return request
    }

    /// What goes for the endpoint goes for its token server, but that any certificate will do: that only when it
    /// is the same server.
    func tls(of endpoint: Endpoint, for url: String) throws -> OutboundTLS {
        var tls = OutboundTLS(certificateAuthority: endpoint.certificateAuthority)
        tls.trustSelfSigned = endpoint.trustSelfSigned && WebOrigin(of: url) == WebOrigin(of: endpoint.url)
        if let own = endpoint.clientCertificate {
            tls.clientCertificate = .init(
                certificate: own.certificate,
                privateKey: try open(own.sealedPrivateKey, for: .privateKey(endpoint.id), of: endpoint))
        }
        return tls
    }

    private func open(_ sealed: String, for context: SecretContext, of endpoint: Endpoint) throws -> String {
        do {
            return try secrets.open(sealed, for: context)
        } catch {
            throw EndpointProblem(endpoint.name, "has a secret that cannot be used: \(error)")
        }
    }

    /// Whether the challenge is for Basic; one that does not say is taken for it.
    private static func takesBasic(_ response: OutboundResponse) -> Bool {
        let challenges = response.headers.filter { $0.name.lowercased() == "www-authenticate" }.map(\.value)
        return challenges.isEmpty || challenges.contains { $0.lowercased().contains("basic") }
    }

    private func sendInside(
        _ call: EndpointCall, to endpoint: Endpoint, as caller: InternalCaller?
    ) async throws -> OutboundResponse {
        guard let internalAPI, let caller else {
            throw EndpointProblem(endpoint.name, "leads to this server's own API, which cannot be called from here")
        }
        let path = call.path ?? ""
        let headers = call.headers.filter { name, _ in
            !FramingHeaders.contains(name) && !["authorization", "cookie"].contains(name.lowercased())
        }
        let request = InternalRequest(
            method: call.method.uppercased(), path: path.hasPrefix("/") ? path : "/" + path, headers: headers,
            body: call.body ?? [], answerLimit: call.answerLimit)
        return try await withThrowingTaskGroup(of: OutboundResponse.self) { tasks in
            tasks.addTask { try await internalAPI.send(request, as: caller) }
            tasks.addTask {
                try await Task.sleep(for: call.timeout)
                throw OutboundError(.timeout, "this server's own API took longer than \(call.timeout)", isInDoubt: true)
            }
            defer { tasks.cancelAll() }
            guard let first = try await tasks.next() else { throw CancellationError() }
            return first
        }
    }
}

extension OutboundRequest {
    /// With an `Authorization` header, and what is left of the time: a second at least.
    fileprivate func with(_ authorization: String, until deadline: ContinuousClock.Instant) -> OutboundRequest {
        var request = self
        request.headers.append(("Authorization", authorization))
        request.timeout = min(timeout, max(deadline - .now, .seconds(1)))
        request.connectTimeout = min(connectTimeout, request.timeout)
        return request
    }
}
