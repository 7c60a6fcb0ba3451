import AlertCore
import Foundation
import Persistence

/// The fields of an integration; those that are absent stay as they are, and so do its key and signing secret.
struct IntegrationRequest {
    enum Creator: String, CaseIterable {
        case builder = "IB"
        case flow = "FLOW"
    }

    let fields: RequestFields
    let plan: Plan
    let edit: DirectoryEdit
    let secrets: SecretBox

    func integration(_ existing: Integration?) throws -> Integration {
        let name = try fields.requiredName("name", or: existing?.name)
        let direction = try direction(existing)
        let script = try fields.script() ?? existing?.script
        let operation = try operation(of: direction, script: script, existing)
        var integration =
            existing
            ?? Integration(
                id: edit.newID(), plan: plan.id, form: nil, name: name, integrationType: direction,
                operation: operation)
        integration.name = name
        integration.operation = operation
        integration.script = script
        integration.form = try form() ?? integration.form
        integration.createdBy = try fields.choice("createdBy", Creator.self)?.rawValue ?? integration.createdBy
        integration.authenticationType = try fields.choice("authenticationType") ?? integration.authenticationType
        integration.authenticatingUser =
            try user(existing) ?? integration.authenticatingUser ?? edit.call.caller.person.id
        integration.environment = try fields.choice("environment") ?? integration.environment
        integration.floodControl = try fields.bool("floodControl") ?? integration.floodControl
        if let deployed = try fields.bool("deployed") {
            let wasOut = !integration.deployed || integration.disabledReason != nil
            if deployed, wasOut { integration.inServiceSince = edit.now }
            integration.deployed = deployed
            if deployed { integration.disabledReason = nil }
        }
        if let reference = try fields.reference("scriptStep") {
            guard let step = try edit.directory.resolve(ScriptStep.self, reference, in: plan.id) else {
                throw RestError.invalidValue("scriptStep", "the plan has no script step \(reference).")
            }
            integration.scriptStep = step.id
        }
        switch direction {
        case .inbound: try completeInbound(&integration)
        case .outbound: try completeOutbound(&integration, isNew: existing == nil)
        }
        // What came whole or from a file stays changeable: nothing can be taken away that is asked for here.
        if existing?.operation != operation { try checkWhole(integration) }
        return integration
    }

    private func checkWhole(_ integration: Integration) throws(RestError) {
        let needed: [(field: String, isThere: Bool)] =
            switch (integration.integrationType, integration.operation) {
            case (.inbound, .createAlert): [("form", integration.form != nil)]
            case (.inbound, .transformAndCreateAlert):
                [("form", integration.form != nil), ("script", integration.script != nil)]
            case (.outbound, .sendWebhook):
                [("form", integration.form != nil), ("endpoint", integration.endpoint != nil)]
            case (.outbound, .sendToAgent):
                [("form", integration.form != nil), ("integrationService", integration.integrationServiceName != nil)]
            case (_, .runScript):
                [
                    ("form", integration.form != nil || integration.integrationType == .inbound),
                    ("script", integration.script != nil || integration.scriptStep != nil),
                ]
            case (.inbound, _), (.outbound, _): []  // refused for this direction
            }
        for (field, isThere) in needed where !isThere { throw .missingField(field) }
    }

    private func completeInbound(_ integration: inout Integration) throws {
        if integration.sealedKey == nil {
            let key = UUID().uuidString.lowercased()
            integration.sealedKey = secrets.seal(key, for: .integrationKey(integration.id))
        }
    }

    /// What this version does not run is kept nevertheless, as workflow files hold it: see
    /// ``Integration/notExecuted``.
    private func completeOutbound(_ integration: inout Integration, isNew: Bool) throws {
        integration.triggeredBy = try fields.choice("triggeredBy") ?? integration.triggeredBy
        guard let trigger = integration.triggeredBy else { throw RestError.missingField("triggeredBy") }
        try setResponseChoice(of: &integration, trigger)
        try setAgent(of: &integration)
        integration.endpoint = try endpoint() ?? integration.endpoint
        integration.path = try path() ?? integration.path
        integration.retrySchedule = try retrySchedule() ?? integration.retrySchedule
        integration.delivery = try DeliveryFields(fields).settings(integration.delivery, isNew: isNew)
        if integration.operation == .sendWebhook, integration.sealedSigningSecrets.isEmpty {
            let secret = RandomSecret.signingSecret()
            integration.sealedSigningSecrets = [secrets.seal(secret, for: .signingSecret(integration.id))]
        }
    }

    /// The text of the answer that it waits for; an empty one takes it away.
    private func setResponseChoice(of integration: inout Integration, _ trigger: Trigger) throws {
        if let choice = try fields.text("responseChoice", limit: 255) {
            integration.responseChoice = choice.isEmpty ? nil : choice
        }
        guard integration.responseChoice == nil || trigger == .response else {
            throw RestError.invalidValue("responseChoice", "only a trigger of kind RESPONSE waits for an answer.")
        }
    }

    private func setAgent(of integration: inout Integration) throws {
        let service = try fields.text("integrationService", limit: 255)
        if let name = try service ?? fields.text("integrationServiceName", limit: 255) {
            integration.integrationServiceName = name.isEmpty ? nil : name
        }
        if let agent = try fields.text("integrationAgentId", limit: 255) {
            integration.integrationAgentId = agent.isEmpty ? nil : agent
        }
    }

    // MARK: What it does

    private func direction(_ existing: Integration?) throws(RestError) -> Integration.Direction {
        let given = try fields.choice("integrationType", Integration.Direction.self)
        guard let direction = given ?? existing?.integrationType else { throw .missingField("integrationType") }
        if let existing, existing.integrationType != direction {
            throw .invalidValue(
                "integrationType", "it cannot be changed from \(existing.integrationType.rawValue).")
        }
        return direction
    }

    private func operation(
        of direction: Integration.Direction, script: String?, _ existing: Integration?
    ) throws(RestError) -> Integration.Operation {
        let given = try fields.choice("operation", Integration.Operation.self)
        switch direction {
        case .inbound:
            let implied: Integration.Operation = script == nil ? .createAlert : .transformAndCreateAlert
            let operation = given ?? existing?.operation ?? implied
            guard operation == .createAlert || operation == .transformAndCreateAlert || operation == .runScript else {
                throw .invalidChoice(
                    "operation", operation.rawValue, valid: ["CREATE_EVENT_SIMPLE", "CREATE_EVENT", "RUN_SCRIPT"])
            }
            return operation
        case .outbound:
            let operation = given ?? existing?.operation ?? .sendWebhook
            guard operation == .sendWebhook || operation == .runScript || operation == .sendToAgent else {
                throw .invalidChoice(
                    "operation", operation.rawValue, valid: ["RUN_SCRIPT", "SEND_WEBHOOK", "SEND_TO_IA"])
            }
            return operation
        }
    }

    // MARK: What it belongs to

    private func form() throws -> String? {
        guard let reference = try fields.reference("form") else { return nil }
        guard let form = try edit.directory.resolve(Form.self, reference, in: plan.id) else {
            throw RestError.invalidValue("form", "the plan has no form \(reference).")
        }
        return form.id
    }

    private func endpoint() throws -> String? {
        guard let reference = try fields.reference("endpoint") else { return nil }
        guard let endpoint = try edit.directory.resolve(Endpoint.self, reference, in: plan.id) else {
            throw RestError.invalidValue("endpoint", "the plan has no endpoint \(reference).")
        }
        return endpoint.id
    }

    /// What comes in runs with this person's permissions: somebody whom the caller supervises, or who was there before.
    private func user(_ existing: Integration?) throws -> String? {
        guard let reference = try fields.reference("authenticatingUser") else { return nil }
        guard let person = try edit.directory.resolve(Person.self, reference) else {
            throw RestError.invalidValue("authenticatingUser", "there is no person \(reference).")
        }
        guard person.id == existing?.authenticatingUser || edit.call.caller.mayActAs(person) else {
            throw RestError(
                403, "The authenticatingUser must be you or a user whom you supervise; \(person.targetName) is not.",
                subcode: "authorization.not_supervised", arguments: ["authenticatingUser", person.targetName])
        }
        return person.id
    }

    private func path() throws(RestError) -> String? {
        guard let path = try fields.text("path", limit: 2000) else { return nil }
        let isClean = path.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 }
        guard isClean, !path.contains("://"), !path.contains("#") else {
            throw .invalidValue("path", "it must be a path without spaces, as in /hooks/1?team=a.")
        }
        return path
    }

    private func retrySchedule() throws(RestError) -> RetrySchedule? {
        guard let list = try fields.list("retrySchedule", limit: 50) else { return nil }
        var delays: [Int] = []
        for value in list {
            guard let seconds = value.integer else {
                throw .wrongType("retrySchedule", expected: "an array of integers", found: "one with \(value.kindName)")
            }
            guard (1...86_400).contains(seconds) else {
                throw .invalidValue("retrySchedule", "each pause must be from 1 to 86400 seconds.")
            }
            delays.append(Int(seconds))
        }
        return RetrySchedule(delays: delays)
    }
}

extension RequestFields {
    /// The longest script in bytes.
    private static let scriptLimit = 1 << 20

    /// A script: UTF-8 in base64.
    func script(_ field: String = "script") throws(RestError) -> String? {
        guard let encoded = try text(field, limit: Self.scriptLimit * 2) else { return nil }
        guard let bytes = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters),
            let script = String(data: bytes, encoding: .utf8), !encoded.isEmpty == !bytes.isEmpty
        else { throw .invalidValue(name(field), "it must be UTF-8 text in base64.") }
        guard bytes.count <= Self.scriptLimit else {
            throw .invalidValue(name(field), "it may have at most \(Self.scriptLimit) bytes.")
        }
        return script
    }
}

extension JSONValue {
    /// A script as it is on the wire: in base64.
    static func script(_ script: String) -> JSONValue { .string(Data(script.utf8).base64EncodedString()) }
}
