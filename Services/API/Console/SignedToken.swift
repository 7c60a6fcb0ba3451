import Crypto
import Foundation

/// A small value that a browser keeps for us: anybody can read it, nobody but we can make one.
enum SignedToken {
    /// base64url of JSON, a dot, base64url of its HMAC-SHA-256.
    static func make(_ value: some Encodable, key: SymmetricKey) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let content = try encoder.encode(value)
        return "\(base64URL(content)).\(code(of: content, key: key))"
    }

    /// `nil` for what we have not made, and for what somebody has altered.
    static func read<Value: Decodable>(_ token: String, as type: Value.Type, key: SymmetricKey) -> Value? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let content = data(base64URL: parts[0]), let code = data(base64URL: parts[1]),
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: content, using: key)
        else { return nil }
        // It is ours: only one of another version cannot be read, and that is none.
        return try? JSONDecoder().decode(Value.self, from: content)
    }

    /// base64url of the text's HMAC-SHA-256.
    static func code(of text: String, key: SymmetricKey) -> String { code(of: Data(text.utf8), key: key) }

    private static func code(of content: Data, key: SymmetricKey) -> String {
        base64URL(Data(HMAC<SHA256>.authenticationCode(for: content, using: key)))
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func data(base64URL text: String) -> Data? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        return Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}
