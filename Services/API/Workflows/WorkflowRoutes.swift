import AlertCore
import Foundation
import HTTPTypes
import Persistence
import WorkflowArchive

extension RESTServices {
    /// Workflow files in and out (spec §7.1), and copies of integrations.
    var workflowRoutes: [RESTRoute] {
        var importing = RESTRoute.post("plans/import", importWorkflow)
        // The archive, and what multipart puts around it.
        importing.rawBodyLimit = ArchiveLimits.archive + 65_536
        return [
            importing, .get("plans/{plan}/export", exportWorkflow),
            .post("plans/{plan}/integrations/{integration}/copy", copyIntegration),
        ]
    }

    private func exportWorkflow(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let plan = try directory.required(Plan.self, call.parameter("plan"))
            let workflow = try directory.workflow(of: plan)
            let unknown = try workflow.forms.unknownRecipients(directory)
            let documents = WorkflowExport.documents(of: workflow) { !unknown.contains($0) }
            do {
                let file = RESTFile(
                    bytes: try WorkflowArchive.write(documents), type: WorkflowArchive.mediaType,
                    name: "\(plan.name).zip")
                return RESTAnswer(status: .ok, body: nil, file: file)
            } catch let error as ArchiveError {
                throw RestError(500, "The workflow cannot be exported: \(error).", subcode: "workflow.export")
            }
        }
    }

    private func importWorkflow(_ call: RESTCall) async throws -> RESTAnswer {
        let isReplacing = try call.query.choice("mode", of: ["CREATE", "REPLACE"]) == "REPLACE"
        let isDryRun = try call.query.bool("dryRun") ?? false
        let given = call.query["name"]?.trimmingCharacters(in: .whitespacesAndNewlines)
        let (documents, problems) = try Self.documents(of: call.raw)
        let stated = given.flatMap { $0.isEmpty ? nil : $0 } ?? WorkflowImport.name(of: documents)
        guard let name = stated, !name.contains("\0") else {
            throw RestError(
                400, "The file states no name of the plan: give one, as in ?name=Monitoring.",
                subcode: "workflow.name_missing")
        }
        guard name.utf8.count <= 255 else { throw RestError.invalidValue("name", "it may have at most 255 bytes.") }
        let job = ImportJob(
            call: call, documents: documents, problems: problems, name: name, isReplacing: isReplacing,
            secrets: secrets)
        if isDryRun {
            let now = now()
            return try await read { directory in
                let edit = DirectoryEdit(directory: directory, call: call, now: now)
                return .ok(["report": try job.prepare(edit).report])
            }
        }
        return try await write(call) { edit in
            let prepared = try job.prepare(edit)
            try edit.replace(prepared.before, by: prepared.after)
            return .saved(
                ["plan": try wire(prepared.after.plan, for: call, edit.directory), "report": prepared.report],
                isNew: prepared.isNew)
        }
    }

    private static func documents(
        of body: RawBody
    ) throws -> (documents: WorkflowDocuments, problems: [ImportNote]) {
        let bytes = try MultipartFile.content(of: body)
        guard !bytes.isEmpty else {
            throw RestError(400, "The request needs a body: the ZIP file.", subcode: "request.body_missing")
        }
        do {
            return try WorkflowArchive.read(Array(bytes))
        } catch {
            throw RestError(
                400, "The file cannot be used: \(error).", subcode: "workflow.archive",
                arguments: [error.entry ?? "", error.problem])
        }
    }

    /// Keeps the method of authentication and makes a new key or secret (spec §2.2).
    private func copyIntegration(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = call.body == nil ? RequestFields([:]) : try call.fields()
        return try await write(call) { edit in
            let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
            var copy = try edit.directory.required(Integration.self, call.parameter("integration"), in: plan.id)
            copy.id = edit.newID()
            copy.name = try fields.requiredName("name", or: "\(copy.name) (copy)")
            if let reference = try fields.reference("form") {
                guard let form = try edit.directory.resolve(Form.self, reference, in: plan.id) else {
                    throw RestError.invalidValue("form", "the plan has no form \(reference).")
                }
                copy.form = form.id
            }
            if case .object(var archived)? = copy.archived {
                archived["id"] = .string(copy.id)
                copy.archived = .object(archived)
            }
            copy.disabledReason = nil
            copy.inServiceSince = nil
            copy.makeSecrets(secrets)
            try edit.put(copy)
            return .saved(try wire(copy, for: call, edit.directory), isNew: true)
        }
    }
}

extension Integration {
    /// A key of its own for callers, or a secret that signs what it sends.
    mutating func makeSecrets(_ secrets: SecretBox) {
        switch integrationType {
        case .inbound: sealedKey = secrets.seal(UUID().uuidString.lowercased(), for: .integrationKey(id))
        case .outbound:
            sealedSigningSecrets = [secrets.seal(RandomSecret.signingSecret(), for: .signingSecret(id))]
            signingExpiries = []
        }
    }
}

extension [Form] {
    /// Those that the files of the forms name, and that are not there.
    fileprivate func unknownRecipients(_ directory: Directory) throws -> Set<String> {
        var unknown: Set<String> = []
        for form in self {
            for name in form.recipientsOfFile where try !directory.knowsRecipient(name) { unknown.insert(name) }
        }
        return unknown
    }
}
