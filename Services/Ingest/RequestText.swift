import AlertCore
import Foundation
import HTTPTypes

/// A request's body as text, whatever its content type says it is (spec §2.5).
struct RequestText: Equatable {
    let text: String
    let isForm: Bool

    /// - Throws: 415 for a body that is compressed or has several parts: both would reach scripts as noise.
    init(_ bytes: some Collection<UInt8>, headers: HTTPFields) throws(RestError) {
        let type = MediaType(headers[.contentType] ?? "")
        if let encoding = headers[.contentEncoding]?.lowercased(), encoding != "identity", !bytes.isEmpty {
            throw RestError(
                415, "The Content-Encoding \(encoding) is not supported: send the body as it is.",
                subcode: "request.content_encoding", arguments: ["Content-Encoding", encoding])
        }
        if type.name.hasPrefix("multipart/") {
            throw RestError(
                415, "The Content-Type \(type.name) is not supported: send the content itself as the body.",
                subcode: "request.media_type", arguments: ["Content-Type", type.name])
        }
        text = Self.decoded(Data(bytes), charset: type.charset)
        isForm = type.name == "application/x-www-form-urlencoded"
    }

    /// What a form-encoded body adds to the parameters. JSON that was sent as a form by mistake, as curl does, adds
    /// nothing.
    var parameters: [String: String] {
        isForm && !looksLikeJSON ? FormEncoding.parse(text) : [:]
    }

    var looksLikeJSON: Bool {
        let first = text.first { !$0.isWhitespace }
        return first == "{" || first == "["
    }

    /// A byte order mark decides; else what the sender says; else UTF-8. Bytes that are none of it become
    /// replacement characters.
    private static func decoded(_ bytes: Data, charset: String) -> String {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return String(decoding: bytes.dropFirst(3), as: UTF8.self) }
        if bytes.starts(with: [0xFF, 0xFE]) { return utf16(bytes.dropFirst(2), isLittle: true) }
        if bytes.starts(with: [0xFE, 0xFF]) { return utf16(bytes.dropFirst(2), isLittle: false) }
        switch charset {
        case "iso-8859-1", "latin1", "iso_8859-1":
            return String(String.UnicodeScalarView(bytes.map { UnicodeScalar($0) }))
        case "windows-1252", "cp1252":
            return String(data: bytes, encoding: .windowsCP1252) ?? String(decoding: bytes, as: UTF8.self)
        case "utf-16", "utf-16be": return utf16(bytes, isLittle: false)
        case "utf-16le": return utf16(bytes, isLittle: true)
        default: return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func utf16(_ bytes: Data, isLittle: Bool) -> String {
        let bytes = Array(bytes)
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map { index -> UInt16 in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return isLittle ? second << 8 | first : first << 8 | second
        }
        return String(decoding: units, as: UTF16.self)
    }
}

/// A `Content-Type`, in lower case.
private struct MediaType {
    let name: String
    /// Empty where it names none.
    let charset: String

    init(_ header: String) {
        let parts = header.lowercased().split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        name = parts.first ?? ""
        charset =
            parts.dropFirst().first { $0.hasPrefix("charset=") }
            .map { $0.dropFirst(8).trimmingCharacters(in: CharacterSet(charactersIn: "\" ")) } ?? ""
    }
}
