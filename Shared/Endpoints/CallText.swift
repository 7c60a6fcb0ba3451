import AlertCore
import Foundation
import OutboundHTTP

/// One call and its answer as text for people (spec §2.8): secrets hidden, sizes bounded, what was cut said.
enum CallText {
    /// Characters of a body, and of a URL, that are shown.
    static let bodyLimit = 4096
    static let lineLimit = 2000

    static func request(
        _ method: String, _ url: String, headers: [(String, String)], leftOut: [String], body: String?
    ) -> String {
        var lines = ["> \(method) \(cut(SecretMask.url(url), lineLimit)) HTTP/1.1"]
        lines += shown(headers, ">")
        if !leftOut.isEmpty { lines.append("(left out, set by the server itself: \(leftOut.joined(separator: ", ")))") }
        if let body, !body.isEmpty { lines += ["", self.body(body, headers)] }
        return lines.joined(separator: "\n")
    }

    static func answer(_ response: OutboundResponse, body: String) -> String {
        let headers = response.headers.map { ($0.name, $0.value) }
        var lines = ["< HTTP/1.1 \(response.status) \(response.status)"] + shown(headers, "<")
        if !body.isEmpty { lines += ["", self.body(body, headers)] }
        return lines.joined(separator: "\n")
    }

    static func failure(_ detail: String) -> String { "< (no answer) \(cut(detail, lineLimit))" }

    private static func shown(_ headers: [(String, String)], _ mark: String) -> [String] {
        headers.sorted { $0.0.lowercased() < $1.0.lowercased() }.map { name, value in
            "\(mark) \(name): \(cut(SecretMask.header(name, value), lineLimit))"
        }
    }

    /// JSON with line ends and without secrets, forms without secrets, anything else as it is. NUL, which PostgreSQL
    /// does not keep, is replaced.
    private static func body(_ text: String, _ headers: [(String, String)]) -> String {
        let type = headers.first { $0.0.lowercased() == "content-type" }?.1.lowercased() ?? ""
        var shown = text
        if text.utf8.count <= 1 << 20, let pretty = prettyJSON(text) {
            shown = pretty
        } else if type.hasPrefix("application/x-www-form-urlencoded") {
            shown = SecretMask.form(text)
        }
        return cut(shown.replacing("\0", with: "\u{FFFD}"), bodyLimit)
    }

    private static func prettyJSON(_ text: String) -> String? {
        guard let first = text.first(where: { !$0.isWhitespace }), first == "{" || first == "[",
            // No JSON: shown as it is.
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // It was JSON a moment ago.
        return (try? encoder.encode(SecretMask.json(value))).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit, text.count > limit else { return text }
        return text.prefix(limit) + "… (\(text.count - limit) more characters)"
    }
}
