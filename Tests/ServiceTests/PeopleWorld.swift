import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// People of each kind on the REST server, each with the password `password`.
extension RESTTestServer {
    /// - Returns: The person's id.
    @discardableResult
    func addPerson(
        _ name: String, roles: [String] = ["Standard User"], supervisors: [String] = ["admin"],
        _ more: [String: JSONValue] = [:]
    ) async throws -> String {
        var body: [String: JSONValue] = [
            "targetName": .string(name), "firstName": .string(name.capitalized), "lastName": "Test",
            "password": "password", "roles": .array(roles.map(JSONValue.string)),
            "supervisors": .array(supervisors.map(JSONValue.string)),
        ]
        body.merge(more) { $1 }
        let made = try await call("POST", "people", .object(body))
        #expect(made.status == 201, "\(made.text)")
        return made.id
    }

    @discardableResult
    func addDevice(_ owner: String, _ name: String, _ fields: [String: JSONValue]) async throws -> Reply {
        var body = fields
        body["owner"] = .string(owner)
        body["name"] = .string(name)
        let made = try await call("POST", "devices", .object(body))
        #expect(made.status == 201, "\(made.text)")
        return made
    }

    /// The target names of a list.
    func targetNames(_ path: String) async throws -> [String] {
        let reply = try await call("GET", path)
        #expect(reply.status == 200, "\(reply.text)")
        return (reply.json?["data"]?.array ?? []).compactMap { $0["targetName"]?.string }
    }

    /// A site and a group, put in without their routes.
    func put(_ entries: [any DirectoryEntry]) async throws {
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        try await database.transaction { connection in
            let origin = Origin(actor: "<test>", causation: "t", correlation: "t")
            for entry in entries { try Directory(connection).put(entry, by: origin, at: now) }
        }
    }
}
