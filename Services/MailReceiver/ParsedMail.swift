import AlertCore
import CGMime
import Foundation

/// What a mail says that came in. GMime reads it: parts, encodings and character sets are as they happen to be.
struct ParsedMail: Sendable, Equatable {
    /// More headers are no mail that a person wrote.
    private static let headerLimit = 500
    private static let valueLimit = 2000

    /// The first value of each, by name in lower case.
    var headers: EmailReply.Headers
    /// Of the header From, in lower case; empty when there is none.
    var from: String
    var text: String

    /// Once, before anything is parsed.
    private static let isReady: Void = g_mime_init()

    /// - Returns: `nil` for what is no mail.
    init?(_ bytes: [UInt8]) {
        Self.isReady
        let parsed = bytes.withUnsafeBytes { buffer -> ParsedMail? in
            guard let start = buffer.bindMemory(to: CChar.self).baseAddress,
                let message = tocsin_mail_parse(start, buffer.count)
            else { return nil }
            defer { tocsin_mail_release(message) }
            return ParsedMail(message)
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private init(_ message: UnsafeMutablePointer<GMimeMessage>) {
        headers = [:]
        for index in 0..<min(Int(tocsin_mail_header_count(message)), Self.headerLimit) {
            var value: UnsafePointer<CChar>?
            guard let name = tocsin_mail_header(message, Int32(index), &value) else { continue }
            let key = String(cString: name).lowercased()
            guard headers[key] == nil else { continue }
            headers[key] = String((value.map { String(cString: $0) } ?? "").prefix(Self.valueLimit))
        }
        from = tocsin_mail_from(message).map { String(cString: $0).lowercased() } ?? ""
        var isHTML: Int32 = 0
        guard let body = tocsin_mail_text(message, &isHTML) else {
            text = ""
            return
        }
        defer { tocsin_mail_free(body) }
        let decoded = String(cString: body)
        text = isHTML != 0 ? Self.plain(decoded) : decoded
    }

    /// The text of a mail that has HTML only: enough to find the first line in it.
    static func plain(_ html: String) -> String {
        var text = html
        for (pattern, replacement) in [
            ("(?is)<(style|script|head)[^>]*>.*?</\\1>", ""),
            ("(?is)<blockquote.*", "\n>"), ("(?i)<div[^>]*class=\"gmail_quote.*", "\n>"),
            ("(?i)<br[^>]*>|</(p|div|li|tr|h[1-6])>", "\n"), ("(?s)<[^>]*>", ""),
        ] {
            text = text.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
        }
        for (entity, character) in [
            ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
        ] {
            text = text.replacingOccurrences(of: entity, with: character)
        }
        return text
    }
}
