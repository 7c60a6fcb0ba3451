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

/// `application/x-www-form-urlencoded`, in bodies and queries (WHATWG URL, §5.1).
enum FormEncoding {
    /// Of a name that comes twice, the last counts.
    /// - Parameter limit: How many pairs are read at most.
    static func parse(_ text: String, limit: Int = 1000) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in text.split(separator: "&").prefix(limit) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters[decode(parts[0])] = parts.count > 1 ? decode(parts[1]) : ""
        }
        return parameters
    }

    /// `+` is a space, `%20` a byte; what is no UTF-8 then has replacement characters in its place.
    static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(digit),
                let low = rest.dropFirst().first.flatMap(digit)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
