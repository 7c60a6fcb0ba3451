import Foundation

extension Mail {
    /// A file that a mail carries.
    public struct Attachment: Sendable {
        public var name: String
        /// As in `application/pdf`; what is none is sent as bytes.
        public var mediaType: String
        public var content: Data

        public init(name: String, mediaType: String, content: Data) {
            self.name = name
            self.mediaType = mediaType
            self.content = content
        }

        /// The part of the mail, without its boundary.
        var lines: [String] {
            let plain = String(
                name.unicodeScalars.prefix(100).map { scalar in
                    scalar.isASCII && (32..<127).contains(scalar.value) && !"\"\\%".unicodeScalars.contains(scalar)
                        ? Character(scalar) : "_"
                })
            let options: Data.Base64EncodingOptions = [
                .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
            ]
            return [
                "Content-Type: \(safeType)",
                "Content-Disposition: attachment; filename=\"\(plain)\";\r\n filename*=utf-8''\(Self.encoded(name))",
                "Content-Transfer-Encoding: base64", "", content.base64EncodedString(options: options),
            ]
        }

        /// Mails within mails and parts within parts may not be encoded: they go as bytes.
        private var safeType: String {
            let isType =
                mediaType.utf8.count <= 100 && mediaType.wholeMatch(of: /[A-Za-z0-9.+-]+\/[A-Za-z0-9.+-]+/) != nil
            let isWhole =
                !mediaType.lowercased().hasPrefix("multipart/") && !mediaType.lowercased().hasPrefix("message/")
            return isType && isWhole ? mediaType : "application/octet-stream"
        }

        /// By RFC 8187: letters, digits and what is harmless stay.
        private static func encoded(_ name: String) -> String {
            name.utf8.prefix(255).map { byte in
                let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                return isPlain || byte == 45 || byte == 46 || byte == 95
                    ? String(UnicodeScalar(byte))
                    : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }.joined()
        }
    }
}
