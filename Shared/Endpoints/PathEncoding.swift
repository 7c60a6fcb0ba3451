import Foundation

/// `autoEncodeURI`: makes what a script wrote fit into a URL.
enum PathEncoding {
    /// Encodes what cannot stand in a path or query, a `%` without two hexadecimal digits behind it included, and
    /// leaves what is encoded already: an author who did it and one who did not get the same.
    static func encoded(_ path: String) -> String {
        let bytes = Array(path.utf8)
        var text = ""
        text.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "%") {
                let isEscape = index + 2 < bytes.count && isHex(bytes[index + 1]) && isHex(bytes[index + 2])
                text += isEscape ? "%" : "%25"
            } else if allowed.contains(byte) {
                text.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                text += String(format: "%%%02X", byte)
            }
        }
        return text
    }

    private static let allowed = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?".utf8)

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
