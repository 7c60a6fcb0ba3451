import AlertCore
import WorkflowArchive

/// Workflow files. What can be read at all is imported, and what was imported is exported and imported again without
/// a difference.
///
/// The bytes: 0 and an archive; or another one and the documents to pack into one, path and content by turns, with a
/// NUL between two of them.
final class WorkflowTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) {
        guard let choice = bytes.first else { return }
        do {
            let rest = bytes.dropFirst()
            let archive = choice == 0 ? Array(rest) : try WorkflowArchive.pack(files: Self.files(rest))
            let (documents, problems) = try WorkflowArchive.read(archive)
            try check(documents, problems)
        } catch {
            precondition(!"\(error)".isEmpty, "an error without words")
        }
    }

    private static func files(_ bytes: ArraySlice<UInt8>) -> [String: [UInt8]] {
        let parts = bytes.split(separator: 0, maxSplits: 40, omittingEmptySubsequences: false)
        var files: [String: [UInt8]] = [:]
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            files[String(decoding: parts[index], as: UTF8.self)] = Array(parts[index + 1])
        }
        return files
    }

    private func check(_ documents: WorkflowDocuments, _ problems: [ImportNote]) throws {
        let plan = Plan(id: "plan", name: "Plan", created: Timestamp(milliseconds: 0))
        let result = try WorkflowImport(
            into: Workflow(plan: plan), isNew: true, isTaken: { _, _ in false }, knowsRecipient: { $0 != "nobody" }
        ).run(documents, problems: problems)
        let exported = WorkflowExport.documents(of: result.workflow) { $0 != "nobody" }
        let archive = try WorkflowArchive.write(exported)
        let (again, _) = try WorkflowArchive.read(archive)
        let second = try WorkflowImport(
            into: Workflow(plan: plan), isNew: true, isTaken: { _, _ in false }, knowsRecipient: { $0 != "nobody" }
        ).run(again, problems: [])
        let back = WorkflowExport.documents(of: second.workflow) { $0 != "nobody" }
        let written = try WorkflowArchive.write(back)
        precondition(written == archive, "an export that is imported comes out otherwise")
    }
}
