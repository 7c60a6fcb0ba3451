import AlertCore
import Persistence
import TestSupport
import Testing

/// Checkpoints, due work, migrations and read models on every backend.
@Suite struct StoreConformanceTests {
    let noon = Timestamp(milliseconds: 1_790_000_000_000)

    @Test(arguments: Backend.available)
    func aCheckpointIsMovedByWhoeverSawItLast(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { connection in
            let checkpoint = Checkpoint(group: "g", partition: "t/0", in: connection)
            #expect(try checkpoint.next() == 0)
            try checkpoint.save(next: 10, expecting: 0)
        }
        let error = await #expect(throws: StoreError.self) {
            try await database.transaction { connection in
                try Checkpoint(group: "g", partition: "t/0", in: connection).save(next: 12, expecting: 0)
            }
        }
        #expect(error?.code == .versionConflict)
        try await database.transaction { connection in
            let checkpoint = Checkpoint(group: "g", partition: "t/0", in: connection)
            try checkpoint.save(next: 11, expecting: 10, mark: "10@1")
            #expect(try checkpoint.place() == (11, "10@1"))
            try checkpoint.save(next: 12, expecting: 11)
            #expect(try checkpoint.place() == (12, nil), "the mark of another message")
        }
        await database.close()
    }

    /// Two owners read the same checkpoint, and both try to commit their effects: one of them gets nothing.
    @Test(arguments: Backend.available)
    func aZombieDoesNotCountTwice(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction {
            try Checkpoint(group: "g", partition: "t/0", in: $0).save(next: 1, expecting: 0)
        }
        let committed = await withTaskGroup(of: Bool.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask {
                    do {
                        try await database.transaction { connection in
                            try connection.execute(
                                """
                                INSERT INTO alert_number_head (next_number) VALUES (1)
                                """)
                            try Checkpoint(group: "g", partition: "t/0", in: connection).save(next: 2, expecting: 1)
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(committed == 1)
        let rows = try await database.reading {
            try $0.execute("SELECT count(*) FROM alert_number_head")[0].integer(0)
        }
        #expect(rows == 2)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func dueWorkIsLeasedAndComesBack(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { [noon] connection in
            let work = DueWork(connection)
            try work.schedule("late", kind: "k", partition: 1, payload: "{}", at: noon.advanced(by: .seconds(60)))
            try work.schedule("now", kind: "k", partition: 1, payload: "p", at: noon)
            try work.schedule("other", kind: "k", partition: 2, payload: "{}", at: noon)
            #expect(try work.nextDue(kind: "k", partition: 1) == noon)
            let claimed = try work.claim(kind: "k", partition: 1, now: noon, lease: .seconds(30), limit: 10)
            #expect(claimed.map(\.id) == ["now"] && claimed.map(\.payload) == ["p"])
            #expect(try work.claim(kind: "k", partition: 1, now: noon, lease: .seconds(30), limit: 10).isEmpty)
            #expect(try work.nextDue(kind: "k", partition: 1) == noon.advanced(by: .seconds(30)))
            let later = noon.advanced(by: .seconds(31))
            #expect(try work.claim(kind: "k", partition: 1, now: later, lease: .seconds(30), limit: 10).count == 1)
            try work.endLeases(kind: "k", partition: 1)
            #expect(try work.claim(kind: "k", partition: 1, now: later, lease: .seconds(30), limit: 10).count == 1)
            try work.endLeases(kind: "k", partition: 1, until: noon.advanced(by: .seconds(30)))  // an older claim's
            #expect(try work.nextDue(kind: "k", partition: 1) == noon.advanced(by: .seconds(60)))  // that of "late"
            try work.endLeases(kind: "k", partition: 1, until: later.advanced(by: .seconds(30)))
            #expect(try work.nextDue(kind: "k", partition: 1) == noon)
            try work.finish(["now"], kind: "k")
            #expect(try work.nextDue(kind: "k", partition: 1) == noon.advanced(by: .seconds(60)))
            try work.schedule("late", kind: "k", partition: 1, payload: "q", at: noon)
            #expect(try work.nextDue(kind: "k", partition: 1) == noon)
        }
        await database.close()
    }

    @Test(arguments: Backend.available)
    func migrationsRunOnceHoweverManyStart(on backend: Backend) async throws {
        let database = try await backend.makeEmptyDatabase()
        let migrator = try Migrator.bundled()
        #expect(try await migrator.pending(on: database).count >= 3)
        let ran = try await withThrowingTaskGroup(of: [String].self) { tasks in
            for _ in 0..<4 { tasks.addTask { try await migrator.run(on: database) } }
            return try await tasks.reduce([], +)
        }
        #expect(ran.sorted() == Set(ran).sorted())
        #expect(try await migrator.pending(on: database).isEmpty)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func numbersAreReservedUnderTheirKey(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let numbers = AlertNumbers(database: database)
        let first = try await numbers.reserve("r/0")
        let second = try await numbers.reserve("r/1")
        #expect(first != second)
        #expect(try await AlertNumbers(database: database).reserve("r/0") == first)
        let many = try await withThrowingTaskGroup(of: Int64.self) { tasks in
            for index in 0..<250 { tasks.addTask { try await numbers.reserve("s/\(index)") } }
            return try await tasks.reduce(into: [Int64]()) { $0.append($1) }
        }
        #expect(Set(many).count == 250)
        await database.close()
    }

    /// Numbers that are reserved together: who comes too late with one of them hears of it, the others are there.
    @Test(arguments: Backend.available)
    func numbersAreFixedTogether(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let numbers = AlertNumbers(database: database)
        let taken = try await numbers.reserve("a/0")
        let (first, second, third) = (try await numbers.next(), try await numbers.next(), try await numbers.next())
        #expect(Set([taken, first, second, third]).count == 4)
        for _ in 0..<2 {
            let conflicts = try await numbers.fix([("b/0", first), ("b/1", second)])
            #expect(conflicts.isEmpty)
        }
        let conflicts = try await numbers.fix([("c/0", third), ("a/0", try await numbers.next())])
        #expect(conflicts == ["a/0"])
        let reserved = try await database.reading {
            try AlertNumbers.reserved(["a/0", "b/0", "b/1", "c/0", "d/0"], in: $0)
        }
        #expect(reserved == ["a/0", "b/0", "b/1", "c/0"])
        #expect(try await numbers.reserve("a/0") == taken)
        #expect(try await numbers.reserve("b/1") == second)
        #expect(try await numbers.reserve("c/0") == third)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func aReaderCannotWrite(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        await #expect(throws: StoreError.self) {
            try await database.reading { connection in
                _ = try connection.execute("DELETE FROM alert_number_head")
            }
        }
        await database.close()
    }

    @Test(arguments: Backend.available)
    func aStatementThatIsWrongHarmsNobodyElse(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        await withTaskGroup(of: Void.self) { tasks in
            for index in 0..<20 {
                tasks.addTask {
                    if index % 2 == 0 {
                        await #expect(throws: StoreError.self) {
                            try await database.transaction { _ = try $0.execute("SELECT nothing FROM nowhere") }
                        }
                    } else {
                        await #expect(throws: Never.self) {
                            try await database.transaction { connection in
                                try Checkpoint(group: "g", partition: "t/\(index)", in: connection)
                                    .save(next: 1, expecting: 0)
                            }
                        }
                    }
                }
            }
        }
        let saved = try await database.reading { try $0.execute("SELECT count(*) FROM checkpoints")[0].integer(0) }
        #expect(saved == 10)
        await database.close()
    }
}
