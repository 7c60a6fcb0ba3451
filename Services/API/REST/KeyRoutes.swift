import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// API keys: ours, the platform makes them in its console only.
    var keyRoutes: [RESTRoute] {
        [
            .get("api-keys", listKeys),
            .post("api-keys", permission: .signIn, createKey),
            .delete("api-keys/{key}", permission: .signIn) { call in
                try await write(call) { edit in
                    guard let key = try edit.directory.get(APIKey.self, id: call.parameter("key")) else {
                        return .noContent
                    }
                    if let person = try edit.directory.get(Person.self, id: key.person) {
                        try call.caller.requireKeys(of: person)
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
            let people = Dictionary(try directory.all(Person.self).map { ($0.id, $0) }) { first, _ in first }
            let page = try directory.list(
                APIKey.self, offset: paging.offset, limit: paging.limit,
                where: { people[$0.person].map(call.caller.mayHaveKeys) ?? false })
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
            try call.caller.requireKeys(of: person)
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

extension Caller {
    /// A key does whatever its person may do: one makes keys for oneself, and for those whom one administers.
    fileprivate func mayHaveKeys(of person: Person) -> Bool {
        (person.id == self.person.id && !mustChangePassword) || administers(person)
    }

    fileprivate func requireKeys(of person: Person) throws(RestError) {
        guard !mayHaveKeys(of: person) else { return }
        if person.id == self.person.id { try require(.readConfiguration) }
        try requireAdministering(person)
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
