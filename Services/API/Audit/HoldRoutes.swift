import AlertCore
import Foundation
import Persistence

// Legal holds: which alerts are kept whatever the time for which alerts are kept says.
extension RESTServices {
    var holdRoutes: [RESTRoute] {
        [
            .get("legal-holds", permission: .audit) { call in
                let paging = try call.query.paging()
                return try await read { directory in
                    let page = try directory.list(LegalHold.self, offset: paging.offset, limit: paging.limit)
                    let people = Dictionary(
                        try directory.all(Person.self).map { ($0.id, $0) }
                    ) { first, _ in first }
                    return .ok(call.page(page.entries.map { $0.wire(people) }, total: page.total, paging))
                }
            },
            .get("legal-holds/{hold}", permission: .audit) { call in
                try await read { .ok(try $0.required(LegalHold.self, call.parameter("hold")).wire(in: $0)) }
            },
            .post("legal-holds", permission: .audit) { try await saveHold($0) },
            .delete("legal-holds/{hold}", permission: .audit) { call in
                try await write(call) { edit in
                    guard let hold = try edit.directory.resolve(LegalHold.self, call.parameter("hold")) else {
                        return .deleted(nil)
                    }
                    let wire = try hold.wire(in: edit.directory)
                    try edit.delete(hold)
                    return .deleted(wire)
                }
            },
        ]
    }

    private func saveHold(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try edit.existing(LegalHold.self, fields)
            let name = try fields.requiredName("name", or: existing?.name, limit: 200)
            guard let query = try fields.text("query", limit: AuditQuery.lengthLimit) ?? existing?.query,
                !query.trimmingCharacters(in: .whitespaces).isEmpty
            else { throw RestError.missingField("query") }
            do {
                _ = try AuditQuery(query) { Timestamp(iso: $0) }
            } catch {
                throw RestError.invalidValue("query", "\(error).")
            }
            var hold =
                existing
                ?? LegalHold(
                    id: edit.newID(), name: name, query: query, reason: "", created: edit.now,
                    createdBy: call.caller.person.id)
            (hold.name, hold.query) = (name, query)
            hold.reason = try fields.text("reason", limit: 2000) ?? hold.reason
            try edit.put(hold)
            return .saved(try hold.wire(in: edit.directory), isNew: existing == nil)
        }
    }
}

extension AuditNames {
    /// What a legal hold looks for.
    func query(of hold: LegalHold) throws -> AuditQuery {
        try resolve(AuditQuery(hold.query) { Timestamp(iso: $0) })
    }
}

extension LegalHold {
    fileprivate func wire(in directory: Directory) throws -> JSONValue {
        let person = try directory.get(Person.self, id: createdBy)
        return wire(person.map { [$0.id: $0] } ?? [:])
    }

    /// - Parameter people: By id; who is not among them is gone.
    fileprivate func wire(_ people: [String: Person]) -> JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "query": .string(query), "reason": .string(reason),
            "created": .string(created.iso), "createdBy": people[createdBy]?.reference,
            "links": .links("/legal-holds/\(id)"),
        ])
    }
}
