import AlertCore
import Persistence

extension RESTServices {
    /// Plans: workflows (spec §4.7).
    var planRoutes: [RESTRoute] {
        [
            .get("plans", listPlans),
            .post("plans", savePlan),
            .get("plans/{plan}") { call in
                try await read { .ok(try $0.required(Plan.self, call.parameter("plan")).wire(call, $0)) }
            },
            .delete("plans/{plan}") { call in
                try await write(call) { edit in
                    guard let plan = try edit.directory.resolve(Plan.self, call.parameter("plan")) else {
                        return .noContent
                    }
                    let answer = try plan.wire(call, edit.directory)
                    try edit.delete(plan)
                    return .ok(answer)
                }
            },
        ]
    }

    private func listPlans(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let search = try Search(call.query)
        let enabled = try call.query.bool("enabled")
        _ = try call.query.choice("sortBy", of: ["NAME"])
        let isDescending = try call.query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
        return try await read { directory in
            let page =
                search.isEmpty && enabled == nil && !isDescending
                ? try directory.list(Plan.self, offset: paging.offset, limit: paging.limit)
                : try directory.list(
                    Plan.self, offset: paging.offset, limit: paging.limit,
                    where: { plan in
                        (enabled.map { plan.enabled == $0 } ?? true) && search.matches([plan.name, plan.description])
                    },
                    by: { ($0.name.lowercased() < $1.name.lowercased()) != isDescending })
            let plans = try page.entries.map { try $0.wire(call, directory) }
            return .ok(call.page(plans, total: page.total, paging))
        }
    }

    private func savePlan(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try edit.existing(Plan.self, fields)
            let name = try fields.requiredName("name", or: existing?.name)
            var plan =
                existing
                ?? Plan(id: edit.newID(), name: name, created: edit.now, creator: call.caller.person.id)
            plan.name = name
            plan.description = try fields.text("description") ?? plan.description
            plan.enabled = try fields.bool("enabled") ?? plan.enabled
            plan.accessibleByAll = try fields.bool("accessibleByAll") ?? plan.accessibleByAll
            plan.floodControl = try fields.bool("floodControl") ?? plan.floodControl
            plan.loggingLevel = try fields.choice("loggingLevel", LoggingLevel.self)?.rawValue ?? plan.loggingLevel
            try edit.put(plan)
            return .saved(try plan.wire(call, edit.directory), isNew: existing == nil)
        }
    }

    private enum LoggingLevel: String, CaseIterable {
        case debug = "DEBUG"
        case info = "INFO"
        case warn = "WARN"
        case error = "ERROR"
    }
}

extension Plan {
    var path: String { "/plans/\(id)" }

    /// As a part of it names it.
    var reference: JSONValue {
        ["id": .string(id), "name": .string(name), "planType": "PLAN", "links": .links(path)]
    }

    func wire(_ call: RESTCall, _ directory: Directory) throws -> JSONValue {
        var fields: [String: JSONValue?] = [
            "id": .string(id), "planType": "PLAN", "name": .string(name), "description": .string(description),
            "enabled": .bool(enabled), "editable": .bool(call.caller.may(.writeConfiguration)),
            "loggingLevel": .string(loggingLevel), "accessibleByAll": .bool(accessibleByAll),
            "floodControl": .bool(floodControl), "created": .string(created.iso), "links": .links(path),
        ]
        let base = RESTPath.base + path
        if call.query.embeds("creator"), let creator {
            fields["creator"] = try directory.get(Person.self, id: creator)?.reference
        }
        if call.query.embeds("constants") {
            let constants = try directory.all(Constant.self, in: id)
            fields["constants"] = .embeddedPage(constants.map(\.wire), path: "\(base)/constants")
        }
        if call.query.embeds("endpoints") {
            let endpoints = try directory.all(Endpoint.self, in: id)
            fields["endpoints"] = .embeddedPage(endpoints.map(\.wire), path: "\(base)/endpoints")
        }
        if call.query.embeds("forms") {
            let forms = try directory.all(Form.self, in: id)
            fields["forms"] = .embeddedPage(try forms.map { try $0.wire(call, directory) }, path: "\(base)/forms")
        }
        return .fields(fields)
    }
}
