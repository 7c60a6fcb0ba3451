import AlertCore
import Foundation
import Persistence
import WorkflowArchive

/// One import into the directory: what would be there before and after.
struct ImportJob: Sendable {
    struct Prepared {
        let before: Workflow
        let after: Workflow
        let isNew: Bool
        let report: JSONValue
    }

    let call: RESTCall
    let documents: WorkflowDocuments
    let problems: [ImportNote]
    let name: String
    let isReplacing: Bool
    let secrets: SecretBox

    /// Changes nothing.
    /// - Throws: 409 when the name is taken and the plan of that name is not to be replaced.
    func prepare(_ edit: DirectoryEdit) throws -> Prepared {
        let directory = edit.directory
        let existing = try directory.find(Plan.self, name: name)
        if existing != nil, !isReplacing {
            throw RestError(
                409,
                "There is a plan \(name) already: import with mode=replace, or under another name, as in name=Copy.",
                subcode: "validation.common.field.not_unique", arguments: ["name", name])
        }
        let isNew = existing == nil
        let plan =
            existing ?? Plan(id: edit.newID(), name: name, created: edit.now, creator: call.caller.person.id)
        let before = isNew ? Workflow(plan: plan) : try directory.workflow(of: plan)
        var known: [String: Bool] = [:]
        for name in documents.recipients { known[name] = try directory.knowsRecipient(name) }
        let reading = WorkflowImport(
            into: before, isNew: isNew, name: name,
            isTaken: { try directory.isTaken($0, $1, byOtherThan: plan.id) },
            knowsRecipient: { known[$0] ?? false })
        var result = try reading.run(documents, problems: problems)
        addSecrets(to: &result)
        return Prepared(
            before: before, after: result.workflow, isNew: isNew, report: report(result, plan: plan, isNew: isNew))
    }

    /// What is new gets URL authentication with a new key, as on the platform (spec §2.2), or a signing secret.
    private func addSecrets(to result: inout WorkflowImport.Result) {
        var reset: [String] = []
        let user = call.caller.person
        for index in result.workflow.integrations.indices {
            let integration = result.workflow.integrations[index]
            guard integration.sealedKey == nil, integration.sealedSigningSecrets.isEmpty else { continue }
            result.workflow.integrations[index].makeSecrets(secrets)
            result.workflow.integrations[index].authenticatingUser = user.id
            guard integration.integrationType == .inbound else { continue }
            result.workflow.integrations[index].authenticationType = .url
            reset.append(integration.name)
        }
        guard !reset.isEmpty else { return }
        result.notes.append(
            ImportNote(
                .byHand, "integrations/integrations.json: integrations",
                "inbound integrations have URL authentication with a new key now, and act as \(user.targetName): "
                    + "\(reset.joined(separator: ", ")). Give their callers the new addresses"))
    }

    private func report(_ result: WorkflowImport.Result, plan: Plan, isNew: Bool) -> JSONValue {
        var report: [String: JSONValue] = [
            "plan": ["id": .string(plan.id), "name": .string(name)], "mode": isNew ? "create" : "replace",
            "idsKept": .bool(!result.hasNewIDs),
        ]
        if let version = result.version { report["version"] = .string(version) }
        for kind in ImportNote.Kind.allCases {
            report[kind.rawValue] = .array(result.notes.filter { $0.kind == kind }.map(\.json))
        }
        return .object(report)
    }
}
