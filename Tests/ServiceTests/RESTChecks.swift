import AlertCore
import Foundation
import Testing

/// A request that has to be refused.
struct Refused: Sendable {
    let body: JSONValue
    /// What the message has to name.
    let field: String
    var status = 400

    init(_ body: JSONValue, _ field: String, status: Int = 400) {
        self.body = body
        self.field = field
        self.status = status
    }
}

extension RESTTestServer {
    /// Each is refused with a message that names the field, and none changes anything.
    func expectRefused(
        _ rows: [Refused], _ method: String = "POST", at path: String, unchanged: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try await call("GET", unchanged ?? path).text
        for row in rows {
            let reply = try await call(method, path, row.body)
            #expect(reply.status == row.status, "\(row.body): \(reply.text)", sourceLocation: sourceLocation)
            #expect(
                reply.json?["message"]?.string?.contains(row.field) == true, "\(row.field): \(reply.text)",
                sourceLocation: sourceLocation)
        }
        #expect(try await call("GET", unchanged ?? path).text == before, sourceLocation: sourceLocation)
    }

    /// The way of a thing that stands by itself: made, found, changed, deleted; and nobody without the role changes it.
    /// - Parameter collection: As in `plans/{id}/constants`.
    /// - Parameters:
    ///   - item: The path of one, when it is not below the collection.
    ///   - omitted: What lists leave out.
    func expectLife(
        in collection: String, _ body: [String: JSONValue], change: [String: JSONValue], item: String? = nil,
        created: Int = 201, listed omitted: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let made = try await call("POST", collection, .object(body))
        #expect(made.status == created, "\(made.text)", sourceLocation: sourceLocation)
        for (name, value) in body { #expect(made.json?[name] == value, "\(name)", sourceLocation: sourceLocation) }
        let path = "\(item ?? collection)/\(made.id)"
        let link = made.json?["links"]?["self"]?.string
        #expect(link == "/api/xm/1/\(path)", sourceLocation: sourceLocation)
        let list = try await call("GET", collection)
        #expect(list.json?["count"] == 1 && list.json?["total"] == 1, "\(list.text)", sourceLocation: sourceLocation)
        #expect(list.json?["links"]?["self"] != nil, sourceLocation: sourceLocation)
        let expected = made.json?.object?.filter { !omitted.contains($0.key) }
        #expect(list.json?["data"]?.array?.first?.object == expected, sourceLocation: sourceLocation)
        #expect(try await call("GET", path).json == made.json, sourceLocation: sourceLocation)

        let changes = change.merging(["id": .string(made.id)]) { $1 }
        #expect(
            try await call("POST", collection, .object(changes), as: "reader").status == 403,
            sourceLocation: sourceLocation)
        let changed = try await call("POST", collection, .object(changes))
        #expect(changed.status == 200, "\(changed.text)", sourceLocation: sourceLocation)
        for (name, value) in body.merging(change, uniquingKeysWith: { $1 }) {
            #expect(changed.json?[name] == value, "\(name): \(changed.text)", sourceLocation: sourceLocation)
        }
        let nobody = change.merging(["id": "nobody"]) { $1 }
        #expect(try await call("POST", collection, .object(nobody)).status == 404, sourceLocation: sourceLocation)

        #expect(try await call("DELETE", path, as: "reader").status == 403, sourceLocation: sourceLocation)
        let deleted = try await call("DELETE", path)
        #expect(deleted.status == 200, sourceLocation: sourceLocation)
        #expect(deleted.id == made.id, sourceLocation: sourceLocation)
        #expect(try await call("DELETE", path).status == 204, sourceLocation: sourceLocation)
        #expect(try await call("GET", path).status == 404, sourceLocation: sourceLocation)
    }
}

/// A script as it is on the wire.
func base64(_ script: String) -> JSONValue { .string(Data(script.utf8).base64EncodedString()) }
