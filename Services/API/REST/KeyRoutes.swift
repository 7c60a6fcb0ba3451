import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// API keys: ours, the platform makes them in its console only.
    var keyRoutes: [RESTRoute] {
        [
            .get("api-keys", listKeys),
            .post("api-keys", createKey),
            .delete("api-keys/{key}") { call in
                try await write(call) { edit in
                    guard let key = try edit.directory.get(APIKey.self, id: call.parameter("key")) else {
                        return .noContent
                    }
                    try edit.delete(key)
                    return .ok(try key.wire(edit.directory))
                }
            },
        ]
    }

    private func listKeys(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        return try await read { directory in
            let page = try directory.list(APIKey.self, offset: paging.offset, limit: paging.limit)
            return .ok(call.page(try page.entries.map { try $0.wire(directory) }, total: page.total, paging))
        }
    }

    /// The only answer that ever holds the secret.
    private func createKey(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let secret = RandomSecret.token()
        return try await write(call) { edit in
            let name = try fields.requiredName("name", or: nil)
            let reference = try fields.reference("person") ?? call.caller.person.id
            guard let person = try edit.directory.resolve(Person.self, reference) else {
                throw RestError.invalidValue("person", "there is no person \(reference).")
            }
            let key = APIKey(
                id: APIKey.prefix + UUID().uuidString.lowercased(), person: person.id, name: name,
                secretHash: Authenticator.secretHash(secret), created: edit.now)
            try edit.put(key)
            guard case .object(var answer) = try key.wire(edit.directory) else { return .noContent }
            answer["key"] = .string(key.id)
            answer["secret"] = .string(secret)
            return .saved(.object(answer), isNew: true)
        }
    }
}

extension APIKey {
    fileprivate func wire(_ directory: Directory) throws -> JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "created": .string(created.iso),
            "person": try directory.get(Person.self, id: person)?.reference, "links": .links("/api-keys/\(id)"),
        ])
    }
}
