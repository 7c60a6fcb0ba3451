import AlertCore
import Messaging
import Persistence

// What came in for an integration, what became of it, and running it again (spec §2.8).
extension EventServices {
    /// The longest body of a made-up request in bytes.
    private static let testBodyLimit = 512 << 10

    var integrationLogRoutes: [RESTRoute] {
        [
            .get("integrations/{integration}/logs") { try await integrationLogs($0) },
            .get("integrations/{integration}/logs/{request}") { call in
                let (activity, integration, directory) = try await loggedRequest(call)
                return .ok(ActivityRepresentation(activity, of: integration, directory).json)
            },
            .post("integrations/{integration}/logs/{request}/rerun") { call in
                let (activity, _, _) = try await loggedRequest(call)
                let fields = try call.fields()
                let wish = try Self.wish(fields, otherwise: .rerun)
                return try await answer(try await runs.again(activity, wish, by: call.caller.person), wish)
            },
            .post("integrations/{integration}/test-requests") { call in
                let fields = try call.fields()
                let wish = try Self.wish(fields, otherwise: .test)
                let request = TestRequest(
                    method: try fields.text("method") ?? "POST", headers: try Self.texts(fields, "headers"),
                    parameters: try Self.texts(fields, "parameters"),
                    body: try fields.text("body", limit: Self.testBodyLimit) ?? "")
                let integration = call.parameter("integration").lowercased()
                return try await answer(
                    try await runs.send(request, to: integration, wish, by: call.caller.person), wish)
            },
        ]
    }

    var runs: RequestRuns { RequestRuns(database: database, bus: gateway.bus, cache: cache, now: now) }

    private func integrationLogs(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("integration").lowercased()
        let paging = try call.query.paging()
        let valid = Activity.Status.allCases.map(\.rawValue)
        let filter = Activities.Filter(
            integration: id,
            statuses: try EventQuery.choices(call.query, "status", of: valid).compactMap(Activity.Status.init),
            from: try EventQuery.time(call.query, "from"), to: try EventQuery.time(call.query, "to"),
            rerunOf: call.query["rerunOf"]?.lowercased())
        let directory = try await cache.current()
        guard let integration = directory.integrations[id] else {
            throw RestError.notFound("There is no integration \(id).")
        }
        return try await database.reading { connection in
            let (total, rows) = try Activities(connection).list(filter, offset: paging.offset, limit: paging.limit)
            let logs = rows.map { ActivityRepresentation($0, of: integration, directory).json }
            return .ok(call.page(logs, total: total, paging))
        }
    }

    private func loggedRequest(_ call: RESTCall) async throws -> (Activity, Integration, DirectoryView) {
        let id = call.parameter("integration").lowercased()
        let request = call.parameter("request").lowercased()
        let directory = try await cache.current()
        guard let integration = directory.integrations[id] else {
            throw RestError.notFound("There is no integration \(id).")
        }
        let activity = try await database.reading { try Activities($0).get(request) }
        guard let activity, activity.integration == id else {
            throw RestError.notFound("There is no request \(request) of this integration, or not yet, or not any more.")
        }
        return (activity, integration, directory)
    }

    /// A dry run is answered with what came of it, anything else with 202.
    private func answer(_ requestId: String, _ wish: RunWish) async throws -> RESTAnswer {
        if wish.attempt == .dryRun, let activity = try await runs.outcome(of: requestId), activity.status != .running {
            let directory = try await cache.current()
            guard let integration = directory.integrations[activity.integration] else {
                throw RestError.notFound("The integration has been deleted.")
            }
            return .ok(ActivityRepresentation(activity, of: integration, directory).json)
        }
        return RESTAnswer(status: .accepted, body: ["requestId": .string(requestId)])
    }

    private static func wish(
        _ fields: RequestFields, otherwise attempt: RequestedRun.Attempt
    ) throws(RestError) -> RunWish {
        let isDry = try fields.bool("dryRun") ?? false
        var wish = RunWish(attempt: isDry ? .dryRun : attempt)
        wish.scriptVersion = try fields.integer("scriptVersion", in: 1...1_000_000)
        wish.draft = try fields.script()
        if let calls = try fields.text("calls") {
            guard calls == "recorded" else { throw .invalidChoice("calls", calls, valid: ["recorded"]) }
            wish.answersAsRecorded = true
        }
        guard isDry || (wish.draft == nil && !wish.answersAsRecorded) else {
            throw .invalidValue("dryRun", "a script that is not saved, or recorded calls, are for a dry run only.")
        }
        guard wish.draft == nil || wish.scriptVersion == nil else {
            throw .invalidValue("scriptVersion", "the body has a script already.")
        }
        return wish
    }

    private static func texts(_ fields: RequestFields, _ name: String) throws(RestError) -> [String: String] {
        guard let object = try fields.object(name) else { return [:] }
        var texts: [String: String] = [:]
        for field in object.values.keys {
            let key = name == "headers" ? InboundRequestMessage.canonicalName(field) : field
            texts[key] = try object.text(field)
        }
        return texts
    }
}
