import AlertCore
import Messaging
import Persistence

// The requests that came in, in the platform's newer words (spec §4.8).
extension EventServices {
    private static let signalEmbeds = ["triggerOutputs", "request", "events"]

    var signalRoutes: [RESTRoute] {
        [
            .get("signals") { try await signals($0) },
            .get("signals/{signal}") { call in
                let id = call.parameter("signal").lowercased()
                let embeds = try Self.signalEmbeds(call)
                let directory = try await cache.current()
                let activity = try await database.reading { try Activities($0).get(id) }
                guard let activity else {
                    throw RestError.notFound("There is no signal \(id), or not yet, or not any more.")
                }
                return .ok(SignalRepresentation(activity, directory).json(embeds))
            },
        ]
    }

    /// Pages hold together while signals come in: the links go on up to the time of the first page.
    private func signals(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let embeds = try Self.signalEmbeds(call)
        let isAscending = try Self.isAscending(call.query)
        var filter = Activities.Filter(
            from: try EventQuery.time(call.query, "from"), to: try EventQuery.time(call.query, "to"))
        filter.isOriginal = true
        filter.correlations = call.query.list("correlation")?.map { $0.lowercased() }
        if filter.correlations != nil { filter.isOriginal = false }
        var answered = call
        if filter.to == nil {
            let end = now().advanced(by: .milliseconds(1))
            filter.to = end
            answered = call.with(query: QueryParameters(items: call.query.items + [("to", end.iso)]))
        }
        // What is kept was answered 202; nothing is kept of what was refused.
        let responses = call.query.list("response")?.map { $0.uppercased() }
        if let responses, !responses.contains(where: { $0.hasPrefix("202") || $0 == "ACCEPTED" }) {
            return .ok(answered.page([], total: 0, paging))
        }
        let directory = try await cache.current()
        return try await database.reading { [filter, answered] connection in
            let (total, rows) = try Activities(connection).list(
                filter, offset: paging.offset, limit: paging.limit, isAscending: isAscending)
            let signals = rows.map { SignalRepresentation($0, directory).json(embeds) }
            return .ok(answered.page(signals, total: total, paging))
        }
    }

    private static func isAscending(_ query: QueryParameters) throws(RestError) -> Bool {
        _ = try query.choice("sortBy", of: ["RECEIVED"])
        return try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "ASCENDING"
    }

    private static func signalEmbeds(_ call: RESTCall) throws(RestError) -> Set<String> {
        let names = call.query.list("embed") ?? []
        for name in names where !signalEmbeds.contains(where: { $0.lowercased() == name.lowercased() }) {
            throw .invalidChoice("embed", name, valid: signalEmbeds)
        }
        return Set(names.map { $0.lowercased() })
    }
}

extension RESTCall {
    /// The same call with another query.
    func with(query: QueryParameters) -> RESTCall {
        RESTCall(
            parameters: parameters, query: query, path: path, body: body, caller: caller, trace: trace, raw: raw)
    }
}

/// One request as a signal: what was triggered by it, and for whom.
struct SignalRepresentation {
    private let activity: Activity
    private let directory: DirectoryView

    init(_ activity: Activity, _ directory: DirectoryView) {
        self.activity = activity
        self.directory = directory
    }

    func json(_ embeds: Set<String>) -> JSONValue {
        let integration = directory.integrations[activity.integration]
        let form = activity.form.flatMap { directory.forms[$0] }
        let plan = (integration?.plan ?? form?.plan).flatMap { directory.plans[$0] }
        var fields: [String: JSONValue?] = [
            "id": .string(activity.requestId), "requestId": .string(activity.requestId),
            "received": .string(activity.receivedAt.iso), "payloadType": .string(payloadType),
            "triggerType": activity.form == nil ? "HTTP" : "FORM",
            "triggerLabel": .text(integration?.name ?? form?.name),
            "triggerOperation": integration.map { .string($0.operation.rawValue) }
                ?? (activity.form == nil ? nil : "CREATE_ALERT"),
            "workflowType": plan.map { _ in "FLOW" }, "httpResponse": "202",
            "status": .string(activity.status.rawValue),
            "authenticatedUser": directory.person(activity.by).map { PersonReference($0).representation },
            "suppressedCount": activity.suppression == nil ? 0 : 1,
            "links": .links("/signals/\(activity.requestId)"),
        ]
        fields["workflow"] = plan.map { plan in
            ["id": .string(plan.id), "name": .string(plan.name), "links": .links("/plans/\(plan.id)")]
        }
        fields["trigger"] = trigger(integration, form, plan)
        if embeds.contains("triggeroutputs") { fields["triggerOutputs"] = .texts(activity.outputs) }
        if embeds.contains("request") {
            fields["request"] = [
                "method": .string(activity.method), "headers": .texts(activity.headers),
                "parameters": .texts(activity.parameters), "body": .string(activity.body),
                "remoteAddress": .string(activity.remoteAddress),
            ]
        }
        if embeds.contains("events") {
            fields["events"] = .array(
                activity.alerts.map { alert in
                    [
                        "id": .string(alert.id), "eventId": .string(String(alert.number)),
                        "links": .links("/events/\(alert.id)"),
                    ]
                })
        }
        return .fields(fields)
    }

    private func trigger(_ integration: Integration?, _ form: Form?, _ plan: Plan?) -> JSONValue? {
        let reference = plan.map { plan -> JSONValue in
            ["id": .string(plan.id), "name": .string(plan.name), "links": .links("/plans/\(plan.id)")]
        }
        guard let id = integration?.id ?? form?.id, let name = integration?.name ?? form?.name else { return nil }
        return .fields(["id": .string(id), "name": .string(name), "plan": reference])
    }

    /// As the request says it.
    private var payloadType: String {
        let type = (activity.headers["Content-Type"] ?? "").lowercased()
        if type.contains("json") { return "JSON" }
        if type.contains("xml") { return "XML" }
        if type.contains("x-www-form-urlencoded") { return "FORM" }
        return activity.body.isEmpty ? "NONE" : "TEXT"
    }
}
