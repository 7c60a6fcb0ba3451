import Crypto
import Foundation

/// The address to which a mail about one notification is answered: `answer+<token>@<domain>`. The token holds the
/// notification's id and 12 bytes of HMAC-SHA-256, in letters and digits of one case, because mail servers may
/// change the case.
public struct ReplyAddress: Equatable, Sendable {
    public static let local = "answer"
    private static let codeLength = 12
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// A UUID.
    public let notification: String

    public init(notification: String) { self.notification = notification }

    /// - Returns: `nil` when the id is no UUID.
    public func text(domain: String, key: SymmetricKey) -> String? {
        guard let id = UUID(uuidString: notification) else { return nil }
        let bytes = withUnsafeBytes(of: id.uuid) { Array($0) }
        let code = HMAC<SHA256>.authenticationCode(for: bytes, using: key).prefix(Self.codeLength)
        return "\(Self.local)+\(Self.encoded(bytes + code))@\(domain)"
    }

    /// - Parameter keys: Any of them may have signed it.
    /// - Returns: `nil` for an address that we have not made, or of another domain.
    public init?(_ address: String, domain: String, keys: [SymmetricKey]) {
        let parts = address.lowercased().split(separator: "@", omittingEmptySubsequences: false)
        let prefix = "\(Self.local)+"
        guard parts.count == 2, parts[1] == domain.lowercased(), parts[0].hasPrefix(prefix),
            let bytes = Self.decoded(parts[0].dropFirst(prefix.count)), bytes.count == 16 + Self.codeLength
        else { return nil }
        let (id, code) = (Array(bytes[..<16]), bytes[16...])
        let isOurs = keys.contains { key in
            let expected = HMAC<SHA256>.authenticationCode(for: id, using: key).prefix(Self.codeLength)
            return zip(expected, code).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
        }
        guard isOurs else { return nil }
        notification = id.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }.uuidString.lowercased()
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (buffer, bits) = (0, 0)
        for byte in bytes {
            buffer = buffer << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[buffer >> bits & 31])
            }
            buffer &= 0xff
        }
        if bits > 0 { text.append(alphabet[buffer << (5 - bits) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (buffer, bits) = (0, 0)
        for letter in text.utf8 {
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            buffer = (buffer << 5 | value) & 0xfff
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(buffer >> bits & 0xff))
            }
        }
        return bytes
    }
}
