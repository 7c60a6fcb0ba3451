import Foundation
import Persistence
import PostgresDatabase
import Testing

private let postgresURL = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"]

/// A server that does not answer costs a connection, not a service.
@Suite(.timeLimit(.minutes(1)))
struct SilentServerTests {
    @Test(.enabled(if: postgresURL != nil, "TEST_POSTGRES_URL is not set"))
    func aSilentConnectionIsGivenUp() async throws {
        let database = PostgresDatabase(url: try #require(postgresURL), connections: 2, timeout: 1)
        let began = ContinuousClock.now
        let error = await #expect(throws: StoreError.self) {
            try await database.transaction { connection in
                // For the client there is no difference to a network that swallows everything.
                _ = try connection.execute("SELECT set_config('statement_timeout', '0', true)")
                _ = try connection.execute("SELECT 1 FROM pg_sleep(30)")
            }
        }
        #expect(error?.code == .unavailable)
        #expect(ContinuousClock.now - began < .seconds(20))
        #expect(try await database.reading { try $0.execute("SELECT 2")[0].integer(0) } == 2)
        #expect(try await database.transaction { try $0.execute("SELECT 3")[0].integer(0) } == 3)
        await database.close()
    }

    @Test(.enabled(if: postgresURL != nil, "TEST_POSTGRES_URL is not set"))
    func aLongStatementIsEndedByTheServer() async throws {
        let database = PostgresDatabase(url: try #require(postgresURL), connections: 2, timeout: 1)
        let error = await #expect(throws: StoreError.self) {
            try await database.reading { try $0.execute("SELECT 1 FROM pg_sleep(30)") }
        }
        #expect(error?.code == .busy)
        await database.close()
    }
}
