import ArgumentParser
import Foundation
import WorkflowArchive

struct WorkflowDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare a ZIP file or folder with the server's workflow, or with another file or folder.",
        discussion: "Shows what is different in the second: - is only in the first, + only in the second.")

    @Argument(help: "The ZIP file or the folder.", completion: .file())
    var file: String

    @Argument(
        help: "Another file or folder, or the workflow's name on the server; otherwise the name in the file.",
        completion: .workflows)
    var other: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let (file, other) = (WorkflowFiles(path: file), self.other)
        try await Ending.reporting {
            if let other, WorkflowFiles(path: other).exists {
                return try compare(try file.documents(), try WorkflowFiles(path: other).documents())
            }
            let documents = try file.documents()
            guard let name = other ?? WorkflowImport.name(of: documents) else {
                throw CommandError("The file states no name. Add it: tocsin workflows diff \(file.path) NAME")
            }
            let client = try server.client()
            let archive: [UInt8]
            do {
                archive = try await client.exported(try await client.find(.workflow, name).text("id"))
            } catch {
                await client.close()
                throw error
            }
            await client.close()
            try compare(documents, try WorkflowArchive.read(archive).documents)
        }
    }

    private func compare(_ before: WorkflowDocuments, _ after: WorkflowDocuments) throws {
        let differences = WorkflowDiff.differences(from: before, to: after)
        Self.show(differences)
        if !differences.isEmpty { throw Ending.negative }
    }

    static func show(_ differences: [WorkflowDifference]) {
        for line in differences.flatMap(\.lines) {
            let code = line.hasPrefix("+") ? "32" : line.hasPrefix("-") ? "31" : line.hasPrefix("~") ? "33" : "0"
            let plain = Output.plain(line, keepingLines: true)
            print(code == "0" ? plain : Output.coloured(plain, code))
        }
    }
}
