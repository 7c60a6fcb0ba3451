import AlertCore
import Crypto
import Foundation

/// Access tokens of OAuth2: JWTs (RFC 7519) signed with HMAC-SHA-256, which every process with the same secret key
/// can check.
public struct AccessTokens: Sendable {
    public static let lifetime = Duration.seconds(900)
    private static let issuer = "tocsin"
    private static let longest = 4096

    struct Claims: Codable, Equatable {
        let iss: String
        /// The id of a person.
        let sub: String
        let jti: String
        /// Seconds since 1970.
        let iat: Int64
        let exp: Int64
        /// See ``AccessTokens/stamp(of:)``.
        let pwd: String
    }

    private struct Header: Codable {
        let alg: String
        let typ: String
    }

    private let key: SymmetricKey

    public init(secrets: SecretBox) { key = secrets.subkey(for: "oauth2") }

    /// - Parameter id: The token's own, its `jti`.
    public func make(for person: Person, id: String, at now: Timestamp) -> String {
        let seconds = now.milliseconds / 1000
        let claims = Claims(
            iss: Self.issuer, sub: person.id, jti: id, iat: seconds,
            exp: seconds + Self.lifetime.milliseconds / 1000, pwd: stamp(of: person))
        let content = "\(Self.part(Header(alg: "HS256", typ: "JWT"))).\(Self.part(claims))"
        return "\(content).\(Data(code(of: content)).base64URL)"
    }

    /// The person's id and the stamp of the password at that time; `nil` for a token that is not ours, was altered,
    /// or is over.
    public func check(_ token: String, at now: Timestamp) -> (person: String, stamp: String)? {
        guard token.utf8.count <= Self.longest else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Data(base64URL: parts[2]),
            HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: Data("\(parts[0]).\(parts[1])".utf8), using: key),
            // Signed by us: only one of another version does not read.
            let header = Data(base64URL: parts[0]).flatMap({ try? JSONDecoder().decode(Header.self, from: $0) }),
            // As above.
            let claims = Data(base64URL: parts[1]).flatMap({ try? JSONDecoder().decode(Claims.self, from: $0) }),
            header.alg == "HS256", claims.iss == Self.issuer, now.milliseconds / 1000 < claims.exp
        else { return nil }
        return (claims.sub, claims.pwd)
    }

    /// What changes with the person's password, and tells nothing about it.
    public func stamp(of person: Person) -> String {
        let hash = Data("\(person.id)/\(person.passwordHash ?? "")".utf8)
        return Data(HMAC<SHA256>.authenticationCode(for: hash, using: key).prefix(12)).base64URL
    }

    private func code(of content: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data(content.utf8), using: key)
    }

    private static func part(_ value: some Encodable) -> String {
        guard let text = try? JSON.encode(value) else {  // plain fields: cannot fail
            preconditionFailure("a token is always encodable")
        }
        return Data(text.utf8).base64URL
    }
}
