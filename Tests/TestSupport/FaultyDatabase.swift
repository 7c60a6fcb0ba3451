import Foundation
import Persistence

/// A database that fails on demand, in the two ways that matter: before the commit, when nothing has
/// happened, and after it, when everything has happened and the caller cannot know.
public final class FaultyDatabase: SQLDatabase, @unchecked Sendable {  // `faults` under `lock` only
    public enum Fault: CaseIterable, Sendable { case beforeCommit, afterCommit }

    private let database: any SQLDatabase
    private let lock = NSLock()
    private var faults: [Fault]

    public init(_ database: any SQLDatabase, faults: [Fault]) {
        self.database = database
        self.faults = faults
    }

    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        let fault = lock.withLock { faults.popLast() }
        let result = try await database.transaction { connection in
            let result = try body(connection)
            if fault == .beforeCommit { throw StoreError(.unavailable, "injected before the commit") }
            return result
        }
        if fault == .afterCommit { throw StoreError(.unavailable, "injected after the commit") }
        return result
    }

    public func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await database.reading(body)
    }

    public func close() async { await database.close() }
}
