import Crypto
import Foundation

/// The header `X-Twilio-Signature` of requests from a provider that speaks as Twilio does: HMAC-SHA-1 over the URL
/// that was called, followed by the names and values of the form in the order of the names.
public enum TwilioSignature {
    /// In base64.
    public static func make(url: String, form: [(name: String, value: String)], token: String) -> String {
        Data(code(url, form, token)).base64EncodedString()
    }

    /// Compares in constant time. A port that stands in the URL may have been signed or not.
    public static func isValid(
        _ signature: String, url: String, form: [(name: String, value: String)], token: String
    ) -> Bool {
        guard !token.isEmpty, let given = Data(base64Encoded: signature) else { return false }
        return [url, withoutPort(url)].contains { candidate in
            HMAC<Insecure.SHA1>.isValidAuthenticationCode(
                given, authenticating: text(candidate, form), using: SymmetricKey(data: Data(token.utf8)))
        }
    }

    private static func code(
        _ url: String, _ form: [(name: String, value: String)], _ token: String
    ) -> HMAC<Insecure.SHA1>.MAC {
        HMAC<Insecure.SHA1>.authenticationCode(
            for: text(url, form), using: SymmetricKey(data: Data(token.utf8)))
    }

    private static func text(_ url: String, _ form: [(name: String, value: String)]) -> Data {
        let sorted = form.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        return Data((url + sorted.map { $0.name + $0.value }.joined()).utf8)
    }

    private static func withoutPort(_ url: String) -> String {
        guard var parts = URLComponents(string: url), parts.port != nil else { return url }
        parts.port = nil
        return parts.string ?? url
    }
}
