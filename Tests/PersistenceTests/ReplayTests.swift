import AlertCore
import Persistence
import TestSupport
import Testing

/// Replays: where they begin, what they find, in which order; on every backend.
@Suite struct ReplayTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")
    let origin = Origin(actor: "mary", causation: "c", correlation: "r")
    let integration = Integration(
        id: "i", plan: "plan", form: "form", name: "I", integrationType: .outbound, operation: .sendWebhook,
        triggeredBy: .status, deployed: false, endpoint: "e")

    func at(_ seconds: Int) -> Timestamp { Self.start.advanced(by: .seconds(seconds)) }

    /// One command to an alert, by whoever owns a partition at that time.
    func carryOut(
        _ command: Alert.Command, on alert: String, partition: Int, at seconds: Int, in database: any SQLDatabase
    ) async throws {
        try await database.transaction { connection in
            let outcome = try EventLog(connection).execute(
                [AddressedCommand<Alert>(command, on: alert, by: origin)], in: LogPartition("alert", partition),
                at: at(seconds))[0]
            try Alerts(connection).apply([(alert, outcome.version, outcome.events)])
        }
    }

    func create(
        _ alert: String, _ number: Int64, form: String = "form", partition: Int, at seconds: Int,
        in database: any SQLDatabase
    ) async throws {
        let details = AlertDetails(
            number: number, plan: NamedReference(id: "plan", name: "P"), form: NamedReference(id: form, name: "F"),
            requestId: "r\(number)", submitter: mary, priority: .high)
        try await carryOut(.create(details), on: alert, partition: partition, at: seconds, in: database)
    }

    func replay(
        since seconds: Int, includesSent: Bool = false, in database: any SQLDatabase
    ) async throws -> Replay {
        try await database.reading { connection in
            try Replays(connection).begin(
                id: "r1", integration: "i", since: at(seconds), rate: 10, includesSent: includesSent, by: mary,
                at: at(1000))
        }
    }

    /// All that it finds, in steps.
    func scan(
        _ replay: Replay, limit: Int = 2, in database: any SQLDatabase
    ) async throws -> (found: [String], after: Replay) {
        var (found, after) = ([String](), replay)
        while !after.isComplete {
            let step = try await database.reading { [after] in
                try ReplayScan(after, to: integration, limit: limit, in: $0)
            }
            #expect(step.candidates.count <= limit)
            found += step.candidates.map { "\($0.alert.id)\($0.recorded.version)" }
            after = step.after
        }
        return (found, after)
    }

    /// The alert `a` moves from partition 1 to partition 0, as when partitions are raised: its order stays.
    @Test(arguments: Backend.available)
    func findsWhatTheIntegrationWantsInOrder(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await create("a", 1, partition: 1, at: 0, in: database)
            try await create("b", 2, partition: 0, at: 1, in: database)
            try await create("x", 3, form: "other", partition: 0, at: 2, in: database)
            try await carryOut(.suspend(by: mary), on: "a", partition: 1, at: 3, in: database)
            try await carryOut(.comment(id: "c", by: mary, text: "t"), on: "a", partition: 1, at: 4, in: database)
            try await carryOut(.resume(by: mary), on: "a", partition: 0, at: 5, in: database)
            try await carryOut(.terminate(by: mary), on: "b", partition: 0, at: 6, in: database)
            let all = try await scan(try await replay(since: 0, in: database), in: database)
            #expect(all.found == ["a1", "b1", "a2", "a4", "b2"])
            #expect(all.after.scanned == 7 && all.after.sent == 5 && all.after.total == 7)
            let late = try await replay(since: 3, in: database)
            #expect(late.total == 4)
            #expect(try await scan(late, limit: 100, in: database).found == ["a2", "a4", "b2"])
            #expect(try await scan(try await replay(since: 7, in: database), in: database).found.isEmpty)

            // What is there when the replay begins is its end.
            let begun = try await replay(since: 0, in: database)
            try await carryOut(.terminate(by: mary), on: "a", partition: 0, at: 8, in: database)
            #expect(try await scan(begun, in: database).found.count == 5)
        }
    }

    @Test(arguments: Backend.available)
    func passesOverWhatWasSent(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await create("a", 1, partition: 0, at: 0, in: database)
            try await carryOut(.suspend(by: mary), on: "a", partition: 0, at: 1, in: database)
            try await carryOut(.resume(by: mary), on: "a", partition: 0, at: 2, in: database)
            try await database.transaction { connection in
                func row(
                    _ id: String, _ sequence: Int64, _ status: WebhookDelivery.Phase, integration: String = "i",
                    replay: String? = nil
                ) -> WebhookDeliveryRow {
                    var row = WebhookDeliveryRow(
                        id: id, integration: integration, alert: "a", sequence: sequence, status: status, reason: nil,
                        attempts: 0, version: 1, updatedAt: at(3))
                    row.replay = replay
                    return row
                }
                try WebhookDeliveries(connection).put([
                    row("sent", 1, .delivered), row("skipped", 2, .skipped),
                    row("of another", 2, .delivered, integration: "j"), row("own", 3, .delivered, replay: "r1"),
                ])
            }
            let found = try await scan(try await replay(since: 0, in: database), in: database)
            #expect(found.found == ["a2", "a3"] && found.after.passedOver == 1)
            let again = try await scan(try await replay(since: 0, includesSent: true, in: database), in: database)
            #expect(again.found == ["a1", "a2", "a3"] && again.after.passedOver == 0)
        }
    }

    func change(_ id: String, sent: Int, isKept: Bool, in database: any SQLDatabase) async throws -> Replay? {
        try await database.transaction { connection in
            try Replays(connection).update(id) { stored in
                (stored.status, stored.sent) = (.cancelled, sent)
                return isKept
            }
        }
    }

    @Test(arguments: Backend.available)
    func keepsItsState(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await create("a", 1, partition: 0, at: 0, in: database)
            let replay = try await replay(since: 0, in: database)
            try await database.transaction { try Replays($0).add(replay) }
            await #expect(throws: StoreError.self) { try await database.transaction { try Replays($0).add(replay) } }
            #expect(try await database.reading { try Replays($0).running(for: "i") } == replay)
            let changed = try await change("r1", sent: 4, isKept: true, in: database)
            #expect(changed?.sent == 4 && changed?.status == .cancelled)
            let none = try await change("none", sent: 4, isKept: true, in: database)
            #expect(none == nil)
            _ = try await change("r1", sent: 5, isKept: false, in: database)
            try await database.reading { (connection) throws in
                let replays = Replays(connection)
                #expect(try replays.get("r1") == changed)
                #expect(try replays.running(for: "i") == nil)
                #expect(try replays.list(integration: "i", offset: 0, limit: 9).rows.map(\.id) == ["r1"])
                #expect(try replays.list(integration: "j", offset: 0, limit: 9).total == 0)
            }
        }
    }

    /// Positions by time, where the clocks of two processes disagree, and at the ends.
    @Test(arguments: Backend.available)
    func findsAPlaceByTime(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            for (number, seconds) in [10, 20, 20, 30].enumerated() {
                try await create("a\(number)", Int64(number), partition: 0, at: seconds, in: database)
            }
            let partition = LogPartition("alert", 0)
            let places = try await database.reading { connection in
                try [0, 10, 11, 20, 21, 31].map { seconds in
                    try EventLog(connection).lastPosition(in: partition, before: at(seconds), head: 4)
                }
            }
            #expect(places == [0, 0, 1, 1, 3, 4])
            try await database.reading { (connection) throws in
                let log = EventLog(connection)
                #expect(try log.heads(of: "alert") == [partition: 4])
                #expect(try log.read(partition, after: 1, upTo: 3, limit: 9).map(\.position) == [2, 3])
                #expect(try log.first(of: "alert-a2")?.position == 3)
                #expect(throws: StoreError.self) { try log.event(at: 5, in: partition) }
            }
        }
    }
}
