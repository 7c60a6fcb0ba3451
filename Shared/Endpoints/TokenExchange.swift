import AlertCore
import Foundation
import OutboundHTTP

/// What an access token is asked for with, in clear.
struct TokenGrant: Sendable {
    /// The endpoint, for messages.
    let endpoint: String
    let url: String
    let fields: [(String, String)]
    let basicAuth: (user: String, password: String)?
    /// Values that no message may show.
    let confidential: [String]
    let answer: Answer

    enum Answer: Sendable {
        /// RFC 6749's object.
        case oauth2
        /// The body is the token.
        case text
    }
}

extension TokenGrant {
    /// All secrets in clear.
    init(
        _ oauth2: Endpoint.OAuth2, of endpoint: Endpoint, user: String?, password: String?, clientSecret: String?,
        refreshToken: String?
    ) {
        var fields: [(String, String)]
        switch oauth2.grant {
        case .password:
            fields = [("grant_type", "password"), ("username", user ?? ""), ("password", password ?? "")]
        case .clientCredentials: fields = [("grant_type", "client_credentials")]
        case .refreshToken: fields = [("grant_type", "refresh_token"), ("refresh_token", refreshToken ?? "")]
        }
        if let scopes = oauth2.scopes, !scopes.isEmpty { fields.append(("scope", scopes)) }
        var basicAuth: (user: String, password: String)?
        if oauth2.clientAuthentication == .basic, let id = oauth2.clientId {
            // RFC 6749 §2.3.1: encoded as a form before they become Basic.
            basicAuth = (FormBody.encoded(id), FormBody.encoded(clientSecret ?? ""))
        } else {
            if let id = oauth2.clientId { fields.append(("client_id", id)) }
            if let clientSecret { fields.append(("client_secret", clientSecret)) }
        }
        self.init(
            endpoint: endpoint.name, url: oauth2.tokenURL, fields: fields, basicAuth: basicAuth,
            confidential: [password, clientSecret, refreshToken].compactMap { $0 }.filter { !$0.isEmpty },
            answer: .oauth2)
    }

    static func remedy(_ endpoint: Endpoint, user: String, password: String) -> TokenGrant {
        TokenGrant(
            endpoint: endpoint.name, url: endpoint.address(of: "/api/jwt/login"),
            fields: [("username", user), ("password", password)], basicAuth: nil, confidential: [password],
            answer: .text)
    }
}

/// What a token server gave.
struct GrantedToken: Sendable {
    let accessToken: String
    /// When the server did not say, five minutes.
    let lifetime: Duration
    /// In place of the one that was sent.
    let refreshToken: String?
}

/// Asks a token server, once.
struct TokenExchange: Sendable {
    static let timeout = Duration.seconds(10)
    /// Bytes of an answer.
    static let answerLimit = 64 << 10
    private static let defaultLifetime = Duration.seconds(300)

    let client: any OutboundSender

    /// - Throws: ``EndpointProblem`` that names endpoint and token URL and shows no secret. It says what the server
    ///   answered, shortened.
    func token(for grant: TokenGrant, with tls: OutboundTLS) async throws -> GrantedToken {
        var request = OutboundRequest(
            method: "POST", url: grant.url,
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
            body: Array(FormBody.encode(grant.fields).utf8), basicAuth: grant.basicAuth, timeout: Self.timeout,
            connectTimeout: Self.timeout, responseBodyLimit: Self.answerLimit, hardLimit: Self.answerLimit)
        tls.apply(to: &request)
        let response: OutboundResponse
        do {
            response = try await client.send(request)
        } catch let error as OutboundError {
            throw problem(grant, "\(error.detail)", retryable: error.isRetryable)
        }
        guard (200..<300).contains(response.status) else {
            let isPassing = response.status == 429 || response.status >= 500
            throw problem(grant, "HTTP \(response.status)\(Self.reason(response))", retryable: isPassing)
        }
        switch grant.answer {
        case .text:
            let text = String(decoding: response.body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return try checked(GrantedToken(accessToken: text, lifetime: .seconds(3000), refreshToken: nil), grant)
        case .oauth2: return try checked(parse(response, grant), grant)
        }
    }

    private func parse(_ response: OutboundResponse, _ grant: TokenGrant) throws -> GrantedToken {
        // Whatever else came, it is no token.
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(response.body)),
            let token = json["access_token"]?.string
        else {
            throw problem(grant, "the answer has no access_token\(Self.reason(response))", retryable: false)
        }
        let seconds = json["expires_in"].flatMap { $0.integer ?? $0.string.flatMap(Int64.init) }
        return GrantedToken(
            accessToken: token,
            lifetime: seconds.map { .seconds(min(max($0, 0), 365 * 86_400)) } ?? Self.defaultLifetime,
            refreshToken: json["refresh_token"]?.string)
    }

    private func checked(_ token: GrantedToken, _ grant: TokenGrant) throws -> GrantedToken {
        let isClean = token.accessToken.utf8.allSatisfy { (33..<127).contains($0) }
        guard isClean, !token.accessToken.isEmpty, token.accessToken.utf8.count <= 32_768 else {
            throw problem(grant, "the token is empty or cannot stand in a header", retryable: false)
        }
        return token
    }

    /// The error that RFC 6749 §5.2 wants, in one line.
    private static func reason(_ response: OutboundResponse) -> String {
        // A page of HTML, say: the status has to do.
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(response.body)) else { return "" }
        let parts = [json["error"]?.string, json["error_description"]?.string].compactMap { $0 }
        return parts.isEmpty ? "" : ", " + parts.joined(separator: ": ")
    }

    private func problem(_ grant: TokenGrant, _ what: String, retryable: Bool) -> TokenProblem {
        var text = what.split(whereSeparator: \.isNewline).joined(separator: " ")
        for secret in grant.confidential where secret.count > 3 { text = text.replacing(secret, with: "***") }
        if text.count > 300 { text = text.prefix(300) + "…" }
        return TokenProblem(
            endpoint: grant.endpoint, tokenURL: SecretMask.url(grant.url), detail: text, isRetryable: retryable)
    }
}

/// Why there is no access token.
public struct TokenProblem: Error, Equatable, Sendable, CustomStringConvertible {
    public let endpoint: String
    /// Without the values of its query that may be secret.
    public let tokenURL: String
    public let detail: String
    public let isRetryable: Bool

    public var description: String { "the endpoint \(endpoint) got no token from \(tokenURL): \(detail)" }
}

/// `application/x-www-form-urlencoded`.
enum FormBody {
    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(encoded($0))=\(encoded($1))" }.joined(separator: "&")
    }

    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            case UInt8(ascii: " "): "+"
            default: String(format: "%%%02X", byte)
            }
        }.joined()
    }
}

/// How an endpoint's TLS differs from the usual.
struct OutboundTLS: Hashable, Sendable {
    var clientCertificate: OutboundRequest.ClientCertificate?
    var certificateAuthority: String?
    var trustSelfSigned = false

    func apply(to request: inout OutboundRequest) {
        request.clientCertificate = clientCertificate
        request.certificateAuthority = certificateAuthority
        request.trustSelfSigned = trustSelfSigned
    }
}
