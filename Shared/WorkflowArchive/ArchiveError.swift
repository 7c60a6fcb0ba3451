/// Why a file is no workflow, or may not be read: nothing of it was used.
public struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The entry of the archive; `nil` when it is about all of it.
    public let entry: String?
    /// A clause without its subject, as in "is encrypted".
    public let problem: String

    public init(_ entry: String? = nil, _ problem: String) {
        self.entry = entry
        self.problem = problem
    }

    public var description: String {
        "\(entry.map { "the entry \($0.prefix(200))" } ?? "the archive") \(problem)"
    }
}

/// How large a workflow's file may be. Those of the platform have some hundred kilobytes.
public enum ArchiveLimits {
    /// Bytes of the archive.
    public static let archive = 32 << 20
    public static let entries = 5000
    /// Bytes of all entries together, unpacked.
    public static let unpacked = 128 << 20
    /// Bytes of one entry, unpacked.
    public static let entry = 32 << 20
    /// Bytes of an entry's name.
    public static let name = 1000
    /// Bytes of one file that is no document of the format, such as an image.
    public static let keptFile = 4 << 20
    /// Bytes of all such files.
    public static let keptFiles = 16 << 20
    /// JSON values of all documents.
    public static let values = 2_000_000
    /// Arrays and objects within each other.
    public static let depth = 64
}
