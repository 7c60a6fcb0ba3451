import AlertCore
import Foundation
import Persistence

// The event log, searched (docs/AUDIT.md).
extension EventServices {
    var auditQueryRoutes: [RESTRoute] {
        [
            .get("audit", permission: .audit) { try await search($0) },
            .get("audit/{sequence}", permission: .audit) { try await event($0) },
        ]
    }

    /// How long a search waits for what was recorded last, before it answers without it.
    private static let patience = Duration.seconds(2)
    /// Events of a page that carry their data.
    private static let dataLimit = 200

    private func search(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let includingData = call.query.embeds("data")
        guard !includingData || paging.limit <= Self.dataLimit else {
            throw RestError.invalidValue("limit", "with embed=data it may be at most \(Self.dataLimit).")
        }
        let query = try Self.query(call.query)
        let upTo = try Self.sequence(call.query, "asOf")
        let isAscending = try call.query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "ASCENDING"
        let isComplete = try await isIndexComplete(upTo)
        let directory = try await cache.current()
        return try await database.reading { connection in
            let wanted = try AuditNames(directory: directory, connection: connection).resolve(query)
            let page = try AuditSearch(connection).find(
                wanted, upTo: upTo, newestFirst: !isAscending, offset: paging.offset, limit: paging.limit)
            let representation = try AuditEventRepresentation(page.hits.map(\.event), directory, in: connection)
            let rows = page.hits.map { representation.row($0, includingData: includingData) }
            let asked = call.with(query: ("asOf", String(page.upTo)))
            guard case .object(var fields) = asked.page(rows, total: page.total, paging) else { return .noContent }
            fields["asOf"] = .integer(page.upTo)
            fields["isComplete"] = .bool(isComplete)
            return .ok(.object(fields))
        }
    }

    /// One event, whole.
    private func event(_ call: RESTCall) async throws -> RESTAnswer {
        let text = call.parameter("sequence")
        guard let sequence = Int64(text) else { throw RestError.notFound("There is no event \(text) in the log.") }
        let directory = try await cache.current()
        return try await database.reading { connection in
            guard let hit = try AuditSearch(connection).event(sequence) else {
                throw RestError.notFound("There is no event \(sequence) in the log.")
            }
            let representation = try AuditEventRepresentation([hit.event], directory, in: connection)
            return .ok(representation.row(hit, includingData: true))
        }
    }

    /// What is asked for in `query`, between `from` and `to`.
    private static func query(_ parameters: QueryParameters) throws(RestError) -> AuditQuery {
        var all: [AuditQuery.Condition] = []
        if let from = try EventQuery.time(parameters, "from") { all.append(.since(from)) }
        if let to = try EventQuery.time(parameters, "to") { all.append(.before(to)) }
        do {
            all.append(try AuditQuery(parameters["query"] ?? "") { Timestamp(iso: $0) }.condition)
        } catch {
            throw .invalidValue("query", "\(error).")
        }
        return AuditQuery(.all(all))
    }

    static func sequence(_ query: QueryParameters, _ field: String) throws(RestError) -> Int64? {
        guard let text = query[field], !text.isEmpty else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw .invalidValue(field, "it must be a whole number from 0 on.")
        }
        return number
    }

    /// Lets the index catch up with the log.
    /// - Parameter upTo: What is asked for; what is indexed up to there needs nothing.
    /// - Returns: Whether everything is there that was recorded when the question came.
    func isIndexComplete(_ upTo: Int64? = nil) async throws -> Bool {
        guard upTo == nil else { return true }
        let end = ContinuousClock.now + Self.patience
        return try await indexer.catchUp { ContinuousClock.now > end }.isComplete
    }
}

extension RESTCall {
    /// The same with a parameter of the query set, as links are to repeat it.
    func with(query item: (name: String, value: String)) -> RESTCall {
        RESTCall(
            parameters: parameters, query: query.with(item), path: path, body: body, caller: caller, trace: trace)
    }
}
