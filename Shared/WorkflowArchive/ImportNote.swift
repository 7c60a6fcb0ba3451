import AlertCore

/// One line of what became of a file: for whoever imported it to read.
public struct ImportNote: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Works as it did.
        case used
        /// Comes out again in an export, and does nothing here.
        case kept
        /// Could not be used, and why; comes out again in an export.
        case unusable
        /// Is left for a person to do.
        case byHand
        /// Was in the plan and is not in the file; only where a plan is replaced.
        case removed
    }

    public let kind: Kind
    /// Where it stands: a path in the archive, and after a colon and a space the place in the document, as in
    /// `forms/Incident/1.json: responses[2].action`.
    public let path: String
    public let message: String

    public init(_ kind: Kind, _ path: String, _ message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    public var json: JSONValue { ["path": .string(path), "message": .string(message)] }
}

/// Gathers what there is to say while a file is read. Of one reading, on one thread.
final class Notes {
    /// A file that is wrong all over needs no more.
    private static let most = 10_000

    private(set) var all: [ImportNote] = []

    func add(_ kind: ImportNote.Kind, _ path: String, _ message: String) {
        if all.count < Self.most { all.append(ImportNote(kind, path, message)) }
    }
}
