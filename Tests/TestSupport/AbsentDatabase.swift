import Foundation
import Persistence

/// A database that does not answer for as long as a test wants it so.
public final class AbsentDatabase: SQLDatabase, @unchecked Sendable {  // `absent` under `lock` only
    private let database: any SQLDatabase
    private let lock = NSLock()
    private var absent = false

    public init(_ database: any SQLDatabase) { self.database = database }

    public var isAbsent: Bool {
        get { lock.withLock { absent } }
        set { lock.withLock { absent = newValue } }
    }

    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try check()
        return try await database.transaction(body)
    }

    public func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try check()
        return try await database.reading(body)
    }

    public func close() async { await database.close() }

    private func check() throws {
        if isAbsent { throw StoreError(.unavailable, "no answer") }
    }
}
