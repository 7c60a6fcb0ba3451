import AlertCore
import Foundation

/// The files of a workflow: its documents as JSON, and what else lies beside them.
public struct WorkflowDocuments: Hashable, Sendable {
    /// By path below the root.
    public var documents: [String: JSONValue]
    /// Files that are no JSON, or stand where the format has no document.
    public var files: [String: [UInt8]]

    public init(documents: [String: JSONValue] = [:], files: [String: [UInt8]] = [:]) {
        self.documents = documents
        self.files = files
    }

    /// Each document pretty-printed, each file as it is.
    public func serialized() -> [String: [UInt8]] {
        files.merging(documents.mapValues(JSONText.pretty)) { _, document in document }
    }
}

/// Reads and writes the file of a workflow (spec §7.1).
public enum WorkflowArchive {
    public static let mediaType = "application/zip"

    /// Total: any bytes give documents or an error.
    ///
    /// - Returns: The documents, and problems with some of the files, which are then among `files`.
    /// - Throws: `ArchiveError` when the archive is broken, too large, or no workflow at all.
    public static func read(
        _ archive: [UInt8]
    ) throws(ArchiveError) -> (documents: WorkflowDocuments, problems: [ImportNote]) {
        var files: [String: [UInt8]] = [:]
        for entry in try ZIPReader.entries(of: archive) { files[entry.name] = entry.bytes }
        return try read(files: files)
    }

    /// The same for files that are unpacked already, by their paths.
    public static func read(
        files: [String: [UInt8]]
    ) throws(ArchiveError) -> (documents: WorkflowDocuments, problems: [ImportNote]) {
        let wanted = files.filter { !WorkflowPaths.isLitter($0.key) }
        guard wanted.count <= ArchiveLimits.entries else {
            throw ArchiveError(nil, "has more than \(ArchiveLimits.entries) entries")
        }
        let root = try WorkflowPaths.root(of: wanted.keys)
        var result = WorkflowDocuments()
        var problems: [ImportNote] = []
        var values = ArchiveLimits.values
        for (whole, bytes) in wanted.sorted(by: { $0.key < $1.key }) {
            guard whole.hasPrefix(root) else {
                problems.append(ImportNote(.unusable, whole, "stands beside the workflow and was left out"))
                continue
            }
            let path = String(whole.dropFirst(root.count))
            guard WorkflowPaths.isDocument(path) else {
                result.files[path] = bytes
                continue
            }
            do throws(JSONParser.Problem) {
                result.documents[path] = try JSONParser.parse(bytes, values: &values)
            } catch {
                guard values >= 0 else { throw ArchiveError(whole, error.text) }
                result.files[path] = bytes
                problems.append(ImportNote(.unusable, path, "is not valid JSON: it \(error.text)"))
            }
        }
        return (result, problems)
    }

    /// Whether the format has a document of that path; others are files that only lie beside.
    public static func isDocument(_ path: String) -> Bool { WorkflowPaths.isDocument(path) }

    /// Files as an archive, whatever they hold: ``read(_:)`` says what is wrong with them.
    public static func pack(files: [String: [UInt8]]) throws(ArchiveError) -> [UInt8] {
        try ZIPWriter.archive(of: files)
    }

    /// The same documents give the same bytes.
    public static func write(_ documents: WorkflowDocuments) throws(ArchiveError) -> [UInt8] {
        try ZIPWriter.archive(of: documents.serialized())
    }
}

/// Where things stand in an archive.
enum WorkflowPaths {
    static let engine = "engine.json"
    static let properties = "properties/properties.json"
    static let integrations = "integrations/integrations.json"
    static let scriptSteps = "integrations/scriptSteps.json"
    static let libraries = "integrations/sharedfunctions.json"
    static let triggerFilters = "integrations/triggerFilters.json"

    private static let fixed: Set<String> = [
        engine, properties, integrations, scriptSteps, libraries, triggerFilters,
    ]

    static func isDocument(_ path: String) -> Bool { fixed.contains(path) || isForm(path) || isCanvas(path) }

    static func isForm(_ path: String) -> Bool { path.hasPrefix("forms/") && path.hasSuffix(".json") }

    static func isCanvas(_ path: String) -> Bool { path.hasPrefix("canvases/") && path.hasSuffix(".json") }

    /// What programs that make archives leave behind.
    static func isLitter(_ path: String) -> Bool {
        path.hasPrefix("__MACOSX/") || path.hasSuffix(".DS_Store") || path.hasSuffix("Thumbs.db")
    }

    /// The folder, with its slash, that the documents are in: the archive's root, or one folder in it.
    static func root(of paths: some Collection<String>) throws(ArchiveError) -> String {
        if paths.contains(where: isDocument) { return "" }
        let folders = Set(
            paths.compactMap { path -> String? in
                guard let slash = path.firstIndex(of: "/") else { return nil }
                let rest = path[path.index(after: slash)...]
                return isDocument(String(rest)) ? String(path[...slash]) : nil
            })
        guard let folder = folders.first else {
            throw ArchiveError(nil, "holds no workflow: there is neither engine.json nor a form or an integration")
        }
        guard folders.count == 1 else {
            let names = folders.sorted().prefix(5).joined(separator: ", ")
            throw ArchiveError(nil, "holds several workflows: \(names)")
        }
        return folder
    }

    /// A name as part of a path.
    static func safe(_ name: String) -> String {
        let text = String(name.map { $0 == "/" || $0 == "\\" || $0 == ":" || $0.isNewline || $0 == "\0" ? "_" : $0 })
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        return trimmed.isEmpty || trimmed.hasPrefix(".") ? "_\(trimmed)" : trimmed
    }

    /// A path that is not taken, ignoring case: `1.json`, `2.json`, ….
    static func free(among taken: Set<String>, _ path: (Int) -> String) -> String {
        var number = 1
        while taken.contains(path(number).lowercased()) { number += 1 }
        return path(number)
    }
}
