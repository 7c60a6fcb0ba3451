import AlertCore
import ArgumentParser
import Foundation
import WorkflowArchive

struct WorkflowApplyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the server's workflows what the folders say, after showing what would change.",
        discussion: """
            A folder holds the files of one workflow, as tocsin workflows export --directory writes them, or a folder \
            for each of several. What is the same is left alone. Keys, secrets and credentials of the server stay. \
            With --dry-run the exit code is 1 when something would change.
            """)

    @Argument(help: "Folders or ZIP files.", completion: .file())
    var folders: [String]

    @Option(help: "The workflow's name; otherwise the one in the file.")
    var name: String?

    @Flag(help: "Change nothing, only show what would change.")
    var dryRun = false

    @OptionGroup var confirm: ConfirmOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// What is to become of one workflow.
    private struct Step {
        let name: String
        let archive: [UInt8]
        let isNew: Bool
        let differences: [WorkflowDifference]
        let report: JSONValue

        var json: JSONValue {
            [
                "workflow": .string(name), "isNew": .bool(isNew),
                "changes": .array(differences.map { .string($0.lines.joined(separator: "\n")) }),
                "unusable": report["unusable"] ?? [], "byHand": report["byHand"] ?? [],
            ]
        }
    }

    func run(_ server: ServerClient) async throws {
        let sources = try folders.flatMap { try WorkflowFiles(path: $0).workflows() }
        guard name == nil || sources.count == 1 else {
            throw CommandError("--name goes with one workflow; there are \(sources.count).")
        }
        var steps: [Step] = []
        do {
            let progress = ProgressBar("Comparing")
            for (index, source) in sources.enumerated() {
                progress.show(index, of: sources.count)
                steps.append(try await step(for: source, server))
            }
        }
        let changes = steps.filter { !$0.differences.isEmpty }
        if !output.json { show(steps) }
        guard !changes.isEmpty, !dryRun else {
            if output.json { try Output.json(["applied": false, "workflows": .array(steps.map(\.json))]) }
            if dryRun, !changes.isEmpty { throw Ending.negative }
            return
        }
        try confirm.require("Apply \(changes.count == 1 ? changes[0].name : "\(changes.count) workflows")")
        try await apply(changes, server)
        if output.json { try Output.json(["applied": true, "workflows": .array(steps.map(\.json))]) }
    }

    private func step(for source: WorkflowFiles, _ server: ServerClient) async throws -> Step {
        let documents = try source.documents()
        guard let name = name ?? WorkflowImport.name(of: documents) else {
            throw CommandError("\(source.path) states no name of a workflow. Add --name NAME.")
        }
        let archive = try source.archive()
        let plan = try await server.getIfThere("/plans/\(ServerClient.escaped(name))")
        let present =
            try await plan.asyncMap { try WorkflowArchive.read(try await server.exported($0.text("id"))).documents }
            ?? WorkflowDocuments()
        let differences = WorkflowDiff.differences(from: present, to: documents)
        // What the server would make of it: also whether it would take it at all.
        let report =
            differences.isEmpty
            ? .null : try await server.importing(archive, isReplacing: true, name: name, isDryRun: true)
        return Step(
            name: name, archive: archive, isNew: plan == nil, differences: differences,
            report: report["report"] ?? .null)
    }

    private func show(_ steps: [Step]) {
        for step in steps {
            guard !step.differences.isEmpty else {
                print("\(step.name): nothing to change.")
                continue
            }
            let count = step.differences.count
            print("\(step.name): \(step.isNew ? "new" : "\(count) \(count == 1 ? "change" : "changes")")")
            if !step.isNew { WorkflowDiffCommand.show(step.differences) }
            for (title, field) in [("Not usable", "unusable"), ("To do by hand", "byHand"), ("Removed", "removed")] {
                WorkflowImportCommand.show(title, step.report.rows(field))
            }
        }
    }

    private func apply(_ steps: [Step], _ server: ServerClient) async throws {
        for (index, step) in steps.enumerated() {
            do {
                _ = try await server.importing(step.archive, isReplacing: true, name: step.name, isDryRun: false)
            } catch {
                let left = steps[index...].map(\.name).joined(separator: ", ")
                throw CommandError("\(step.name): \(error)\n\(index) applied; not applied: \(left).")
            }
            if !output.json { print("Applied \(step.name).") }
        }
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}

struct WorkflowValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract:
            "Check ZIP files or folders of workflows without a server; with one, also what it would make of them.",
        discussion: "Ends with 1 when something is not usable. A server is asked when --online is given.")

    @Argument(help: "Folders or ZIP files.", completion: .file())
    var folders: [String]

    @Flag(help: "Ask the server, too: a dry run that changes nothing.")
    var online = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await Ending.reporting {
            var isUsable = true
            let client = online ? try server.client() : nil
            for source in try folders.flatMap({ try WorkflowFiles(path: $0).workflows() }) {
                let problems = try await problems(of: source, client)
                print("\(source.path): \(problems.isEmpty ? "OK" : "\(problems.count) not usable")")
                for problem in problems { print("  \(Output.plain(problem))") }
                isUsable = isUsable && problems.isEmpty
            }
            await client?.close()
            if !isUsable { throw Ending.negative }
        }
    }

    private func problems(of source: WorkflowFiles, _ client: ServerClient?) async throws -> [String] {
        var problems = try source.problems()
        if let client {
            let answer = try await client.importing(
                source.archive(), isReplacing: true, name: nil, isDryRun: true)
            problems += answer.rows("report.unusable").map { "\($0.text("path")): \($0.text("message"))" }
        }
        var seen: Set<String> = []
        return problems.filter { seen.insert($0).inserted }
    }
}
