/// Why the store did not do what it was asked. Callers switch on ``code``; people read the rest.
public struct StoreError: Error, Equatable, CustomStringConvertible {
    public enum Code: Equatable, Sendable {
        /// Somebody else appended first: load again, decide again.
        case versionConflict
        /// The database refused for now: lock timeout, deadlock, too many connections.
        case busy
        /// The database cannot be reached, or went away. The transaction **may have committed**.
        case unavailable
        /// A statement or a row is wrong: a bug, never retried.
        case invalid
    }

    public let code: Code
    public let detail: String

    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// Whether running the same transaction again can succeed. Sound after `.unavailable` too, for
    /// a transaction that saves its own checkpoint or expects a version.
    public var isRetryable: Bool { code != .invalid }
    public var description: String { "store \(code): \(detail)" }
}
