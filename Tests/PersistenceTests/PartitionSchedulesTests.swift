import AlertCore
import Persistence
import TestSupport
import Testing

@Suite struct PartitionSchedulesTests {
    static let start = Timestamp(milliseconds: 1_700_000_000_000)
    static let origin = Origin(actor: "mary", causation: "rest-1", correlation: "1")

    @Test(arguments: Backend.available)
    func keepsTheFirstCountAndEachRaise(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let since = Self.start.advanced(by: .seconds(30))
        let (schedule, rows) = try await database.transaction { connection in
            let schedules = PartitionSchedules(connection)
            try schedules.begin(with: 4, at: Self.start)
            try schedules.begin(with: 9, at: Self.start)
            let first = try #require(schedules.rows().last)
            try schedules.raise(to: 8, after: first, since: since, by: Self.origin, at: Self.start)
            return (try schedules.schedule(), try schedules.rows())
        }
        #expect(schedule == PartitionSchedule([4, 8]))
        #expect(rows.map(\.generation) == [0, 1])
        #expect(rows.map(\.since) == [Self.start, since])
        #expect(rows.map(\.raisedBy) == ["", "mary"])
        let events = try await database.reading { try EventLog($0).read(streams: ["config-partitions-topics"]) }
        #expect(events.map(\.type) == ["config.changed"])
        #expect(events.first?.origin == Self.origin)
        #expect(events.first?.data.contains(#""before":{"count":4}"#) == true)
        await database.close()
    }

    /// Two who raise at the same time: one of them is told.
    @Test(arguments: Backend.available)
    func refusesASecondRaiseOfTheSameRow(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let first = try await database.transaction { connection in
            let schedules = PartitionSchedules(connection)
            try schedules.begin(with: 4, at: Self.start)
            let first = try #require(schedules.rows().last)
            try schedules.raise(to: 8, after: first, since: Self.start, by: Self.origin, at: Self.start)
            return first
        }
        let error = await #expect(throws: StoreError.self) {
            try await database.transaction { connection in
                _ = try PartitionSchedules(connection).raise(
                    to: 6, after: first, since: Self.start, by: Self.origin, at: Self.start)
            }
        }
        #expect(error?.code == .versionConflict)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func isUnknownBeforeTheFirstStart(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let error = await #expect(throws: StoreError.self) {
            _ = try await database.reading { try PartitionSchedules($0).schedule() }
        }
        #expect(error?.code == .unavailable)
        await database.close()
    }

    /// A log that an earlier version has written, which did not keep how many partitions there were.
    @Test(arguments: Backend.available)
    func refusesAFirstCountThatTheLogContradicts(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { connection in
            for number in 0..<40 {
                let id = DerivedID.uuid("alert", "\(number)")
                let partition = LogPartition(Alert.category, Partitioning.partition(of: id, count: 6))
                let event = NewEvent(
                    stream: "alert-\(id)", version: 1, type: "alert.created", data: "{}", origin: Self.origin,
                    recordedAt: Self.start)
                try EventLog(connection).append([event], to: partition)
            }
        }
        let error = await #expect(throws: StoreError.self) {
            try await database.transaction { try PartitionSchedules($0).begin(with: 4, at: Self.start) }
        }
        #expect(error?.code == .invalid)
        #expect(error?.detail.contains("try 6") == true)
        let rows = try await database.transaction { connection in
            try PartitionSchedules(connection).begin(with: 6, at: Self.start)
            return try PartitionSchedules(connection).rows()
        }
        #expect(rows.map(\.count) == [6])
        await database.close()
    }
}
