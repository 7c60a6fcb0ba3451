import ArgumentParser
import Foundation
import WorkflowArchive

struct WorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflow",
        abstract: "Take workflows out of a server and into one, as ZIP files or directories; compare them.",
        discussion: "Exit codes: 0 done or equal, 1 different (diff), 2 failed.",
        subcommands: [WorkflowExportCommand.self, WorkflowImportCommand.self, WorkflowDiffCommand.self])

    static let failed = ExitCode(2)

    /// Runs with a server, and says on the error stream what failed.
    static func run(_ server: ServerOptions, _ body: (WorkflowClient) async throws -> Void) async throws {
        try await reporting {
            let client = try server.client()
            do {
                try await body(client)
            } catch {
                await client.close()
                throw error
            }
            await client.close()
        }
    }

    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ExitCode {
            throw error
        } catch {
            Output.error("\(error)")
            throw failed
        }
    }
}

struct WorkflowExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a workflow of the server to a ZIP file or a directory.")

    @Argument(help: "The plan's name or id.")
    var plan: String

    @Option(name: .shortAndLong, help: "The file; otherwise NAME.zip.")
    var output: String?

    @Option(help: "A directory for the files, unpacked; documents that are no longer in the workflow are removed.")
    var directory: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await WorkflowCommand.run(server) { client in
            let archive = try await client.export(plan)
            if let directory {
                let documents = try WorkflowArchive.read(archive).documents
                try WorkflowFiles(path: directory).write(documents)
                print("Wrote \(documents.serialized().count) files into \(directory).")
                return
            }
            let path = output ?? "\(plan.replacing("/", with: "_")).zip"
            guard FileManager.default.createFile(atPath: path, contents: Data(archive)) else {
                throw CommandError("\(path) cannot be written. Is there the directory, and may you write in it?")
            }
            print("Wrote \(path), \(archive.count) bytes.")
        }
    }
}

struct WorkflowImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring a workflow from a ZIP file or a directory to the server.")

    @Argument(help: "The ZIP file or the directory.")
    var file: String

    @Flag(help: "Replace the plan of that name, which keeps its keys and secrets.")
    var replace = false

    @Option(help: "The plan's name; otherwise the one in the file.")
    var name: String?

    @Flag(help: "Change nothing, only say what would become of it.")
    var dryRun = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await WorkflowCommand.run(server) { client in
            var query = [("mode", replace ? "replace" : "create")]
            if let name { query.append(("name", name)) }
            if dryRun { query.append(("dryRun", "true")) }
            let report = try await client.import(WorkflowFiles(path: file).archive(), query: query).report
            print("\(dryRun ? "Would \(report.mode)" : "Done: \(report.mode)") plan \(report.plan.name)")
            show("Used", report.used)
            show("Kept, without effect here", report.kept)
            show("Not usable", report.unusable)
            show("To do by hand", report.byHand)
            show("Removed", report.removed)
        }
    }

    private func show(_ title: String, _ lines: [WorkflowImportAnswer.Line]) {
        guard !lines.isEmpty else { return }
        print("\n\(title):")
        for line in lines { print("  \(line.path.isEmpty ? "" : "\(line.path): ")\(line.message)") }
    }
}

struct WorkflowDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare a ZIP file or directory with the server's workflow, or with another file or directory.",
        discussion: "Shows what is different in the second: - is only in the first, + only in the second.")

    @Argument(help: "The ZIP file or the directory.")
    var file: String

    @Argument(help: "Another file or directory, or the plan's name on the server; otherwise the name in the file.")
    var other: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let (file, other) = (WorkflowFiles(path: file), self.other)
        if let other, WorkflowFiles(path: other).exists {
            try await WorkflowCommand.reporting {
                try compare(try file.documents(), try WorkflowFiles(path: other).documents())
            }
            return
        }
        try await WorkflowCommand.run(server) { client in
            let documents = try file.documents()
            guard let name = other ?? WorkflowImport.name(of: documents) else {
                throw CommandError("The file states no name. Add it: tocsin workflow diff \(file.path) NAME")
            }
            try compare(documents, try WorkflowArchive.read(await client.export(name)).documents)
        }
    }

    private func compare(_ before: WorkflowDocuments, _ after: WorkflowDocuments) throws {
        let differences = WorkflowDiff.differences(from: before, to: after)
        for difference in differences { print(difference.lines.joined(separator: "\n")) }
        if !differences.isEmpty { throw ExitCode(1) }
    }
}
