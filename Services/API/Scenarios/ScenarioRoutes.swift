import AlertCore
import Foundation
import HTTPTypes
import Persistence

/// Scenarios: forms that are filled in, ready to be sent (spec §4.8, §4.9).
extension RESTServices {
    var scenarioRoutes: [RESTRoute] {
        [
            .get("scenarios", permission: .signIn, listScenarios),
            .get("scenarios/{scenario}", permission: .signIn) { call in
                try await read { .ok(try call.scenario($0).scenario.wire($0)) }
            },
            .delete("scenarios/{scenario}", permission: .signIn, deleteScenario),
            .get("scenarios/{scenario}/attachments/{name}", permission: .signIn) { call in
                try await read { directory in
                    try call.file(of: call.scenario(directory).scenario.kept, "scenario", directory)
                }
            },
            .get("scenarios/{scenario}/sender-permissions", permission: .signIn) { call in
                try await read { directory in
                    let permissions = try call.scenario(directory).scenario.permissions
                    return .ok(try call.page(of: permissions.map { try $0.wire(directory) }))
                }
            },
            .put("scenarios/{scenario}/sender-permissions", permission: .signIn, putScenarioPermissions),
            .get("forms/{form}/scenarios", permission: .signIn, listScenarios),
            .get("plans/{plan}/forms/{form}/scenarios", permission: .signIn, listScenarios),
            .post("forms/{form}/scenarios", permission: .signIn, saveScenario),
            RESTRoute(
                method: .post, path: "forms/{form}/scenarios/{scenario}/attachments", permission: .signIn,
                handler: { try await addScenarioFile($0) },
                rawBodyLimit: Attachments.sizeLimit + StoredAttachment.frameLimit),
        ]
    }

    private func listScenarios(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let search = try Search(call.query)
        let enabledFor = try EnabledFor(call.query)
        return try await read { directory in
            let form = call.parameters["form"] == nil ? nil : try call.form(directory)
            let all = try form.map { [$0] } ?? directory.all(Form.self)
            let forms = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
            let page = try directory.list(
                Scenario.self, in: form?.id, offset: paging.offset, limit: paging.limit,
                where: { scenario in
                    guard let form = forms[scenario.form], call.caller.maySee(scenario, of: form) else { return false }
                    return (enabledFor?.includes(scenario, of: form, for: call.caller) ?? true)
                        && search.matches([scenario.name, scenario.description])
                },
                by: form == nil
                    ? nil
                    : { ($0.position, $0.name.lowercased()) < ($1.position, $1.name.lowercased()) })
            return .ok(call.page(try page.entries.map { try $0.wire(directory) }, total: page.total, paging))
        }
    }

    private func saveScenario(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let view = try await view()
        return try await write(call) { edit in
            let form = try call.form(edit.directory)
            let existing = try fields.text("id").map { try call.scenario($0, of: form, edit.directory) }
            if let existing {
                try call.requireEditing(existing, of: form)
            } else if !call.caller.mayManageScenarios(of: form) {
                throw RESTCall.refusal("The scenarios of the form \(form.name)", call.caller)
            }
            let scenario = try ScenarioRequest(fields: fields, view: view).scenario(existing, of: form, edit)
            try edit.keepFiles(of: scenario.kept, field: "attachments")
            try edit.put(scenario)
            return .saved(try scenario.wire(edit.directory), isNew: existing == nil)
        }
    }

    private func deleteScenario(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let scenario = try edit.directory.get(Scenario.self, id: call.parameter("scenario")),
                let form = try edit.directory.get(Form.self, id: scenario.form),
                call.caller.maySee(scenario, of: form)
            else { return .noContent }
            try call.requireEditing(scenario, of: form)
            let answer = try scenario.wire(edit.directory)
            try edit.delete(scenario)
            return .ok(answer)
        }
    }

    /// Takes the place of all permissions; an empty list opens the scenario to everybody who may send the form.
    private func putScenarioPermissions(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            var (scenario, form) = try call.scenario(edit.directory)
            try call.requireEditing(scenario, of: form)
            let list = try call.array("senderPermissions")
            scenario.permissions = try ScenarioPermission.all(list, field: "senderPermissions", edit.directory)
            try edit.put(scenario)
            return .ok(try call.page(of: scenario.permissions.map { try $0.wire(edit.directory) }))
        }
    }

    /// One of the same name is replaced.
    private func addScenarioFile(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            let form = try call.form(edit.directory)
            var scenario = try call.scenario(call.parameter("scenario"), of: form, edit.directory)
            try call.requireEditing(scenario, of: form)
            let file = try StoredAttachment(upload: call, at: edit.now)
            try Attachments(edit.directory.connection).put(file)
            let others = try scenario.kept.request().attachments.filter { $0.name != file.name }
            guard others.count < 100 else {
                throw RestError.invalidValue("file", "a scenario may have at most 100 files.")
            }
            let files = others + [AlertAttachment(name: file.name, path: file.path)]
            scenario.kept.fields["attachments"] = .array(
                files.map { ["name": .string($0.name), "path": .string($0.path)] })
            try edit.keepFiles(of: scenario.kept, field: "attachments")
            try edit.put(scenario)
            return .saved(file.wire, isNew: true)
        }
    }
}

extension RESTCall {
    /// The scenario of the path, with its form.
    /// - Throws: 404, also for one that the caller may not see.
    fileprivate func scenario(_ directory: Directory) throws -> (scenario: Scenario, form: Form) {
        let id = parameter("scenario")
        guard let scenario = try directory.get(Scenario.self, id: id.lowercased()),
            let form = try directory.get(Form.self, id: scenario.form), caller.maySee(scenario, of: form)
        else { throw RestError.notFound("There is no scenario \(id).") }
        return (scenario, form)
    }

    /// By id or name.
    /// - Throws: 404, also for one that the caller may not see.
    fileprivate func scenario(_ idOrName: String, of form: Form, _ directory: Directory) throws -> Scenario {
        guard let scenario = try directory.resolve(Scenario.self, idOrName, in: form.id),
            caller.maySee(scenario, of: form)
        else { throw RestError.notFound("There is no scenario \(idOrName) of the form \(form.name).") }
        return scenario
    }

    /// - Throws: 403.
    fileprivate func requireEditing(_ scenario: Scenario, of form: Form) throws(RestError) {
        guard !caller.mayEdit(scenario, of: form) else { return }
        throw Self.refusal("The scenario \(scenario.name)", caller)
    }

    fileprivate static func refusal(_ what: String, _ caller: Caller) -> RestError {
        RestError(
            403, "\(what) may not be changed by \(caller.person.targetName).",
            subcode: "authorization.scenario_not_permitted")
    }

    /// A file of what is kept, by the name of the path or the id of its upload.
    /// - Throws: 404.
    func file(of kept: KeptRequest, _ what: String, _ directory: Directory) throws -> RESTAnswer {
        let name = parameter("name")
        let file = try kept.request().attachments.first { $0.name == name || $0.uploadId == name.lowercased() }
        guard let id = file?.uploadId, let found = try Attachments(directory.connection).get(id) else {
            throw RestError.notFound("The \(what) has no file \(name) that is kept here.")
        }
        return found.answer
    }
}

extension EnabledFor {
    func includes(_ scenario: Scenario, of form: Form, for caller: Caller) -> Bool {
        switch self {
        case .developer: caller.mayEdit(scenario, of: form)
        case .api, .mobile, .ui, .user: includes(form, for: caller)
        }
    }
}
