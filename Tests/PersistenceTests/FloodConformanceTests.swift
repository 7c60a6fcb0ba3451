import AlertCore
import Persistence
import TestSupport
import Testing

/// The stores of flood control and of tokens, on every database.
@Suite(.timeLimit(.minutes(5)))
struct FloodConformanceTests {
    let start = Timestamp(milliseconds: 1_790_000_000_000)
    let limit = FloodLimit(count: 5, periodSeconds: 60)!

    @Test(arguments: Backend.available)
    func exactlyTheLimitPassesHoweverManyComeAtOnce(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let verdicts = try await withThrowingTaskGroup(of: Bool.self) { tasks in
            for number in 0..<30 {
                tasks.addTask {
                    try await database.retrying(attempts: 20) { connection in
                        try FloodWindows(connection).decide(
                            "r\(number)", key: "k", limit: limit, rule: "rule", at: start)
                    } == nil
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(verdicts.filter { $0 }.count == 5)
        await database.close()
    }

    /// Run again a long time later, among others: what was decided stays.
    @Test(arguments: Backend.available)
    func aRequestIsDecidedOnce(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        func decide(_ id: String, _ second: Int) async throws -> Suppression? {
            try await database.transaction { connection in
                try FloodWindows(connection).decide(
                    id, key: "k", limit: limit, rule: "rule", at: start.advanced(by: .seconds(second)))
            }
        }
        for number in 0..<5 { #expect(try await decide("r\(number)", 0) == nil) }
        let suppression = Suppression(rule: "rule", until: start.advanced(by: .seconds(60)))
        #expect(try await decide("late", 1) == suppression)
        #expect(try await decide("r0", 2) == nil)
        #expect(try await decide("late", 1000) == suppression)
        #expect(try await decide("new", 1000) == nil)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func windowsThatSayNothingAreSweptOut(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        for (key, second) in [("a", 0), ("b", 1), ("c", 200)] {
            try await database.transaction { connection in
                let store = FloodWindows(connection)
                var windows = try store.lock([key])
                let at = start.advanced(by: .seconds(second))
                _ = windows[key]?.admit(.init(id: key, at: at), limit: limit)
                try store.put(windows, limit: limit, at: at)
            }
        }
        let left = try await database.reading {
            try $0.execute("SELECT window_key FROM flood_windows").map { $0.text(0) }
        }
        #expect(left == ["c"])
        await database.close()
    }

    @Test(arguments: Backend.available)
    func ofManyWhoExchangeARefreshTokenOneGetsIt(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let grant = RefreshTokens.Grant(person: "p", stamp: "s", family: "f")
        try await database.transaction { try RefreshTokens($0).add("token", for: grant, at: start) }
        let got = try await withThrowingTaskGroup(of: RefreshTokens.Grant?.self) { tasks in
            for _ in 0..<6 {
                tasks.addTask { try await database.retrying { try RefreshTokens($0).use("token", at: start) } }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(got.compactMap { $0 } == [grant])
        #expect(try await database.reading { try $0.execute("SELECT 1 FROM refresh_tokens") }.isEmpty)
        await database.close()
    }

    /// Many at once on a database without a schema, again and again.
    @Test(arguments: Backend.available)
    func anyNumberOfProcessesMayMigrate(on backend: Backend) async throws {
        for _ in 0..<5 {
            let database = try await backend.makeEmptyDatabase()
            let migrator = try Migrator.bundled()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<8 { tasks.addTask { try await migrator.run(on: database) } }
                try await tasks.waitForAll()
            }
            #expect(try await migrator.pending(on: database).isEmpty)
            await database.close()
        }
    }
}
