import Foundation
import Persistence

/// Keeps what is noted of a run's calls within bounds, and says what is left out.
struct ActivityBounds {
    /// Bytes of a request's body, of an answer's body, of all bodies of one run.
    static let requestBody = 16 << 10
    static let answerBody = 64 << 10
    static let all = 512 << 10

    private var left = Self.all

    mutating func cut(_ call: ActivityCall) -> ActivityCall {
        var call = call
        var cuts: [String] = []
        if let body = call.requestBody {
            call.requestBody = take(body, upTo: Self.requestBody, name: "request", &cuts)
        }
        call.answerBody = take(call.answerBody, upTo: Self.answerBody, name: "answer", &cuts)
        if !cuts.isEmpty { call.cut = cuts.joined(separator: ", ") }
        return call
    }

    private mutating func take(_ text: String, upTo limit: Int, name: String, _ cuts: inout [String]) -> String {
        let room = min(limit, left)
        let size = text.utf8.count
        guard size > room else {
            left -= size
            return text
        }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: room)
        while end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }  // not within a character
        left -= text.utf8.distance(from: text.startIndex, to: end)
        cuts.append("the \(name)'s body has \(size) bytes, \(text.utf8.distance(from: text.startIndex, to: end)) kept")
        return String(text[..<end])
    }
}

/// Takes the secrets out of what is noted of a call.
enum ActivityMask {
    private static let secretHeaders: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "apikey",
        "x-auth-token", "x-access-token", "private-token", "x-vault-token", "x-gitlab-token",
    ]
    private static let secretParameters: Set<String> = [
        "apikey", "api_key", "api-key", "key", "token", "access_token", "auth_token", "secret", "client_secret",
        "password", "sig", "signature",
    ]

    static func headers(_ headers: [String: String]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: headers.map { name, value in
                (name, secretHeaders.contains(name.lowercased()) ? "***" : value)
            })
    }

    /// The values of those parameters of the query that usually are secrets.
    static func url(_ url: String) -> String {
        guard let question = url.firstIndex(of: "?") else { return url }
        let pairs = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        let masked = pairs.map { pair -> String in
            guard let equals = pair.firstIndex(of: "="), secretParameters.contains(pair[..<equals].lowercased())
            else { return String(pair) }
            return "\(pair[..<equals])=***"
        }
        return "\(url[..<question])?\(masked.joined(separator: "&"))"
    }
}
