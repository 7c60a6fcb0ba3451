import AlertCore

/// `integrations/integrations.json: integrations[]` (spec §7.1).
extension Integration: WorkflowPart {
    static let noun = "integration"

    static func read(_ document: Document, id: String, _ scope: Scope) -> Integration? {
        let name = document.text("name") ?? ""
        guard IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "is no name: too long, or with a NUL")
            return nil
        }
        let hasTrigger = document.filled("triggeredBy") != nil
        let trigger: Trigger? = hasTrigger ? document.choice("triggeredBy") : nil
        if hasTrigger, trigger == nil { return nil }
        guard let direction = direction(document, hasTrigger), let operation = operation(document, direction) else {
            return nil
        }
        var integration = Integration(
            id: id, plan: scope.plan, form: nil, name: name, integrationType: direction, operation: operation,
            environment: document.choice("environment") ?? .hosted, triggeredBy: trigger,
            authenticationType: document.choice("authType", "authenticationType") ?? defaultAuthentication(direction),
            createdBy: document.filled("createdBy") ?? "IB", deployed: document.flag("deployed") ?? true,
            script: document.text("script"), archived: Secrets.removed(from: .object(document.fields)))
        integration.form = form(document, scope)
        integration.responseChoice = document.filled("responseChoice")
        integration.integrationServiceName = document.filled("integrationServiceName")
        integration.integrationAgentId = document.filled("integrationAgentId")
        integration.scriptStep = document.filled("integrationScriptStepUuid")
        integration.floodControl = document.flag("floodControl") ?? false
        integration.path = document.filled("path")
        integration.endpoint = endpoint(document, scope)
        integration.retrySchedule = document.list("retrySchedule").flatMap { list in
            let delays = list.compactMap(\.readWhole).filter { (1...86_400).contains($0) }.prefix(50)
            return delays.isEmpty ? nil : RetrySchedule(delays: Array(delays))
        }
        return integration
    }

    private static func direction(_ document: Document, _ hasTrigger: Bool) -> Direction? {
        let text = (document.text("type", "integrationType") ?? "").uppercased()
        if text.hasPrefix("INBOUND") { return .inbound }
        if text.hasPrefix("OUTBOUND") { return .outbound }
        if text.isEmpty { return hasTrigger ? .outbound : .inbound }
        document.note(.unusable, "type", "unknown type \(text.prefix(100))")
        return nil
    }

    private static func operation(_ document: Document, _ direction: Direction) -> Operation? {
        if document.filled("action", "operation") != nil { return document.choice("action", "operation") }
        if document.filled("script") != nil { return .runScript }
        return direction == .inbound ? .createAlert : .sendWebhook
    }

    private static func defaultAuthentication(_ direction: Direction) -> Authentication {
        direction == .inbound ? .url : .none
    }

    private static func form(_ document: Document, _ scope: Scope) -> String? {
        guard let value = document["form", "formUuid"] else { return nil }
        guard let reference = value.string ?? value["uuid"]?.string ?? value["id"]?.string, !reference.isEmpty else {
            return nil
        }
        if let form = scope.forms[reference.lowercased()] { return form }
        document.note(.unusable, "form", "the file has no form \(reference.prefix(100))")
        return nil
    }

    private static func endpoint(_ document: Document, _ scope: Scope) -> String? {
        guard let value = document["endpoint", "endpointName"] else { return nil }
        guard let reference = value.string ?? value["name"]?.string ?? value["id"]?.string, !reference.isEmpty else {
            return nil
        }
        if let endpoint = scope.endpoints[reference.lowercased()] { return endpoint }
        document.note(.unusable, "endpoint", "the file has no endpoint \(reference.prefix(100))")
        return nil
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("id", "uuid", text: id)
        fields.add("name", text: name)
        fields.add("action", "operation", text: operation.rawValue)
        fields.add("type", "integrationType", text: integrationType.rawValue)
        fields.add("triggeredBy", text: triggeredBy?.rawValue)
        fields.add("responseChoice", text: responseChoice)
        fields.add("deployed", flag: deployed)
        fields.add("form", "formUuid", text: form)
        fields.add("script", text: script)
        fields.add("environment", text: environment.rawValue)
        fields.add("authType", "authenticationType", text: authenticationType.rawValue)
        fields.add("createdBy", text: createdBy)
        fields.add("integrationScriptStepUuid", text: scriptStep)
        fields.add("integrationServiceName", text: integrationServiceName)
        fields.add("integrationAgentId", text: integrationAgentId)
        fields.add("floodControl", value: floodControl ? true : nil)
        fields.add("endpoint", "endpointName", text: endpoint.flatMap { scope.endpointNames[$0] })
        fields.add("path", text: path)
        fields.add("retrySchedule", value: retrySchedule.map { .array($0.delays.map { JSONValue($0) }) })
        return fields
    }
}

/// `integrations/scriptSteps.json[]` (spec §3.8).
extension ScriptStep: WorkflowPart {
    static let noun = "script step"

    static func read(_ document: Document, id: String, _ scope: Scope) -> ScriptStep? {
        let name = document.text("name") ?? ""
        guard IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "is no name: too long, or with a NUL")
            return nil
        }
        var step = ScriptStep(
            id: id, plan: scope.plan, name: name, description: document.text("description") ?? "",
            kind: document.choice("scriptStepType") ?? .user, script: document.text("script") ?? "",
            archived: .object(document.fields))
        step.inputs = document.documents("inputs").map { index, input in
            Input(
                id: input.filled("id") ?? "\(id)-input-\(index)", name: input.text("name") ?? "",
                helpText: input.text("helpText") ?? "", defaultValue: input.text("defaultValue") ?? "",
                required: input.flag("required") ?? false, multiline: input.flag("multiline") ?? false,
                minLength: input.whole("minLength"), maxLength: input.whole("maxLength"),
                validation: input.filled("validationRegex"))
        }
        step.outputs = document.documents("outputs").map { index, output in
            Output(
                id: output.filled("id") ?? "\(id)-output-\(index)", name: output.text("name") ?? "",
                description: output.text("description") ?? "")
        }
        step.libraries = document.documents("libraries").compactMap { _, item in
            guard let library = item.document("library") else { return nil }
            let name = library.text("name") ?? ""
            return Library(
                referenceName: item.filled("referenceName") ?? name, name: name, script: library.text("script") ?? "")
        }
        return step
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("id", "uuid", text: id)
        fields.add("name", text: name)
        fields.add("description", text: description)
        fields.add("script", text: script)
        fields.add("scriptStepType", text: kind.rawValue)
        fields.add("inputs", value: .array(inputs.enumerated().map(input)))
        fields.add("outputs", value: .array(outputs.enumerated().map(output)))
        fields.add("libraries", value: .array(libraries.map(library)))
        return fields
    }

    private func input(_ position: Int, _ input: Input) -> JSONValue {
        var value = archived(in: "inputs") { $0["id"]?.string == input.id } ?? ["position": JSONValue(position)]
        value["id"] = .string(input.id)
        value["name"] = .string(input.name)
        value["helpText"] = .string(input.helpText)
        value["defaultValue"] = .string(input.defaultValue)
        value["required"] = .bool(input.required)
        value["multiline"] = .bool(input.multiline)
        value["minLength"] = input.minLength.map { JSONValue($0) }
        value["maxLength"] = input.maxLength.map { JSONValue($0) }
        value["validationRegex"] = input.validation.map(JSONValue.string)
        return .object(value)
    }

    private func output(_ position: Int, _ output: Output) -> JSONValue {
        var value = archived(in: "outputs") { $0["id"]?.string == output.id } ?? ["position": JSONValue(position)]
        value["id"] = .string(output.id)
        value["name"] = .string(output.name)
        value["description"] = .string(output.description)
        return .object(value)
    }

    private func library(_ library: Library) -> JSONValue {
        var value = archived(in: "libraries") { $0["referenceName"]?.string == library.referenceName } ?? [:]
        var inner = value["library"]?.object ?? [:]
        inner["name"] = .string(library.name)
        inner["script"] = .string(library.script)
        value["referenceName"] = .string(library.referenceName)
        value["library"] = .object(inner)
        return .object(value)
    }

    private func archived(in list: String, _ isIt: (JSONValue) -> Bool) -> [String: JSONValue]? {
        archived?[list]?.array?.first(where: isIt)?.object
    }
}
