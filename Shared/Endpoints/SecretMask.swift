import AlertCore
import Foundation

/// Hides secrets in what people are shown of requests and answers.
public enum SecretMask {
    static let mark = "***"

    private static let headers: Set<String> = [
        "authorization", "cookie", "set-cookie", "proxy-authorization", "authentication", "x-auth-token",
    ]
    /// Parts of names, without signs and in lower case.
    private static let words = [
        "apikey", "accesskey", "privatekey", "password", "passwd", "secret", "token", "credential", "authorization",
        "signature",
    ]
    /// Whole names; those of ``parameters`` mean harmless things in JSON: an issue's key, an error's code.
    private static let names: Set<String> = ["sig", "pwd", "pass", "jwt", "assertion"]
    private static let parameters: Set<String> = ["key", "code"]
    /// Names that look like one of ``words`` and hold no secret.
    private static let harmless: Set<String> = ["tokentype", "oauthtokenurl", "tokenurl", "expiresin"]

    static func isSecret(_ name: String) -> Bool {
        let plain = String(name.lowercased().filter { $0.isLetter || $0.isNumber })
        if harmless.contains(plain) { return false }
        return names.contains(plain) || words.contains { plain.contains($0) }
    }

    public static func header(_ name: String, _ value: String) -> String {
        headers.contains(name.lowercased()) || isSecret(name) ? mark : value
    }

    /// The values of a URL's query that may be secret, and a user's password in it.
    public static func url(_ url: String) -> String {
        guard let query = url.firstIndex(of: "?") else { return url }
        return url[...query] + form(String(url[url.index(after: query)...]))
    }

    /// `name=value&…`
    static func form(_ text: String) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
            let name = pair[..<equals].removingPercentEncoding ?? String(pair[..<equals])
            return isSecret(name) || parameters.contains(name.lowercased()) ? pair[...equals] + mark : String(pair)
        }.joined(separator: "&")
    }

    static func json(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let fields):
            .object(
                Dictionary(
                    uniqueKeysWithValues: fields.map { name, value in
                        switch value {
                        case .string, .integer, .number: (name, isSecret(name) ? .string(mark) : value)
                        default: (name, json(value))
                        }
                    }))
        case .array(let values): .array(values.map(json))
        default: value
        }
    }

    /// A body as it is kept: JSON and forms without secrets, all else as it is.
    public static func body(_ text: String, type: String?) -> String {
        if type?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true { return form(text) }
        guard let first = text.first(where: { !$0.isWhitespace }), first == "{" || first == "[",
            // No JSON: kept as it is.
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        else { return text }
        let masked = json(value)
        guard masked != value else { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // It was JSON a moment ago.
        return (try? encoder.encode(masked)).map { String(decoding: $0, as: UTF8.self) } ?? text
    }
}
