import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// What every database adapter has to do. A new adapter joins ``Backend`` and passes, or is wrong.
@Suite struct EventLogConformanceTests {
    let partition = LogPartition("alert", 0)

    func event(_ stream: String, _ version: Version, data: String = "{}") -> NewEvent {
        NewEvent(
            stream: stream, version: version, type: "alert.test", data: data,
            origin: Origin(actor: "<test>", causation: "c", correlation: "r"),
            recordedAt: Timestamp(milliseconds: 1))
    }

    @Test(arguments: Backend.available)
    func keepsEventsInOrderWithoutGaps(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { connection in
            let log = EventLog(connection)
            try log.append([event("alert-1", 1), event("alert-2", 1), event("alert-1", 2)], to: partition)
            try log.append([event("alert-2", 2)], to: partition)
        }
        let (all, one) = try await database.reading { connection in
            let log = EventLog(connection)
            return (try log.read(partition, after: 0, limit: 10), try log.read(streams: ["alert-1"]))
        }
        #expect(all.map(\.position) == [1, 2, 3, 4])
        #expect(all.map(\.stream) == ["alert-1", "alert-2", "alert-1", "alert-2"])
        #expect(one.map(\.version) == [1, 2])
        #expect(Set(all.map(\.hash)).count == 4)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func refusesAnAppendThatExpectsAnOlderVersion(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { try EventLog($0).append([event("alert-1", 1)], to: partition) }
        let error = await #expect(throws: StoreError.self) {
            try await database.transaction { try EventLog($0).append([event("alert-1", 1)], to: partition) }
        }
        #expect(error?.code == .versionConflict)
        let ahead = await #expect(throws: StoreError.self) {
            try await database.transaction { try EventLog($0).append([event("alert-1", 3)], to: partition) }
        }
        #expect(ahead?.code == .versionConflict)
        #expect(try await database.reading { try EventLog($0).read(partition, after: 0, limit: 9).count } == 1)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func leavesNothingOfATransactionThatThrows(on backend: Backend) async throws {
        struct Halt: Error {}
        let database = try await backend.makeDatabase()
        await #expect(throws: Halt.self) {
            try await database.transaction { connection in
                try EventLog(connection).append([event("alert-1", 1)], to: partition)
                throw Halt()
            }
        }
        try await database.transaction { try EventLog($0).append([event("alert-1", 1)], to: partition) }
        #expect(
            try await database.reading { try EventLog($0).read(partition, after: 0, limit: 9).map(\.position) } == [1])
        await database.close()
    }

    /// Many writers at once: no position twice, none left out, one winner for each version.
    @Test(arguments: Backend.available)
    func ordersConcurrentWriters(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let winners = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for writer in 0..<20 {
                tasks.addTask {
                    let own = "alert-own-\(writer)"
                    try await database.retrying { connection in
                        _ = try EventLog(connection).append([event(own, 1), event(own, 2)], to: partition)
                    }
                    do {
                        try await database.transaction { connection in
                            _ = try EventLog(connection).append([event("alert-shared", 1)], to: partition)
                        }
                        return 1
                    } catch let error as StoreError where error.code == .versionConflict {
                        return 0
                    }
                }
            }
            return try await tasks.reduce(0, +)
        }
        #expect(winners == 1)
        let positions = try await database.reading {
            try EventLog($0).read(partition, after: 0, limit: 100).map(\.position)
        }
        #expect(positions == Array(1...41))
        await database.close()
    }

    @Test(arguments: Backend.available)
    func keepsEveryText(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let texts = [
            "", "'; DROP TABLE events; --", "naïve ключ 日本 🚨", "{\"a\":\"\\u0000\"}", "a\nb\tc", "{1,2}\"\\",
        ]
        try await database.transaction { connection in
            try EventLog(connection).append(
                texts.enumerated().map { event("alert-t", Version($0 + 1), data: $1) }, to: partition)
        }
        #expect(try await database.reading { try EventLog($0).read(streams: ["alert-t"]).map(\.data) } == texts)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func chainsTheEventsOfAPartition(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { connection in
            try EventLog(connection).append([event("alert-1", 1), event("alert-1", 2)], to: partition)
            try EventLog(connection).record(
                type: "alert.note", data: "{}", on: "alert-1", in: partition,
                origin: Origin(actor: "a", causation: "b", correlation: "c"), at: Timestamp(milliseconds: 5))
        }
        let events = try await database.reading { try EventLog($0).read(partition, after: 0, limit: 9) }
        #expect(events.map(\.version) == [1, 2, 3])
        // Checked against an implementation apart: sha256 over length-prefixed parts.
        #expect(events[0].hash == "c2e08243c3c0008828d09d7fbb632e4a1460c8210ae8f2ddc2917bf2296b66ce")
        let head = try await database.reading { connection in
            try connection.execute("SELECT hash FROM log_partitions WHERE partition_name = 'alert/0'")[0].text(0)
        }
        #expect(head == events.last?.hash)
        await database.close()
    }
}
