import Foundation
import Persistence
import SQLiteDatabase

/// Copies of the database of an all-in-one server: taken while it runs, put back while it does not.
///
/// A copy is a SQLite file of one moment. The secret key is put beside it, as `FILE.key`, as without it no sealed
/// secret of the copy can be opened: whoever has both has everything, so they are best kept apart.
public struct DatabaseBackup: Sendable {
    /// Why nothing was copied or put back.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
        /// What is wrong with the log of a copy; empty when it is something else.
        public var faults: [LogFault] = []
    }

    /// What was done.
    public struct Outcome: Codable, Sendable {
        public var file: String
        public var bytes: Int64
        /// Where the secret key was put, or `nil`.
        public var key: String?
        /// Events whose chains were verified.
        public var events: Int64
    }

    private static let database = "tocsin.db"
    private static let key = "secret.key"
    /// Tenths of a second.
    private static let patience = 20

    private let folder: URL

    /// - Parameter data: The directory of the server.
    public init(data: String) { folder = URL(filePath: data, directoryHint: .isDirectory) }

    // MARK: - Taking one

    /// Copies the database into a file that only its owner can read, there whole or not at all, and looks at the copy.
    /// - Parameter hasKey: Whether the secret key is copied, too.
    public func take(to path: String, hasKey: Bool) async throws -> Outcome {
        let source = folder.appending(path: Self.database).path()
        guard FileManager.default.fileExists(atPath: source) else {
            throw Refusal(description: "There is no database \(source).")
        }
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Refusal(description: "\(path) is there already; a backup replaces nothing.")
        }
        let draft = "\(path).part"
        try remove(draft)
        let mask = umask(0o077)
        defer { umask(mask) }
        do {
            // One statement of SQLite's own: a snapshot beside whoever writes, without what was deleted.
            try SQLiteConnection(path: source).execute("VACUUM INTO \(draft)")
            try checkIntegrity(draft)
            try synchronize(draft)
            let report = try await verify(draft)
            guard report.isIntact else {
                throw Refusal(description: "The log of the copy is not as it was written.", faults: report.faults)
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: draft)
            let copiedKey = hasKey ? try copyKey(to: "\(path).key") : nil
            try move(draft, to: path)
            return Outcome(file: path, bytes: try size(path), key: copiedKey, events: report.events)
        } catch {
            try? remove(draft)  // the first error says more
            throw error
        }
    }

    private func copyKey(to path: String) throws -> String? {
        let key = folder.appending(path: Self.key).path()
        guard let bytes = FileManager.default.contents(atPath: key) else { return nil }
        guard
            FileManager.default.createFile(atPath: path, contents: bytes, attributes: [.posixPermissions: 0o600])
        else { throw Refusal(description: "\(path) cannot be written.") }
        try synchronize(path)
        return path
    }

    // MARK: - Putting one back

    /// Puts a copy into the directory, after its chains were verified. What was there is kept beside it, as
    /// `tocsin.db.replaced`.
    /// - Parameters:
    ///   - key: The file with the secret key; `nil` for `FILE.key`, if it is there.
    ///   - isReplacing: Whether a database that is there gives way.
    public func restore(from path: String, key: String?, isReplacing: Bool) async throws -> Outcome {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Refusal(description: "There is no file \(path).")
        }
        let key = key ?? (FileManager.default.fileExists(atPath: "\(path).key") ? "\(path).key" : nil)
        let keyBytes = try key.map { file in
            guard let bytes = FileManager.default.contents(atPath: file) else {
                throw Refusal(description: "\(file) cannot be read.")
            }
            return bytes
        }
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let target = folder.appending(path: Self.database).path()
        let isThere = FileManager.default.fileExists(atPath: target)
        if isThere {
            guard isReplacing else {
                throw Refusal(description: "There is a database \(target). Add --replace if it is to give way.")
            }
            try await requireUnused(target)
        }
        let mask = umask(0o077)
        defer { umask(mask) }
        let draft = folder.appending(path: "\(Self.database).restoring").path()
        for suffix in ["", "-wal", "-shm"] { try remove(draft + suffix) }
        try FileManager.default.copyItem(atPath: path, toPath: draft)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: draft)
        do {
            try checkIntegrity(draft)
            let report = try await verify(draft)
            guard report.isIntact else {
                throw Refusal(description: "The log of \(path) is not as it was written.", faults: report.faults)
            }
            try synchronize(draft)
            if isThere { try setAside(target) }
            try putKey(keyBytes)
            try move(draft, to: target)
            return Outcome(
                file: target, bytes: try size(target),
                key: keyBytes == nil ? nil : folder.appending(path: Self.key).path(),
                events: report.events)
        } catch {
            for suffix in ["", "-wal", "-shm"] { try? remove(draft + suffix) }  // the first error says more
            throw error
        }
    }

    private func setAside(_ target: String) throws {
        for suffix in ["-wal", "-shm"] { try remove(target + suffix) }
        try remove("\(target).replaced")
        try move(target, to: "\(target).replaced")
    }

    private func putKey(_ bytes: Data?) throws {
        guard let bytes else { return }
        let target = folder.appending(path: Self.key).path()
        if let present = FileManager.default.contents(atPath: target) {
            guard present != bytes else { return }
            try remove("\(target).replaced")
            try move(target, to: "\(target).replaced")
        }
        guard
            FileManager.default.createFile(atPath: target, contents: bytes, attributes: [.posixPermissions: 0o600])
        else { throw Refusal(description: "\(target) cannot be written.") }
        try synchronize(target)
    }

    /// What is in the write-ahead log is in the file afterwards. Only the last connection can leave the mode in which a
    /// server works; those of ours that were closed go with their threads, a moment later.
    /// - Throws: ``Refusal`` while somebody has the file open.
    private func requireUnused(_ path: String) async throws {
        for _ in 0..<Self.patience {
            if try isAlone(path) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Refusal(description: "\(path) is in use: stop the server first.")
    }

    private func isAlone(_ path: String) throws -> Bool {
        do {
            return try SQLiteConnection(path: path).execute("PRAGMA journal_mode = DELETE").first?.optionalText(0)
                == "delete"
        } catch {
            guard error.code == .busy else { throw error }
            return false
        }
    }

    // MARK: - Looking at a copy

    private func checkIntegrity(_ path: String) throws {
        let connection = try SQLiteConnection(path: path)
        let problems = try connection.execute("PRAGMA integrity_check(10)").compactMap { $0.optionalText(0) }
        guard problems == ["ok"] else {
            throw Refusal(description: "\(path) is damaged: \(problems.joined(separator: "; ")).")
        }
        // A file of its own, without a write-ahead log beside it.
        try connection.execute("PRAGMA journal_mode = DELETE")
    }

    private func verify(_ path: String) async throws -> VerificationReport {
        let database = try SQLiteDatabase(path: path)
        do {
            let report = try await LogVerification.verify(database)
            await database.close()
            try await requireUnused(path)
            return report
        } catch {
            await database.close()
            throw error
        }
    }

    // MARK: - Files

    private func size(_ path: String) throws -> Int64 {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        return size?.int64Value ?? 0
    }

    private func remove(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    private func synchronize(_ path: String) throws {
        guard let file = FileHandle(forUpdatingAtPath: path) else {
            throw Refusal(description: "\(path) cannot be written.")
        }
        try file.synchronize()
        try file.close()
    }

    private func move(_ path: String, to other: String) throws {
        guard rename(path, other) == 0 else {
            throw Refusal(description: "\(other) cannot be written: \(String(cString: strerror(errno))).")
        }
    }
}
