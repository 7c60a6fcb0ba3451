import AlertCore
import Persistence
import TestSupport
import Testing

/// How many alerts shifts have had, on every database.
@Suite(.timeLimit(.minutes(5)))
struct RotationCountsTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    private static func at(_ second: Int) -> Timestamp { start.advanced(by: .seconds(second)) }

    @discardableResult
    private func count(
        _ alert: String, _ shifts: Set<String>, at second: Int, in database: any SQLDatabase
    ) async throws -> [String: Int] {
        try await database.retrying(attempts: 20) { connection in
            try RotationCounts(connection).count(alert: alert, for: shifts, at: Self.at(second))
        }
    }

    @Test(arguments: Backend.available)
    func countsAnAlertOnceAndKnowsThePast(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            #expect(try await count("a1", ["day", "night"], at: 10, in: database) == ["day": 0, "night": 0])
            #expect(try await count("a2", ["day"], at: 20, in: database) == ["day": 1])
            // Again, later, among others: the same answer, and nothing is counted.
            #expect(try await count("a1", ["day"], at: 30, in: database) == ["day": 0])
            #expect(try await count("a3", ["day"], at: 40, in: database) == ["day": 2])
            #expect(try await count("a2", ["day", "night"], at: 50, in: database) == ["day": 1, "night": 1])
            #expect(try await count("a4", [], at: 60, in: database).isEmpty)

            let current = try await database.reading { try RotationCounts($0).current() }
            #expect(current == ["day": 3, "night": 2])
            for (second, counts) in [
                (9, [:]), (10, ["day": 1, "night": 1]), (39, ["day": 2, "night": 1]), (1000, ["day": 3, "night": 2]),
            ] {
                #expect(try await database.reading { try RotationCounts($0).counts(at: Self.at(second)) } == counts)
            }
        }
    }

    @Test(arguments: Backend.available)
    func countsEachOfManyAtOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let seen = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<24 {
                    // Each alert twice.
                    tasks.addTask {
                        try await count("a\(number / 2)", ["x", "y"], at: number, in: database)["x"] ?? -1
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(seen.sorted() == (0..<24).map { $0 / 2 })
            #expect(try await database.reading { try RotationCounts($0).current() } == ["x": 12, "y": 12])
        }
    }

    @Test(arguments: Backend.available)
    func forgetsWhatIsLongAgoButNotHowManyThereWere(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            for number in 0..<3 { try await count("a\(number)", ["day"], at: number, in: database) }
            let later = 500 * 86_400
            #expect(try await count("b", ["day"], at: later, in: database) == ["day": 3])
            let rows = try await database.reading { connection in
                try connection.execute("SELECT alert_id FROM rotation_alerts").map { $0.text(0) }
            }
            #expect(rows == ["b"])
            #expect(try await database.reading { try RotationCounts($0).current() } == ["day": 4])
            #expect(try await count("b", ["day"], at: later + 1, in: database) == ["day": 3])
        }
    }
}
