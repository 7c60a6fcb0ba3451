import AlertCore
import Persistence

extension RESTServices {
    /// Ways in and out of a plan (spec §4.7). Creating answers 200, as the platform does.
    var integrationRoutes: [RESTRoute] {
        let base = "plans/{plan}/integrations"
        return [
            .get(base, listIntegrations),
            .post(base, saveIntegration),
            .get("\(base)/{integration}") { call in
                try await read { directory in
                    let plan = try directory.required(Plan.self, call.parameter("plan"))
                    let integration = try directory.required(
                        Integration.self, call.parameter("integration"), in: plan.id)
                    return .ok(try wire(integration, for: call, directory))
                }
            },
            .delete("\(base)/{integration}") { call in
                try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    guard
                        let integration = try edit.directory.resolve(
                            Integration.self, call.parameter("integration"), in: plan.id)
                    else { return .noContent }
                    let answer = try wire(integration, for: call, edit.directory)
                    try edit.delete(integration)
                    return .ok(answer)
                }
            },
            .post("\(base)/{integration}/signing-secrets/rotate", rotateSigningSecret),
            .post("\(base)/{integration}/test", testIntegration),
        ]
    }

    private func listIntegrations(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let types = Integration.Direction.allCases.map(\.rawValue)
        let type = try call.query.choice("integrationType", of: types)
        let deployed = try call.query.bool("deployed")
        return try await read { directory in
            let plan = try directory.required(Plan.self, call.parameter("plan"))
            let page =
                type == nil && deployed == nil
                ? try directory.list(Integration.self, in: plan.id, offset: paging.offset, limit: paging.limit)
                : try directory.list(
                    Integration.self, in: plan.id, offset: paging.offset, limit: paging.limit,
                    where: { integration in
                        (type.map { integration.integrationType.rawValue == $0 } ?? true)
                            && (deployed.map { integration.deployed == $0 } ?? true)
                    })
            let integrations = try page.entries.map { try wire($0, for: call, directory) }
            return .ok(call.page(integrations, total: page.total, paging))
        }
    }

    private func saveIntegration(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
            let existing = try edit.existing(Integration.self, fields, in: plan.id)
            let request = IntegrationRequest(fields: fields, plan: plan, edit: edit, secrets: secrets)
            let integration = try request.integration(existing)
            try edit.put(integration)
            return .ok(try wire(integration, for: call, edit.directory))
        }
    }

    /// With its secrets for those who may configure: they need the trigger's URL and the signing secret.
    func wire(_ integration: Integration, for call: RESTCall, _ directory: Directory) throws -> JSONValue {
        let plan = try directory.get(Plan.self, id: integration.plan)
        var fields = try integration.wireFields(directory)
        fields["plan"] = plan?.reference
        if call.query.embeds("endpoint"), let endpoint = integration.endpoint {
            fields["endpoint"] = try directory.get(Endpoint.self, id: endpoint)?.wire
        }
        if call.query.embeds("form"), let form = integration.form {
            fields["form"] = try directory.get(Form.self, id: form)?.wire(call, directory)
        }
        guard call.caller.may(.writeConfiguration) else { return .fields(fields) }
        if let sealed = integration.sealedKey {
            let key = try secrets.open(sealed, for: .integrationKey(integration.id))
            fields["triggerUrl"] = .string("\(integration.triggerPath)?apiKey=\(key)")
        }
        try addSigning(of: integration, to: &fields)
        return .fields(fields)
    }
}

extension Integration {
    var selfPath: String { "/plans/\(plan)/integrations/\(id)" }
    var triggerPath: String { "/api/integration/1/functions/\(id)/triggers" }

    fileprivate func wireFields(_ directory: Directory) throws -> [String: JSONValue?] {
        let target = try endpoint.flatMap { try directory.get(Endpoint.self, id: $0) }
        let user = try authenticatingUser.flatMap { try directory.get(Person.self, id: $0) }
        return [
            "id": .string(id), "form": try form.flatMap { try directory.get(Form.self, id: $0)?.reference },
            "name": .string(name), "integrationType": .string(integrationType.rawValue),
            "type": .string(integrationType.rawValue), "operation": .string(operation.rawValue),
            "environment": .string(environment.rawValue), "triggeredBy": .text(triggeredBy?.rawValue),
            "authenticationType": .string(authenticationType.rawValue), "createdBy": .string(createdBy),
            "deployed": .bool(deployed), "disabledReason": .text(disabledReason), "originType": "USER",
            "script": script.map(JSONValue.script), "endpoint": target?.reference, "path": .text(path),
            "authenticatingUser": user?.reference,
            "retrySchedule": retrySchedule.map { .array($0.delays.map(JSONValue.whole)) },
            "delivery": integrationType == .outbound ? (delivery ?? DeliverySettings()).wire : nil,
            "floodControl": .bool(floodControl), "responseChoice": .text(responseChoice),
            "integrationService": .text(integrationServiceName), "integrationAgentId": .text(integrationAgentId),
            "scriptStep": scriptStep.map { ["id": .string($0)] }, "notExecuted": .text(notExecuted),
            "links": .links(selfPath),
        ]
    }
}
