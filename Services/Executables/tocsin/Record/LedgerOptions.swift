import ArgumentParser
import Bootstrap

/// Which system, beside its services.
struct LedgerOptions: ParsableArguments {
    @Option(help: "Directory of an all-in-one server; or TOCSIN_DATA.")
    var data: String?

    @Option(help: "PostgreSQL, as in postgresql://user@host/tocsin; or TOCSIN_DATABASE_URL.")
    var database: String?

    func validate() throws {
        if data != nil, database != nil { throw ValidationError("Say --data or --database, not both.") }
    }

    /// Runs with the system, and says on the error stream what failed.
    func run(isNew: Bool = false, _ body: (LedgerAccess) async throws -> Void) async throws {
        try await Ending.reporting {
            let access = try await LedgerAccess.open(data: data, databaseURL: database, isNew: isNew)
            do {
                try await body(access)
            } catch {
                await access.close()
                throw error
            }
            await access.close()
        }
    }
}
