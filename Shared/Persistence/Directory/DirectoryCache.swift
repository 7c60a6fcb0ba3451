import AlertCore
import Foundation

/// The directory in memory, for services at run time. Follows the database by its version: an unchanged
/// directory costs one row each `interval`, a changed one the rows that have changed.
public final class DirectoryCache: @unchecked Sendable {  // every stored variable is guarded by `lock`
    private struct Loaded: Sendable {
        let view: DirectoryView
        let entries: DirectoryEntries
    }

    private let database: any SQLDatabase
    private let interval: Duration
    private let lock = NSLock()
    private var loaded: Loaded?
    /// When the newest look at the database that has succeeded began.
    private var lookedAt: ContinuousClock.Instant?
    /// A look that began before this is not good enough.
    private var invalidatedAt: ContinuousClock.Instant?
    private var isLooking = false

    /// - Parameter interval: For how long a look at the database is good enough.
    public init(database: any SQLDatabase, interval: Duration = .milliseconds(50)) {
        self.database = database
        self.interval = interval
    }

    /// The directory as it was at most about `interval` ago, and after the last ``invalidate()``.
    /// - Throws: `StoreError` when the database does not answer.
    public func current() async throws -> DirectoryView {
        if let view = lock.withLock({ goodEnough(at: .now) }) { return view }
        return try await refreshed()
    }

    /// The directory as it is now, whatever was read before.
    /// - Throws: `StoreError` when the database does not answer.
    @discardableResult
    public func refreshed() async throws -> DirectoryView {
        let began = ContinuousClock.now
        let known = lock.withLock { loaded }
        do {
            let fresh = try await database.reading { connection in try Self.load(after: known, from: connection) }
            return lock.withLock { keep(fresh, from: began) }
        } catch {
            lock.withLock { isLooking = false }
            throw error
        }
    }

    /// Makes the next ``current()`` look at the database: called after a change, so that who made it sees it.
    public func invalidate() {
        lock.withLock { invalidatedAt = .now }
    }

    /// What there is when it may be used. Of those who come when it is out of date, one looks at the database,
    /// and the others take what there is meanwhile.
    private func goodEnough(at now: ContinuousClock.Instant) -> DirectoryView? {
        guard let loaded, let lookedAt else { return nil }
        if let invalidatedAt, lookedAt <= invalidatedAt { return nil }
        if now < lookedAt + interval || isLooking { return loaded.view }
        isLooking = true
        return nil
    }

    private func keep(_ fresh: Loaded, from began: ContinuousClock.Instant) -> DirectoryView {
        isLooking = false
        if let loaded, loaded.view.version > fresh.view.version { return loaded.view }
        loaded = fresh
        lookedAt = max(lookedAt ?? began, began)
        return fresh.view
    }

    /// One snapshot: the version's row is locked by every change until its commit, so that what has a smaller
    /// version is all there.
    private static func load(after known: Loaded?, from connection: any SQLConnection) throws -> Loaded {
        let version = try Directory(connection).version()
        if let known, known.view.version == version { return known }
        // A version that went back belongs to another database, a restored one: all is read anew.
        let base = known.flatMap { $0.view.version < version ? $0 : nil }
        let since = base?.view.version ?? 0
        var entries = base?.entries ?? DirectoryEntries()
        let gone = try connection.execute("SELECT kind, id FROM directory_deletions WHERE version > \(since)")
        for row in gone {
            try entries.apply(kind: row.text(0), id: row.text(1), document: nil)
            if row.text(0) == Integration.kind { entries.integrationVersions[row.text(1)] = nil }
        }
        let changed = try connection.execute(
            "SELECT kind, id, document, version FROM directory WHERE version > \(since)")
        for row in changed {
            try entries.apply(kind: row.text(0), id: row.text(1), document: row.text(2))
            if row.text(0) == Integration.kind { entries.integrationVersions[row.text(1)] = row.integer(3) }
        }
        return Loaded(view: DirectoryView(version: version, entries: entries), entries: entries)
    }
}
