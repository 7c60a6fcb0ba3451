import AlertCore
import Persistence

extension RESTServices {
    /// Forms, by themselves and below their plan (spec §4.7).
    var formRoutes: [RESTRoute] {
        [
            .get("forms", listForms),
            .get("plans/{plan}/forms", listForms),
            .post("plans/{plan}/forms", saveForm),
            .get("forms/{form}", getForm),
            .get("plans/{plan}/forms/{form}", getForm),
            .delete("forms/{form}", deleteForm),
            .delete("plans/{plan}/forms/{form}", deleteForm),
        ]
    }

    private func listForms(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let list = try NamedListQuery(call.query)
        let enabledFor = try EnabledFor(call.query)
        let planType = try call.query.choice("plans.planType", of: Plan.types)
        let triggerType = call.query["triggerType"]
        return try await read { directory in
            let plan = try call.parameters["plan"].map { try directory.required(Plan.self, $0).id }
            let page =
                list.isPlain && enabledFor == nil && planType == nil && triggerType == nil
                ? try directory.list(Form.self, in: plan, offset: paging.offset, limit: paging.limit)
                : try directory.list(
                    Form.self, in: plan, offset: paging.offset, limit: paging.limit,
                    where: { form in
                        (planType.map { $0 == Plan.type } ?? true)
                            && (triggerType.map { $0.uppercased() == form.triggerType.uppercased() } ?? true)
                            && (enabledFor?.includes(form, for: call.caller) ?? true)
                            && list.matches(name: form.name, description: form.description)
                    },
                    by: { list.areInOrder(($0.name, $0.position), ($1.name, $1.position)) })
            let forms = try page.entries.map { try $0.wire(call, directory) }
            return .ok(call.page(forms, total: page.total, paging))
        }
    }

    private func getForm(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { .ok(try call.form($0).wire(call, $0)) }
    }

    private func saveForm(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
            let existing = try edit.existing(Form.self, fields, in: plan.id)
            let name = try fields.requiredName("name", or: existing?.name)
            var form =
                try existing
                ?? Form(
                    id: edit.newID(), number: edit.directory.nextNumber(of: "form"), plan: plan.id, name: name,
                    position: edit.directory.list(Form.self, in: plan.id, offset: 0, limit: 1).total)
            form.name = name
            form.description = try fields.text("description") ?? form.description
            form.mobileEnabled = try fields.bool("mobileEnabled") ?? form.mobileEnabled
            form.uiEnabled = try fields.bool("uiEnabled") ?? form.uiEnabled
            form.apiEnabled = try fields.bool("apiEnabled") ?? form.apiEnabled
            form.position = try fields.integer("position", in: 0...1_000_000) ?? form.position
            if let type = try fields.text("triggerType"), type != form.triggerType {
                throw RestError.unsupported("triggerType", type, supported: form.triggerType)
            }
            if let overrides = try fields.object("senderOverrides") {
                form.senderOverrides = try SenderOverridesRequest(fields: overrides).overrides(form.senderOverrides)
            }
            try edit.put(form)
            return .saved(try form.wire(call, edit.directory), isNew: existing == nil)
        }
    }

    private func deleteForm(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let form = try edit.directory.get(Form.self, id: call.parameter("form")) else { return .noContent }
            let answer = try form.wire(call, edit.directory)
            try edit.delete(form)
            return .ok(answer)
        }
    }
}

extension RESTCall {
    /// The form of the path: below a plan by id or name, by itself by id or by the number that people see.
    /// - Throws: 404.
    func form(_ directory: Directory) throws -> Form {
        let wanted = parameter("form")
        if let plan = parameters["plan"] {
            return try directory.required(Form.self, wanted, in: directory.required(Plan.self, plan).id)
        }
        if let form = try directory.get(Form.self, id: wanted) { return form }
        if let number = Int64(wanted), let form = try directory.all(Form.self).first(where: { $0.number == number }) {
            return form
        }
        throw RestError.notFound("There is no form \(wanted).")
    }
}

extension Form {
    var path: String { "/forms/\(id)" }

    /// As a part of it names it.
    var reference: JSONValue { ["id": .string(id), "name": .string(name), "links": .links(path)] }

    func wire(_ call: RESTCall, _ directory: Directory) throws -> JSONValue {
        var fields: [String: JSONValue?] = [
            "id": .string(id), "formId": .string(String(number)), "name": .string(name),
            "description": .string(description), "mobileEnabled": .bool(mobileEnabled),
            "uiEnabled": .bool(uiEnabled), "apiEnabled": .bool(apiEnabled), "triggerType": .string(triggerType),
            "position": .whole(position), "senderOverrides": senderOverrides?.wire,
            "plan": try directory.get(Plan.self, id: plan)?.reference, "links": .links(path),
        ]
        let base = RESTPath.base + path
        if call.query.embeds("recipients") {
            fields["recipients"] = .embeddedPage(try recipientsWire(directory), path: "\(base)/recipients")
        }
        if call.query.embeds("responseOptions") {
            fields["responseOptions"] = .embeddedPage(
                responseOptions.map { $0.wire(of: self) }, path: "\(base)/response-options")
        }
        if call.query.embeds("sections") {
            fields["sections"] = .embeddedPage(try sectionsWire(directory), path: "\(base)/sections")
        }
        if call.query.embeds("messageTemplates") { fields["messageTemplates"] = templatesWire }
        if call.query.embeds("senderPermissions") {
            fields["senderPermissions"] = .embeddedPage(
                try senderPermissions.map { try $0.wire(directory) }, path: "\(base)/sender-permissions")
        }
        if call.query.embeds("scenarios") {
            let scenarios = try directory.all(Scenario.self, in: id).filter { call.caller.maySee($0, of: self) }
                .sorted { ($0.position, $0.name.lowercased()) < ($1.position, $1.name.lowercased()) }
            fields["scenarios"] = .embeddedPage(
                try scenarios.map { try $0.wire(directory) }, path: "\(base)/scenarios")
        }
        return .fields(fields)
    }

    /// Those of the recipients that are still there.
    func recipientsWire(_ directory: Directory) throws -> [JSONValue] {
        try recipients.compactMap { id in
            if let person = try directory.resolve(Person.self, id) {
                return try PeopleRepresentation([person], directory).plain(person)
            }
            if let group = try directory.resolve(Group.self, id) {
                return [
                    "id": .string(group.id), "targetName": .string(group.targetName), "recipientType": "GROUP",
                    "groupType": .string(group.groupType.rawValue), "status": .string(group.status.rawValue),
                    "links": .links("/groups/\(group.id)"),
                ]
            }
            return try directory.device(id)?.wire(directory)
        }
    }
}

extension SenderOverrides {
    fileprivate var wire: JSONValue {
        .fields(["displayName": .text(displayName), "callerId": .text(callerId)])
    }
}
