import AlertCore

/// A database in whose log what is personal is sealed: every connection that it hands out has the vault.
public struct SealingDatabase: SQLDatabase {
    private let database: any SQLDatabase
    public let vault: PersonVault

    public init(_ database: any SQLDatabase, vault: PersonVault) {
        self.database = database
        self.vault = vault
    }

    @discardableResult
    public func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await database.transaction { [vault] connection in try body(Self.with(vault, connection)) }
    }

    public func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await database.reading { [vault] connection in try body(Self.with(vault, connection)) }
    }

    public func close() async { await database.close() }

    private static func with<Base: SQLConnection>(_ vault: PersonVault, _ connection: Base) -> any SQLConnection {
        SealingConnection(connection, vault: vault)
    }
}

/// Passes everything on.
private final class SealingConnection<Base: SQLConnection>: SQLConnection {
    static var dialect: SQLDialect { Base.dialect }

    let vault: PersonVault?
    private let connection: Base

    init(_ connection: Base, vault: PersonVault) {
        self.connection = connection
        self.vault = vault
    }

    func execute(_ statement: SQL) throws(StoreError) -> [SQLRow] { try connection.execute(statement) }

    func insert(_ rows: [[SQLValue]], into table: String, columns: [String]) throws(StoreError) {
        try connection.insert(rows, into: table, columns: columns)
    }
}
