import AlertCore
import Foundation

/// The file in a body: the body itself, or the first file of `multipart/form-data` (RFC 7578).
enum MultipartFile {
    /// - Throws: 400 when the body is no multipart although it says so, or has no file.
    static func content(of body: RawBody) throws(RestError) -> Data {
        guard let type = body.type, type.lowercased().hasPrefix("multipart/") else { return body.bytes }
        return try file(of: body, type).content
    }

    /// The name that the sender gave the file, and its media type; `nil` where the body says neither.
    static func description(of body: RawBody) throws(RestError) -> (name: String?, type: String?) {
        guard let type = body.type, type.lowercased().hasPrefix("multipart/") else { return (nil, body.type) }
        let head = try file(of: body, type).head
        let name = head.firstMatch(of: /filename="([^"\r\n]*)"/.ignoresCase()).map { String($0.1) }
        let media = head.firstMatch(of: /content-type:[ ]*([^\r\n]*)/.ignoresCase()).map { String($0.1) }
        return (name, media)
    }

    private static func file(of body: RawBody, _ type: String) throws(RestError) -> (head: String, content: Data) {
        let parts = try parts(of: body, type)
        let file = parts.first { part in
            let head = part.head.lowercased()
            return head.contains("filename=") || head.contains("filename*=")
        }
        guard let part = file ?? parts.last(where: { $0.head.lowercased().contains("name=\"file\"") }) else {
            throw broken("it has no file.")
        }
        return part
    }

    /// A field of a form that has a file as well; `nil` when it is not there.
    static func field(_ name: String, of body: RawBody) throws(RestError) -> String? {
        guard let type = body.type, type.lowercased().hasPrefix("multipart/") else { return nil }
        let wanted = "name=\"\(name)\"".lowercased()
        return try parts(of: body, type).first { $0.head.lowercased().contains(wanted) }
            .map { String(decoding: $0.content, as: UTF8.self) }
    }

    private static func parts(
        of body: RawBody, _ type: String
    ) throws(RestError) -> [(head: String, content: Data)] {
        guard let boundary = boundary(of: type) else { throw broken("its Content-Type has no boundary.") }
        let separator = Data("--\(boundary)".utf8)
        let blank = Data("\r\n\r\n".utf8)
        var parts: [(head: String, content: Data)] = []
        var rest = body.bytes.startIndex..<body.bytes.endIndex
        while let start = body.bytes.range(of: separator, in: rest) {
            guard let end = body.bytes.range(of: separator, in: start.upperBound..<body.bytes.endIndex) else { break }
            rest = end.lowerBound..<body.bytes.endIndex
            guard let headEnd = body.bytes.range(of: blank, in: start.upperBound..<end.lowerBound) else { continue }
            let head = String(decoding: body.bytes[start.upperBound..<headEnd.lowerBound], as: UTF8.self)
            // Before a boundary stands a line's end that belongs to it.
            let last = max(headEnd.upperBound, end.lowerBound - 2)
            parts.append((head, Data(body.bytes[headEnd.upperBound..<last])))
        }
        return parts
    }

    private static func boundary(of type: String) -> String? {
        for parameter in type.split(separator: ";").dropFirst() {
            let trimmed = parameter.trimmingCharacters(in: .whitespaces)
            guard trimmed.lowercased().hasPrefix("boundary=") else { continue }
            let value = trimmed.dropFirst("boundary=".count).trimmingCharacters(in: CharacterSet(charactersIn: "\""))
            return (1...70).contains(value.utf8.count) ? value : nil
        }
        return nil
    }

    private static func broken(_ why: String) -> RestError {
        RestError(400, "The body is no multipart/form-data with a file: \(why)", subcode: "request.body_invalid")
    }
}
