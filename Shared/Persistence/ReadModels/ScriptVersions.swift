import AlertCore
import Crypto
import Foundation

/// One text that a script has had.
public struct ScriptVersion: Equatable, Sendable {
    /// From 1, one more with each change.
    public var number: Int
    /// A target name; empty where it is not known.
    public var author: String
    public var createdAt: Timestamp
    /// SHA-256 of the text in hexadecimal.
    public var hash: String
    /// Bytes of UTF-8.
    public var size: Int
}

/// An entry with a script, whose texts are all kept.
public protocol ScriptOwner: DirectoryEntry {
    var scriptText: String? { get }
    /// The version of ``scriptText``. Set by ``Directory/put(_:by:at:)``, whatever it was before; `nil` in documents
    /// that are older than this, where it counts as 1.
    var scriptVersion: Int? { get set }
}

extension Integration: ScriptOwner {
    public var scriptText: String? { script }
}

extension SharedLibrary: ScriptOwner {
    public var scriptText: String? { script }
}

extension ScriptStep: ScriptOwner {
    public var scriptText: String? { script }
}

extension ScriptOwner {
    /// As the activity of a run names it.
    public var usedScript: Activity.UsedScript {
        Activity.UsedScript(owner: Self.kind, ownerId: id, name: entryName, version: scriptVersion ?? 1)
    }
}

/// Every text that the scripts of an entry have had. Outlives the entry: activities refer to it.
public struct ScriptVersions {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }
    /// In the transaction of the directory.
    public init(_ directory: Directory) { connection = directory.connection }

    /// One page, newest first, and how many there are in all.
    public func list<Owner: ScriptOwner>(
        of owner: Owner, offset: Int, limit: Int
    ) throws -> (total: Int, rows: [ScriptVersion]) {
        let total = try connection.execute(
            "SELECT count(*) FROM script_versions WHERE owner_kind = \(Owner.kind) AND owner_id = \(owner.id)")[0]
        let rows = try connection.execute(
            """
            SELECT number, author, created_at, hash, script FROM script_versions
            WHERE owner_kind = \(Owner.kind) AND owner_id = \(owner.id)
            ORDER BY number DESC LIMIT \(limit) OFFSET \(offset)
            """
        ).map(Self.version)
        if total.integer(0) == 0, let first = try implied(of: owner) {
            return (1, offset == 0 ? [first.version] : [])
        }
        return (Int(total.integer(0)), rows)
    }

    /// A version with its text; `nil` when there is none of that number.
    public func get<Owner: ScriptOwner>(
        _ number: Int, of owner: Owner
    ) throws -> (version: ScriptVersion, script: String)? {
        let row = try connection.execute(
            """
            SELECT number, author, created_at, hash, script FROM script_versions
            WHERE owner_kind = \(Owner.kind) AND owner_id = \(owner.id) AND number = \(number)
            """
        ).first
        if let row { return (Self.version(row), row.text(4)) }
        return number == 1 && owner.scriptVersion == nil ? try implied(of: owner) : nil
    }

    /// Keeps the text of an entry that is about to be written, if it is a new one.
    /// - Parameter before: The entry as it is; `nil` when it is new.
    /// - Returns: The number of the text; `nil` when there is no script.
    func keep<Owner: ScriptOwner>(
        _ entry: Owner, before: Owner?, by author: String, at now: Timestamp
    ) throws -> Int? {
        guard entry.scriptText != before?.scriptText else { return before?.scriptVersion }
        var last = try connection.execute(
            """
            SELECT max(number) FROM script_versions WHERE owner_kind = \(Owner.kind) AND owner_id = \(entry.id)
            """)[0].optionalInteger(0)
        if last == nil, let before, let first = try implied(of: before) {
            try insert(first.script, as: 1, of: before, by: "", at: first.version.createdAt)
            last = 1
        }
        guard let script = entry.scriptText else { return nil }
        let number = Int(last ?? 0) + 1
        try insert(script, as: number, of: entry, by: author, at: now)
        return number
    }

    /// The version of an entry that is older than this table.
    private func implied<Owner: ScriptOwner>(of owner: Owner) throws -> (version: ScriptVersion, script: String)? {
        let row = try connection.execute(
            "SELECT updated_at FROM directory WHERE kind = \(Owner.kind) AND id = \(owner.id)"
        ).first
        guard let row, let script = owner.scriptText else { return nil }
        let version = ScriptVersion(
            number: 1, author: "", createdAt: Timestamp(milliseconds: row.integer(0)), hash: Self.hash(of: script),
            size: script.utf8.count)
        return (version, script)
    }

    private func insert<Owner: ScriptOwner>(
        _ script: String, as number: Int, of owner: Owner, by author: String, at time: Timestamp
    ) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO script_versions (owner_kind, owner_id, number, author, created_at, hash, script)
            VALUES (\(Owner.kind), \(owner.id), \(number), \(author), \(time.milliseconds),
            \(Self.hash(of: script)), \(script))
            """)
    }

    private static func version(_ row: SQLRow) -> ScriptVersion {
        ScriptVersion(
            number: Int(row.integer(0)), author: row.text(1), createdAt: Timestamp(milliseconds: row.integer(2)),
            hash: row.text(3), size: row.text(4).utf8.count)
    }

    private static func hash(of script: String) -> String { SHA256.hash(data: Data(script.utf8)).hexadecimal }
}

/// Texts that authors try before saving them.
public struct ScriptDrafts {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func put(_ script: String, for requestId: String, at now: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO script_drafts (request_id, script, created_at)
            VALUES (\(requestId), \(script), \(now.milliseconds)) ON CONFLICT (request_id) DO NOTHING
            """)
    }

    public func get(_ requestId: String) throws(StoreError) -> String? {
        try connection.execute("SELECT script FROM script_drafts WHERE request_id = \(requestId)").first?.text(0)
    }
}
