import AlertCore
import Foundation
import Persistence

/// What other systems tell of changes to services (spec §4.8). What was recorded stays as it is.
extension RESTServices {
    var changeRoutes: [RESTRoute] {
        [
            .get("changes", listChanges),
            .post("changes", permission: .sendRequests, addChange),
            .get("changes/{change}", getChange),
        ]
    }

    private func listChanges(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let view = try await view()
        let filter = try Self.changeFilter(call.query, view)
        return try await database.reading { connection in
            let (total, rows) = try Changes(connection).list(filter, offset: paging.offset, limit: paging.limit)
            return .ok(call.page(rows.map(view.wire), total: total, paging))
        }
    }

    private static func changeFilter(
        _ query: QueryParameters, _ view: DirectoryView
    ) throws(RestError) -> Changes.Filter {
        var filter = Changes.Filter()
        filter.types = query.list("changeType")
        filter.sources = query.list("source")
        filter.externalIdentifiers = query.list("externalIdentifier")
        filter.services = (query.list("service") ?? query.list("services"))?.map {
            view.service($0)?.id ?? $0.lowercased()
        }
        filter.from = try EventQuery.time(query, "from")
        filter.to = try EventQuery.time(query, "to")
        filter.terms = try EventQuery.terms(query["search"])
        filter.needsAllTerms = try query.choice("operand", of: ["AND", "OR"]) == "AND"
        _ = try query.choice("sortBy", of: ["CHANGED_AT"])
        filter.isAscending = try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "ASCENDING"
        return filter
    }

    private func getChange(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("change")
        let view = try await view()
        let change = try await database.reading { try Changes($0).get(id) }
        guard let change else { throw RestError.notFound("There is no change \(id).") }
        return .ok(view.wire(change))
    }

    private func addChange(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        guard !fields.has("id") else {
            throw RestError.invalidValue("id", "a change that was recorded stays as it is: leave out the id.")
        }
        let (change, view) = try await change(call) { edit in
            let change = try Self.change(fields, edit)
            try Changes(edit.directory.connection).add(change, by: edit.origin)
            return change
        }
        return .saved(view.wire(change), isNew: true)
    }

    private static func change(_ fields: RequestFields, _ edit: DirectoryEdit) throws -> ChangeRecord {
        let service = try fields.has("service") ? fields.service("service", or: nil, edit) : nil
        return ChangeRecord(
            id: edit.newID(), changeType: try fields.requiredName("changeType", or: nil, limit: 100),
            source: try fields.requiredName("source", or: nil, limit: 200),
            summary: try fields.requiredName("summary", or: nil, limit: 1000),
            changedAt: try fields.time("changedAt") ?? edit.now,
            changedBy: try fields.reference("changedBy").map { String($0.prefix(200)) },
            details: try details(fields),
            externalIdentifier: try fields.text("externalIdentifier", limit: 500),
            service: service.map { NamedReference(id: $0.id, name: $0.targetName) }, recordedAt: edit.now,
            recordedBy: PersonReference(edit.call.caller.person))
    }

    /// Whatever the other system sends, up to 64 KiB.
    private static func details(_ fields: RequestFields) throws -> JSONValue? {
        guard let details = fields["details"] else { return nil }
        let text = try JSON.encode(details)
        guard text.utf8.count <= 65_536 else {
            throw RestError.invalidValue("details", "it may have at most 65536 bytes.")
        }
        guard !text.contains("\\u0000") else { throw RestError.invalidValue("details", "it holds a NUL character.") }
        return details
    }
}

extension DirectoryView {
    func wire(_ change: ChangeRecord) -> JSONValue {
        .fields([
            "id": .string(change.id), "changeType": .string(change.changeType), "source": .string(change.source),
            "summary": .string(change.summary), "changedAt": .string(change.changedAt.iso),
            "changedBy": .text(change.changedBy), "details": change.details,
            "externalIdentifier": .text(change.externalIdentifier), "service": change.service.map(reference(service:)),
            "links": .links("/changes/\(change.id)"),
        ])
    }
}
