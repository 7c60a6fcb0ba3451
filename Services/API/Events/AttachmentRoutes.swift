import AlertCore
import Foundation
import Persistence

// Files that go with alerts (spec §4.2, §4.8).
extension EventServices {
    var attachmentRoutes: [RESTRoute] {
        [
            RESTRoute(
                method: .post, path: "attachments", permission: .sendRequests,
                handler: { try await upload($0) }, rawBodyLimit: Attachments.sizeLimit + StoredAttachment.frameLimit),
            .get("attachments/{attachment}/{file}") { try await download($0) },
            .get("events/{event}/attachments") { try await list($0) },
            .get("events/{event}/attachments/{name}") { try await ofEvent($0) },
        ]
    }

    private func upload(_ call: RESTCall) async throws -> RESTAnswer {
        let attachment = try StoredAttachment(upload: call, at: now())
        try await database.retrying { try Attachments($0).put(attachment) }
        return .saved(attachment.wire, isNew: true)
    }

    private func download(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("attachment")
        let found = try await database.reading { try Attachments($0).get(id) }
        guard let found, found.name == call.parameter("file") else {
            throw RestError.notFound("There is no attachment \(id).")
        }
        return found.answer
    }

    private func list(_ call: RESTCall) async throws -> RESTAnswer {
        try await database.reading { connection in
            let row = try Self.alert(call.parameter("event"), in: connection)
            let sizes = try Attachments(connection).sizes(of: row.details.attachments.compactMap(\.uploadId))
            return .ok(try call.page(of: EventRepresentation(row: row).attachments(sizes: sizes)))
        }
    }

    private func ofEvent(_ call: RESTCall) async throws -> RESTAnswer {
        try await file(call.parameter("name"), ofEvent: call.parameter("event"))
    }

    /// A file of an alert by its name or the id of its upload.
    /// - Throws: 404.
    func file(_ name: String, ofEvent event: String) async throws -> RESTAnswer {
        try await database.reading { connection in
            let row = try Self.alert(event, in: connection)
            let attachment = row.details.attachments.first { $0.name == name || $0.uploadId == name.lowercased() }
            guard let id = attachment?.uploadId, let found = try Attachments(connection).get(id) else {
                throw RestError.notFound("The event has no file \(name) that is kept here.")
            }
            return found.answer
        }
    }
}

extension StoredAttachment {
    /// What multipart puts around a file.
    static let frameLimit = 64 << 10
    private static let plainType = "application/octet-stream"

    /// A file as it is sent in.
    /// - Throws: 400, or 413 for one that is too large.
    init(upload call: RESTCall, at now: Timestamp) throws(RestError) {
        let content = try MultipartFile.content(of: call.raw)
        let description = try MultipartFile.description(of: call.raw)
        let name = try MultipartFile.field("fileName", of: call.raw) ?? description.name ?? call.query["fileName"]
        self.init(
            id: UUID().uuidString.lowercased(), name: try Self.checked(name), mediaType: Self.type(description.type),
            content: content, uploadedBy: call.caller.person.id, uploadedAt: now)
        guard !content.isEmpty else { throw .invalidValue("file", "it is empty.") }
        guard content.count <= Attachments.sizeLimit else {
            throw RestError(
                413, "The file has more than \(Attachments.sizeLimit) bytes.", subcode: "request.body_too_large")
        }
    }

    var wire: JSONValue {
        [
            "name": .string(name), "path": .string(path), "size": .whole(content.count), "links": .links(path),
        ]
    }

    private static func checked(_ name: String?) throws(RestError) -> String {
        let name = (name ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard !name.isEmpty else { throw .missingField("fileName") }
        guard name.utf8.count <= 255,
            !name.unicodeScalars.contains(where: { $0.value < 32 || "/\\".contains(Character($0)) })
        else {
            throw .invalidValue("fileName", "it must be at most 255 bytes, without slashes and control characters.")
        }
        return name
    }

    /// What is no media type is bytes.
    private static func type(_ text: String?) -> String {
        guard let text, text.utf8.count <= 100, text.wholeMatch(of: /[A-Za-z0-9.+-]+\/[A-Za-z0-9.+-]+(;.*)?/) != nil,
            text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value >= 32 })
        else { return plainType }
        return text
    }

    /// Below ``RESTPath/base``, with the name as a part of an address.
    var path: String {
        "/attachments/\(id)/\(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name)"
    }

    var answer: RESTAnswer {
        RESTAnswer(status: .ok, body: nil, file: RESTFile(bytes: Array(content), type: mediaType, name: name))
    }
}
