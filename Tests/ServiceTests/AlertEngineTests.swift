import AlertCore
import AlertEngine
import Foundation
import Logging
import Messaging
import Persistence
import TestSupport
import Testing

/// The engine as a whole, on every database.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct AlertEngineTests {
    let mary = PersonReference(id: "p", targetName: "mary", firstName: "M", lastName: "M")
    let clock = TestClock()

    func command(_ alert: String, _ command: Alert.Command, id: String, wantsResult: Bool = false) throws
        -> OutgoingMessage
    {
        try AlertCommandMessage(
            commandId: id, alert: alert, command: command,
            origin: Origin(actor: "mary", causation: id, correlation: "r-\(alert)"), wantsResult: wantsResult
        ).outgoing()
    }

    func create(_ alert: String, _ number: Int64, minutes: Int = 1) -> Alert.Command {
        .create(
            AlertDetails(
                number: number, plan: NamedReference(id: "plan", name: "P"),
                form: NamedReference(id: "form", name: "F"),
                requestId: "r-\(alert)", submitter: mary, priority: .low, expirationInMinutes: minutes))
    }

    func running(
        _ backend: Backend, faults: [FaultyDatabase.Fault] = [],
        _ body: (any SQLDatabase, EmbeddedBus) async throws -> Void
    ) async throws {
        let database = try await backend.makeDatabase()
        let bus = EmbeddedBus(database: database, partitionCount: 2)
        let engine = AlertEngine(
            bus: bus, database: FaultyDatabase(database, faults: faults), now: clock.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await engine.run() }
        try await body(database, bus)
        task.cancel()
        _ = await task.result
        await database.close()
    }

    @Test(arguments: Backend.available)
    func alertsExpireAtTheirTimeAndNotBefore(on backend: Backend) async throws {
        try await running(backend) { database, bus in
            try await bus.publish(
                [
                    command("a", create("a", 1), id: "1"), command("b", create("b", 2, minutes: 10), id: "2"),
                    command("c", create("c", 3), id: "3"), command("c", .terminate(by: mary), id: "4"),
                ], to: .alertCommands)
            try await eventually {
                try await database.reading { try Alerts($0).get("c")?.status } == "TERMINATED_EXTERNAL"
            }
            try await eventually { try await database.reading { try Alerts($0).get("b") } != nil }
            clock.advance(by: .seconds(59))
            try await eventually { try await database.reading { try Alerts($0).get("a")?.status } == "ACTIVE" }
            clock.advance(by: .seconds(2))
            try await eventually { try await database.reading { try Alerts($0).get("a")?.status } == "TERMINATED" }
            #expect(try await database.reading { try Alerts($0).get("b")?.status } == "ACTIVE")
            let due = try await database.reading { try $0.execute("SELECT id FROM due_work").map { $0.text(0) } }
            #expect(due == ["b"])
        }
    }

    /// A command whose publish was in doubt comes again when its sender has had the answer and has gone on.
    @Test(arguments: Backend.available)
    func aCommandThatWasAnsweredHasNoSecondEffect(on backend: Backend) async throws {
        try await running(backend) { database, bus in
            let suspend = try command("a", .suspend(by: mary), id: "2", wantsResult: true)
            let resume = try command("a", .resume(by: mary), id: "3", wantsResult: true)
            try await bus.publish([command("a", create("a", 1), id: "1"), suspend], to: .alertCommands)
            try await eventually { try await database.reading { try CommandResults($0).get("2") } != nil }
            try await bus.publish([resume, suspend, suspend], to: .alertCommands)
            try await bus.publish([command("a", .terminate(by: mary), id: "4")], to: .alertCommands)
            try await eventually {
                try await database.reading { try Alerts($0).get("a")?.status } == "TERMINATED_EXTERNAL"
            }
            let types = try await database.reading { try EventLog($0).read(streams: ["alert-a"]).map(\.type) }
            #expect(types == ["alert.created", "alert.suspended", "alert.resumed", "alert.terminated"])
        }
    }

    /// Commands sent twice, results for those who wait, every event out once and in order.
    @Test(arguments: Backend.available)
    func everyCommandTakesEffectOnce(on backend: Backend) async throws {
        try await running(backend) { database, bus in
            let comment = Alert.Command.comment(id: "c1", by: mary, text: "hello")
            var messages: [OutgoingMessage] = []
            for _ in 0..<2 {
                messages += [
                    try command("a", create("a", 1), id: "1"), try command("a", comment, id: "2"),
                    try command("a", .suspend(by: mary), id: "3", wantsResult: true),
                ]
            }
            messages.append(try command("a", .terminate(by: mary), id: "4"))
            messages.append(try command("a", .resume(by: mary), id: "5", wantsResult: true))
            messages.append(try command("nobody", .resume(by: mary), id: "6", wantsResult: true))
            try await bus.publish(messages, to: .alertCommands)
            func result(_ id: String) async throws -> String? {
                try await database.reading { try CommandResults($0).get(id).map { $0.rejection ?? "done" } }
            }
            try await eventually { try await result("5") == "terminated" }
            try await eventually { try await result("6") == "unknown" }
            #expect(try await result("3") == "done")
            let partition = Partitioning.partition(of: "a", count: 2)
            var types: [String] = []
            for await feed in try await bus.subscribe(to: [.alertEvents], as: ConsumerGroup("t")).assignments
            where feed.partition == partition {
                try await feed.start(at: 0)
                while types.count < 4 {
                    for message in try await feed.next(max: 10) ?? [] {
                        let event: AlertEventMessage = try message.decode()
                        #expect(event.version == Version(types.count + 1))
                        types.append(try EventCodec.encode(event.event, category: "alert").type)
                    }
                }
                break
            }
            #expect(types == ["alert.created", "alert.commented", "alert.suspended", "alert.terminated"])
        }
    }

    /// Transactions fail before or after their commit: what is decided again is decided on what is stored.
    @Test(arguments: Backend.available, FaultyDatabase.Fault.allCases)
    func losesNothingWhenTheDatabaseFails(on backend: Backend, _ fault: FaultyDatabase.Fault) async throws {
        let faults = Array(repeating: fault, count: 12)
        try await running(backend, faults: faults) { database, bus in
            for number in 1...6 {
                let id = "a\(number)"
                try await bus.publish(
                    [command(id, create(id, Int64(number)), id: id), command(id, .suspend(by: mary), id: "s-\(id)")],
                    to: .alertCommands)
            }
            for number in 1...6 {
                try await eventually("alert \(number)") {
                    try await database.reading { try Alerts($0).get("a\(number)")?.status } == "SUSPENDED"
                }
            }
        }
    }
}
