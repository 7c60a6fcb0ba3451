import AlertCore
import Foundation
import Testing

extension RESTTestServer.Reply {
    var data: [JSONValue] { json?["data"]?.array ?? [] }
    var targetNames: [String] { data.compactMap { $0["targetName"]?.string } }
    var message: String { json?["message"]?.string ?? text }
}

extension JSONValue {
    /// A part of it by names with dots; a number is a place in an array.
    func at(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(Optional(self)) { value, name in
            Int(name).flatMap { index in value?.array.flatMap { index < $0.count ? $0[index] : nil } }
                ?? value?[String(name)]
        }
    }
}

extension RESTTestServer {
    /// Sends it, and expects that status.
    @discardableResult
    func sent(
        _ status: Int, _ method: String, _ path: String, _ body: JSONValue? = nil, as login: String = "admin",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        let reply = try await call(method, path, body, as: login)
        #expect(reply.status == status, "\(method) \(path): \(reply.text)", sourceLocation: sourceLocation)
        return reply
    }

    /// People without devices, whose password is `password`.
    func add(people names: [String], role: String = "Standard User") async throws {
        for name in names {
            try await sent(
                201, "POST", "people",
                [
                    "targetName": .string(name), "firstName": .string(name.capitalized), "lastName": "Test",
                    "password": "password", "roles": [.string(role)],
                ])
        }
    }

    /// An on-call group in UTC, with its first shift.
    @discardableResult
    func add(group name: String, _ more: [String: JSONValue] = [:], members: [String] = []) async throws -> String {
        let body = more.merging(["targetName": .string(name)]) { $1 }
        let id = try await sent(201, "POST", "groups", .object(body)).id
        for member in members { try await sent(200, "POST", "groups/\(id)/members", ["id": .string(member)]) }
        return id
    }

    /// Puts people into the first shift of a group, one after the other.
    func stand(_ names: [String], in group: String, delay: Int64 = 5) async throws {
        for (index, name) in names.enumerated() {
            try await sent(
                200, "POST", "groups/\(group)/shifts/Default%20Shift/members",
                ["recipient": ["id": .string(name)], "delay": .integer(index == 0 ? 0 : delay)])
        }
    }
}
