/// The storage seam. Everything above it is written once; an adapter is a ``SQLConnection`` and the
/// mapping of its library's errors to ``StoreError``.
public protocol SQLDatabase: Sendable {
    /// Runs `body` in one transaction, which commits when `body` returns and rolls back when it
    /// throws. `body` is synchronous: nothing can be awaited while the transaction is open. An adapter
    /// may commit several callers' transactions together; each still happens whole or not at all.
    @discardableResult
    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T

    /// Runs `body` on one consistent snapshot, beside the writers; whatever it writes is refused.
    func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T

    /// Waits for the transactions under way, then closes every connection.
    func close() async
}

/// One open connection, used by one thread at a time.
public protocol SQLConnection: AnyObject {
    /// Which words the database wants where they differ.
    static var dialect: SQLDialect { get }

    /// With what the log seals what is personal; `nil` where nothing is sealed, and what is sealed stays so.
    var vault: PersonVault? { get }

    @discardableResult
    func execute(_ statement: SQL) throws(StoreError) -> [SQLRow]

    /// Inserts many rows at once, in the adapter's fastest way. A row that breaks a unique index fails
    /// all of them with ``StoreError/Code-swift.enum/versionConflict``. The values of one column are all
    /// of one kind or NULL.
    func insert(_ rows: [[SQLValue]], into table: String, columns: [String]) throws(StoreError)
}

extension SQLConnection {
    public var vault: PersonVault? { nil }
}

extension SQLDatabase {
    /// Runs `body` again while the store says that another try can succeed, at most `attempts` times
    /// with a growing pause of 20 ms to 1 s between them.
    @discardableResult
    public func retrying<T: Sendable>(
        attempts: Int = 5, _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        for attempt in 1..<attempts {
            do {
                return try await transaction(body)
            } catch let error as StoreError where error.isRetryable {
                try await Task.sleep(for: .milliseconds(min(10 << attempt, 1000)))
            }
        }
        return try await transaction(body)
    }
}
