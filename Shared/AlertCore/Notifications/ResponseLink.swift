import Crypto
import Foundation

/// What a link in a notification stands for: one notification, and one answer to it. Signed, so that nobody can
/// make one, and valid for a time.
public struct ResponseLink: Codable, Equatable, Sendable {
    public enum Failure: Error, Equatable, Sendable {
        /// Not made by us, or altered.
        case invalid
        case outdated
    }

    /// A notification's id.
    public var notification: String
    /// A response option's id.
    public var option: String
    public var validUntil: Timestamp

    public init(notification: String, option: String, validUntil: Timestamp) {
        self.notification = notification
        self.option = option
        self.validUntil = validUntil
    }

    /// The id of the answer: the same for every tap on this link.
    public var responseId: String { DerivedID.uuid("response", notification, option) }

    /// As it stands in the URL: base64url of JSON, a dot, base64url of its HMAC-SHA-256.
    public func token(key: SymmetricKey) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let content = try? encoder.encode(self) else {  // three plain fields: cannot fail
            preconditionFailure("a response link is always encodable")
        }
        let code = Data(HMAC<SHA256>.authenticationCode(for: content, using: key))
        return "\(content.base64URL).\(code.base64URL)"
    }

    /// - Parameter keys: Any of them may have signed it.
    public init(token: String, keys: [SymmetricKey], now: Timestamp) throws(Failure) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let content = Data(base64URL: parts[0]), let code = Data(base64URL: parts[1]),
            keys.contains(where: { HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: content, using: $0) }),
            // Signed by us: only one of an old format fails.
            let link = try? JSONDecoder().decode(ResponseLink.self, from: content)
        else { throw .invalid }
        guard now < link.validUntil else { throw .outdated }
        self = link
    }
}

extension Data {
    fileprivate var base64URL: String {
        String(
            base64EncodedString().compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }

    fileprivate init?(base64URL text: Substring) {
        let standard = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        self.init(base64Encoded: String(standard) + String(repeating: "=", count: (4 - standard.count % 4) % 4))
    }
}
