import AlertCore
import Persistence

// What came in for an integration, and what became of it (spec §2.8).
extension EventServices {
    var integrationLogRoutes: [RESTRoute] {
        [.get("integrations/{integration}/logs") { try await integrationLogs($0) }]
    }

    private func integrationLogs(_ call: RESTCall) async throws -> RESTAnswer {
        let id = call.parameter("integration").lowercased()
        let paging = try call.query.paging()
        let directory = try await cache.current()
        guard let integration = directory.integrations[id] else {
            throw RestError.notFound("There is no integration \(id).")
        }
        return try await database.reading { connection in
            let (total, rows) = try Activities(connection).list(
                integration: id, offset: paging.offset, limit: paging.limit)
            return .ok(
                call.page(rows.map { Self.log($0, of: integration, directory) }, total: total, paging))
        }
    }

    private static func log(_ activity: Activity, of integration: Integration, _ directory: DirectoryView) -> JSONValue
    {
        let plan = "/plans/\(integration.plan)"
        var fields: [String: JSONValue] = [
            "id": .string(activity.requestId), "requestId": .string(activity.requestId),
            "integration": [
                "id": .string(integration.id), "name": .string(integration.name),
                "plan": ["id": .string(integration.plan), "links": .links(plan)],
                "links": .links("\(plan)/integrations/\(integration.id)"),
            ],
            "received": .string(activity.receivedAt.iso),
            "requestMethod": .string(activity.method), "requestHeaders": .texts(activity.headers),
            "requestParameters": .texts(activity.parameters), "requestBody": .string(activity.body),
            "remoteAddress": .string(activity.remoteAddress), "status": .string(activity.status.rawValue),
            "log": .string(activity.log),
            "events": .array(
                activity.alerts.map { alert in
                    [
                        "id": .string(alert.id), "eventId": .string(String(alert.number)),
                        "links": .links("/events/\(alert.id)"),
                    ]
                }),
        ]
        if activity.status != .running {
            let end = activity.receivedAt.advanced(by: .milliseconds(activity.durationMilliseconds))
            fields["completed"] = .string(end.iso)
        }
        fields["by"] = directory.person(activity.by).map { PersonReference($0).representation }
        fields["suppressed"] = activity.suppression.map {
            ["rule": .string($0.rule), "until": .string($0.until.iso)]
        }
        fields["error"] = activity.problem.map(Self.problem)
        return .object(fields)
    }

    private static func problem(_ problem: Activity.Problem) -> JSONValue {
        .fields([
            "kind": .string(problem.kind), "message": .string(problem.message),
            "line": problem.line.map { .whole($0) }, "column": problem.column.map { .whole($0) },
        ])
    }
}

extension JSONValue {
    fileprivate static func texts(_ values: [String: String]) -> JSONValue { .object(values.mapValues { .string($0) }) }
}
