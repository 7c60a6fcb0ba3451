import Foundation
import WorkflowArchive

/// The files of a workflow on a disk: in an archive, or unpacked in a directory.
struct WorkflowFiles {
    let path: String

    private var isDirectory: Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// An archive's bytes; of a directory, those of the archive that it would be.
    func archive() throws -> [UInt8] {
        guard exists else { throw CommandError("There is no file \(path).") }
        do {
            return isDirectory ? try WorkflowArchive.pack(files: unpacked()) : try bytes(of: path)
        } catch let error as ArchiveError {
            throw CommandError("\(path): \(error).")
        }
    }

    func documents() throws -> WorkflowDocuments {
        guard exists else { throw CommandError("There is no file \(path).") }
        do {
            let read =
                isDirectory ? try WorkflowArchive.read(files: unpacked()) : try WorkflowArchive.read(bytes(of: path))
            for problem in read.problems { Output.error("\(path): \(problem.path): \(problem.message)") }
            return read.documents
        } catch let error as ArchiveError {
            throw CommandError("\(path): \(error).")
        }
    }

    /// This one, or of a folder that holds only folders of workflows, each of those.
    /// - Throws: `CommandError` when there is none.
    func workflows() throws -> [WorkflowFiles] {
        guard exists else { throw CommandError("There is no file \(path).") }
        guard isDirectory else { return [self] }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
        if !Self.marks.isDisjoint(with: names) { return [self] }
        let inner = names.map { WorkflowFiles(path: "\(path)/\($0)") }.filter { file in
            file.path.hasSuffix(".zip") || file.holdsDocuments
        }
        guard !inner.isEmpty else {
            throw CommandError("\(path) holds no workflow: there is no engine.json in it, nor in a folder of it.")
        }
        return inner
    }

    /// What a folder of a workflow has one of.
    private static let marks: Set = ["engine.json", "properties", "forms", "integrations", "canvases"]

    private var holdsDocuments: Bool {
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)  // a file is no folder of documents
        return names.map { !Self.marks.isDisjoint(with: $0) } ?? false
    }

    /// What cannot be read in it.
    func problems() throws -> [String] {
        let read: (documents: WorkflowDocuments, problems: [ImportNote])
        do {
            read =
                isDirectory ? try WorkflowArchive.read(files: unpacked()) : try WorkflowArchive.read(bytes(of: path))
        } catch let error as ArchiveError {
            return ["\(error)"]
        }
        var problems = read.problems.map { "\($0.path): \($0.message)" }
        if WorkflowImport.name(of: read.documents) == nil { problems.append("engine.json: it states no name") }
        return problems
    }

    /// Leaves alone what starts with a dot: a repository's own files.
    private func unpacked() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        guard let names = FileManager.default.enumerator(atPath: path) else {
            throw CommandError("\(path) cannot be read.")
        }
        var total = 0
        while let name = names.nextObject() as? String {
            if name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) { continue }
            guard names.fileAttributes?[.type] as? FileAttributeType == .typeRegular else { continue }
            files[name] = try bytes(of: "\(path)/\(name)")
            total += files[name]?.count ?? 0
            guard files.count <= ArchiveLimits.entries, total <= ArchiveLimits.unpacked else {
                throw CommandError("\(path) holds too much for a workflow.")
            }
        }
        return files
    }

    private func bytes(of path: String) throws -> [UInt8] {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // said below
        guard let size = (attributes?[.size] as? NSNumber)?.intValue, size <= ArchiveLimits.entry,
            let data = FileManager.default.contents(atPath: path)
        else { throw CommandError("\(path) cannot be read, or has more than \(ArchiveLimits.entry) bytes.") }
        return Array(data)
    }

    /// Writes the documents into a directory, pretty-printed with sorted keys; documents that are there and no longer
    /// in the workflow are removed, other files stay.
    func write(_ documents: WorkflowDocuments) throws {
        let files = documents.serialized()
        let before = isDirectory ? try unpacked() : [:]
        do {
            for name in before.keys where WorkflowArchive.isDocument(name) && files[name] == nil {
                try FileManager.default.removeItem(atPath: "\(path)/\(name)")
            }
            for (name, bytes) in files {
                let url = URL(filePath: path).appending(path: name)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(bytes).write(to: url)
            }
        } catch {
            throw CommandError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
