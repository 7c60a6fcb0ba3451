import AlertCore
import Persistence

extension RESTServices {
    /// Plans: workflows (spec §4.7).
    var planRoutes: [RESTRoute] {
        [
            .get("plans", listPlans),
            .post("plans", savePlan),
            .post("plans/{plan}", savePlan),
            .get("plans/{plan}") { call in
                try await read { .ok(try wire($0.required(Plan.self, call.parameter("plan")), for: call, $0)) }
            },
            .delete("plans/{plan}") { call in
                try await write(call) { edit in
                    guard let plan = try edit.directory.resolve(Plan.self, call.parameter("plan")) else {
                        return .noContent
                    }
                    let answer = try wire(plan, for: call, edit.directory)
                    try edit.delete(plan)
                    return .ok(answer)
                }
            },
        ]
    }

    private func listPlans(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let list = try NamedListQuery(call.query)
        let enabled = try call.query.bool("enabled")
        let enabledFor = try EnabledFor(call.query)
        let type = try call.query.choice("planType", of: Plan.types)
        return try await read { directory in
            let isPlain = list.isPlain && enabled == nil && enabledFor == nil && type == nil
            guard !isPlain else {
                let page = try directory.list(Plan.self, offset: paging.offset, limit: paging.limit)
                return .ok(try answer(page, paging, call, directory))
            }
            let forms =
                enabledFor == nil ? [:] : Dictionary(grouping: try directory.all(Form.self)) { $0.plan }
            let page = try directory.list(
                Plan.self, offset: paging.offset, limit: paging.limit,
                where: { plan in
                    (enabled.map { plan.enabled == $0 } ?? true) && (type.map { $0 == Plan.type } ?? true)
                        && (enabledFor?.includes(plan, forms: forms[plan.id] ?? [], for: call.caller) ?? true)
                        && list.matches(name: plan.name, description: plan.description)
                },
                by: { list.areInOrder(($0.name, $0.position), ($1.name, $1.position)) })
            return .ok(try answer(page, paging, call, directory))
        }
    }

    private func answer(
        _ page: Directory.Page<Plan>, _ paging: Paging, _ call: RESTCall, _ directory: Directory
    ) throws -> JSONValue {
        call.page(try page.entries.map { try wire($0, for: call, directory) }, total: page.total, paging)
    }

    private func savePlan(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try edit.existing(Plan.self, fields, path: call.parameters["plan"])
            let name = try fields.requiredName("name", or: existing?.name)
            var plan =
                try existing
                ?? Plan(
                    id: edit.newID(), name: name, created: edit.now, creator: call.caller.person.id,
                    position: edit.directory.list(Plan.self, offset: 0, limit: 1).total)
            plan.name = name
            plan.description = try fields.text("description") ?? plan.description
            plan.enabled = try fields.bool("enabled") ?? plan.enabled
            plan.accessibleByAll = try fields.bool("accessibleByAll") ?? plan.accessibleByAll
            plan.floodControl = try fields.bool("floodControl") ?? plan.floodControl
            plan.position = try fields.integer("position", in: 0...1_000_000) ?? plan.position
            if fields["retentionMonths"]?.string == "" {
                plan.retentionMonths = nil
            } else {
                plan.retentionMonths =
                    try fields.integer("retentionMonths", in: 0...Retention.longest) ?? plan.retentionMonths
            }
            plan.loggingLevel = try fields.choice("loggingLevel", LoggingLevel.self)?.rawValue ?? plan.loggingLevel
            if let type = try fields.text("planType"), type != Plan.type {
                throw RestError.invalidChoice("planType", type, valid: [Plan.type])
            }
            try edit.put(plan)
            return .saved(try wire(plan, for: call, edit.directory), isNew: existing == nil)
        }
    }

    private enum LoggingLevel: String, CaseIterable {
        case debug = "DEBUG"
        case info = "INFO"
        case warn = "WARN"
        case error = "ERROR"
    }

    func wire(_ plan: Plan, for call: RESTCall, _ directory: Directory) throws -> JSONValue {
        var fields: [String: JSONValue?] = [
            "id": .string(plan.id), "planType": .string(Plan.type), "name": .string(plan.name),
            "description": .string(plan.description), "enabled": .bool(plan.enabled),
            "editable": .bool(call.caller.may(.writeConfiguration)), "loggingLevel": .string(plan.loggingLevel),
            "accessibleByAll": .bool(plan.accessibleByAll), "floodControl": .bool(plan.floodControl),
            "position": .whole(plan.position), "created": .string(plan.created.iso), "links": .links(plan.path),
            "retentionMonths": plan.retentionMonths.map { .whole($0) },
        ]
        if call.query.embeds("creator"), let creator = plan.creator {
            fields["creator"] = try directory.get(Person.self, id: creator)?.reference
        }
        if call.query.embeds("forms") {
            let forms = try directory.all(Form.self, in: plan.id)
            fields["forms"] = .embeddedPage(
                try forms.map { try $0.wire(call, directory) }, path: "\(RESTPath.base)\(plan.path)/forms")
        }
        if call.query.embeds("integrations") {
            let integrations = try directory.all(Integration.self, in: plan.id)
            fields["integrations"] = .embeddedPage(
                try integrations.map { try wire($0, for: call, directory) },
                path: "\(RESTPath.base)\(plan.path)/integrations")
        }
        func embed<Part: PlanPart>(_ name: String, _ type: Part.Type) throws {
            guard call.query.embeds(name) else { return }
            let parts = try directory.all(Part.self, in: plan.id)
            fields[name] = .embeddedPage(
                parts.map { $0.wire(in: plan, isListed: true) },
                path: "\(RESTPath.base)\(plan.path)/\(Part.collection)")
        }
        try embed("constants", Constant.self)
        try embed("endpoints", Endpoint.self)
        try embed("propertyDefinitions", PropertyDefinition.self)
        try embed("sharedLibraries", SharedLibrary.self)
        try embed("scriptSteps", ScriptStep.self)
        try embed("canvases", Canvas.self)
        try embed("triggerFilters", TriggerFilter.self)
        return .fields(fields)
    }
}

extension Plan {
    static let type = "PLAN"
    /// With the kind that the platform brings along; there is none of it here.
    static let types = [type, "BUILT_IN"]

    var path: String { "/plans/\(id)" }

    /// As a part of it names it.
    var reference: JSONValue {
        ["id": .string(id), "name": .string(name), "planType": .string(Self.type), "links": .links(path)]
    }
}
