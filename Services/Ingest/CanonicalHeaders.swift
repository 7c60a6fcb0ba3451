import Hummingbird
import Messaging

/// A request's headers as scripts see them: names in canonical case, no credentials (spec §2.5).
enum CanonicalHeaders {
    private static let withheld: Set<String> = ["authorization", "cookie", "proxy-authorization"]

    static func of(_ fields: HTTPFields) -> [String: String] {
        var headers: [String: String] = [:]
        for field in fields where !withheld.contains(field.name.canonicalName) {
            let name = InboundRequestMessage.canonicalName(field.name.rawName)
            headers[name] = headers[name].map { "\($0), \(field.value)" } ?? field.value
        }
        return headers
    }
}

/// `application/x-www-form-urlencoded` bodies (WHATWG URL, §5.1).
enum FormEncoding {
    /// - Parameter limit: How many pairs are read at most.
    static func parse(_ body: String, limit: Int = 1000) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in body.split(separator: "&").prefix(limit) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters[decode(parts[0])] = parts.count > 1 ? decode(parts[1]) : ""
        }
        return parameters
    }

    private static func decode(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
    }
}
