import AlertCore
import Persistence

// What led to what: from a webhook's attempt back to the request that began it, and forward.
extension EventServices {
    var auditChainRoutes: [RESTRoute] { [.get("audit/chain", permission: .audit) { try await chain($0) }] }

    /// Events of one request that an answer holds.
    private static let chainLimit = 2000
    private static let subjects = ["alert", "delivery", "notification", "request", "event"]

    /// `of=delivery:<webhook-id>`, `of=alert:12`, `of=event:<sequence>`, …
    private func chain(_ call: RESTCall) async throws -> RESTAnswer {
        guard let of = call.query["of"], !of.isEmpty else { throw RestError.missingField("of") }
        let parts = of.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, Self.subjects.contains(parts[0]) else {
            throw RestError.invalidChoice("of", of, valid: Self.subjects.map { "\($0):<id>" })
        }
        let isComplete = try await isIndexComplete()
        let directory = try await cache.current()
        return try await database.reading { connection in
            let (request, focus) = try Self.beginning(parts[0], parts[1], in: connection)
            let page = try AuditSearch(connection).find(
                AuditQuery(.isAny(.request, [request])), newestFirst: false, offset: 0, limit: Self.chainLimit)
            let chain = CausalChain(page.hits.map(\.event))
            let representation = try AuditEventRepresentation(chain.events, directory, in: connection)
            let rows = page.hits.map { hit -> JSONValue in
                guard case .object(var fields) = representation.row(hit, includingData: false) else { return .null }
                fields["causedBy"] = chain.causes[hit.event.id]?.representation
                return .object(fields)
            }
            let last = chain.events.last { focus == nil || $0.stream == focus || $0.id == focus }
            return .ok([
                "of": .string(of), "request": .string(request), "total": .whole(page.total), "events": .array(rows),
                "isTruncated": .bool(page.total > rows.count), "isComplete": .bool(isComplete),
                "path": .array(last.map { chain.path(to: $0.id).map { .string($0.id) } } ?? []),
                "consequences": .array(last.map { chain.consequences(of: $0.id).map { .string($0.id) } } ?? []),
            ])
        }
    }

    /// The request that it began with, and the stream or the id of the event that is asked about, if it is one.
    /// - Throws: 404.
    private static func beginning(
        _ subject: String, _ name: String, in connection: any SQLConnection
    ) throws -> (request: String, focus: String?) {
        let log = EventLog(connection)
        switch subject {
        case "request": return (name.lowercased(), nil)
        case "alert":
            let row = try alert(name, in: connection)
            let stream = "\(Alert.category)-\(row.id)"
            return (try log.first(of: stream)?.origin.correlation ?? row.details.requestId, stream)
        case "event":
            guard let sequence = Int64(name), let hit = try AuditSearch(connection).event(sequence) else {
                throw RestError.notFound("There is no event \(name) in the log.")
            }
            return (hit.event.origin.correlation, hit.event.id)
        default:
            let stream = "\(subject)-\(name.lowercased())"
            guard let first = try log.first(of: stream) else {
                throw RestError.notFound("There is no \(subject) \(name).")
            }
            return (first.origin.correlation, stream)
        }
    }
}

extension CausalChain.Cause {
    fileprivate var representation: JSONValue {
        switch self {
        case .event(let id): ["kind": "EVENT", "id": .string(id)]
        case .time(let id): ["kind": "TIME", "id": .string(id)]
        case .request(let id): ["kind": "REQUEST", "id": .string(id)]
        case .command(let id): ["kind": "COMMAND", "id": .string(id)]
        }
    }
}
