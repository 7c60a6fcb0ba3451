import Foundation

/// Addresses within the console.
enum WebAddress {
    /// Only what leads back into the console: never to another site, whatever a link says.
    static func safeReturn(_ path: String?) -> String {
        guard let path, path.hasPrefix("/console/"), !path.contains("\\"),
            path.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7f }),
            !path.hasPrefix("/console/sign-"), !path.hasPrefix(PasswordForm.path)
        else { return "/console/alerts" }
        return path
    }

    /// A path with those parameters that have a value.
    static func make(_ path: String, _ parameters: [(String, String)]) -> String {
        let query = parameters.filter { !$0.1.isEmpty }.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
        return query.isEmpty ? path : "\(path)?\(query)"
    }

    /// An address of the web that a browser may be sent to; `nil` for anything else.
    static func external(_ text: String?) -> URL? {
        guard let text, let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "http" || scheme == "https", url.host?.isEmpty == false,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7f })
        else { return nil }
        return url
    }

    private static func encoded(_ text: String) -> String {
        // Text of whole characters can always be encoded.
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~"))) ?? ""
    }
}
