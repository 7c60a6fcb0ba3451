import AlertCore
import Foundation
import Messaging
import Persistence
import SQLiteDatabase
import TestSupport
import Testing

@testable import Ingest

/// Who may have an integration make alerts.
@Suite(.inTurn)
struct AlertMakerTests {
    private static let at = Timestamp(milliseconds: 1)

    /// A database with a form, and somebody who sends it.
    private static func withForm() async throws -> (SQLiteDatabase, Person) {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        try await database.transaction { connection in
            let directory = Directory(connection)
            try directory.put(Plan(id: "plan", name: "Plan", created: at), by: origin, at: at)
            try directory.put(Form(id: "form", number: 1, plan: "plan", name: "Down"), by: origin, at: at)
        }
        return (database, Person(id: "ann", targetName: "ann", firstName: "A", lastName: "A", whenCreated: at))
    }

    @Test(arguments: [("ann", true), ("bob", false)])
    func onlySendersMakeAlerts(who: String, may: Bool) async throws {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        let at = Timestamp(milliseconds: 1)
        let integration = Integration(
            id: "i", plan: "plan", form: "form", name: "In", integrationType: .inbound, operation: .createAlert)
        try await database.transaction { connection in
            let directory = Directory(connection)
            try directory.put(Plan(id: "plan", name: "Plan", created: at), by: origin, at: at)
            let permission = SenderPermission(senderType: .person, sender: "ann")
            try directory.put(
                Form(id: "form", number: 1, plan: "plan", name: "Down", senderPermissions: [permission]), by: origin,
                at: at)
            try directory.put(integration, by: origin, at: at)
        }
        let person = Person(id: who, targetName: who, firstName: who, lastName: who, whenCreated: at)
        let message = InboundRequestMessage(
            requestId: "r1", integration: "i", receivedAt: at, method: "POST", headers: [:], parameters: [:],
            body: "{}", remoteAddress: "127.0.0.1", person: who)
        let numbers = AlertNumbers(database: database)
        let maker = AlertMaker(
            message: message, integration: integration, submitter: person,
            view: try await DirectoryCache(database: database).current(), numbers: numbers,
            sender: AlertSender(numbers: numbers, bus: EmbeddedBus(database: database, partitionCount: 1)),
            secrets: SecretBox(key: .init(size: .bits256)))
        if may {
            #expect(try await maker.make([:]).number > 0)
        } else {
            let problem = await #expect(throws: FieldProblem.self) { _ = try await maker.make([:]) }
            #expect(problem?.description == "the form Down may not be sent by bob")
        }
        #expect(await maker.made.count == (may ? 1 : 0))
        await database.close()
    }

    /// The ids of alerts say the generation that their request's id says; those of requests that an earlier version
    /// took are what that version made of them.
    @Test(
        arguments: [
            (3, "018bcfe5-6800-7003-a221-40a539c55160"), (nil, "622140a5-39c5-8160-a733-a8ee7ba80eac"),
        ] as [(Int?, String)])
    func alertsAreOfTheGenerationOfTheirRequest(generation: Int?, id: String) async throws {
        let (database, person) = try await Self.withForm()
        var message = InboundRequestMessage(
            requestId: "018bcfe5-6800-7003-8102-030405060708", integration: "", receivedAt: Self.at, method: "POST",
            headers: [:], parameters: [:], body: "{}", remoteAddress: "127.0.0.1", person: "ann",
            generation: generation)
        message.form = "form"
        let decoded = try JSON.decode(try message.outgoing().body, as: InboundRequestMessage.self)
        let numbers = AlertNumbers(database: database)
        for _ in 0..<2 {
            let maker = AlertMaker(
                message: decoded, integration: nil, submitter: person,
                view: try await DirectoryCache(database: database).current(), numbers: numbers,
                sender: AlertSender(numbers: numbers, bus: EmbeddedBus(database: database, partitionCount: 1)),
                secrets: SecretBox(key: .init(size: .bits256)))
            #expect(try await maker.make([:]).id == id)
        }
        await database.close()
    }

    /// An alert that could not be sent is made again by the next run, with the number that was fixed for it, if any.
    @Test(.timeLimit(.minutes(30)))
    func theNextRunSendsWhatTheFirstCouldNot() async throws {
        let (database, person) = try await Self.withForm()
        var message = InboundRequestMessage(
            requestId: "r", integration: "", receivedAt: Self.at, method: "POST", headers: [:], parameters: [:],
            body: "{}", remoteAddress: "127.0.0.1", person: "ann")
        message.form = "form"
        let view = try await DirectoryCache(database: database).current()
        let numbers = AlertNumbers(database: database)
        let bus = FlakyBus(EmbeddedBus(database: database, partitionCount: 1))
        let sender = AlertSender(numbers: numbers, bus: bus)
        func run(isFirst: Bool) async throws -> (made: [Int64], isSent: Bool) {
            let maker = AlertMaker(
                message: message, integration: nil, submitter: person, view: view, numbers: numbers, sender: sender,
                secrets: SecretBox(key: .init(size: .bits256)), isFirstRun: isFirst)
            for _ in 0..<3 { _ = try await maker.make([:]) }
            let sent = await Task { try await maker.settle() }.result
            return (await maker.made.map(\.number), (try? sent.get()) != nil)
        }
        bus.mood = .away
        let first = try await run(isFirst: true)
        #expect(!first.isSent && Set(first.made).count == 3)
        bus.mood = .there
        // Numbers were fixed; a run that knows nothing of them has no right to others.
        #expect(try await !run(isFirst: true).isSent)
        let second = try await run(isFirst: false)
        #expect(second.isSent && second.made == first.made)
        #expect(bus.published == 3)
        await database.close()
    }

    /// One whose number was fixed by another run is not sent; who is sent together with it does not notice.
    @Test(.timeLimit(.minutes(30)))
    func aConflictIsItsOwnOnly() async throws {
        let (database, _) = try await Self.withForm()
        let numbers = AlertNumbers(database: database)
        let bus = FlakyBus(EmbeddedBus(database: database, partitionCount: 1))
        let sender = AlertSender(numbers: numbers, bus: bus)
        _ = try await numbers.reserve("late/0")
        let command = AlertCommandMessage(
            commandId: "c", alert: "a", command: .expire,
            origin: Origin(actor: "t", causation: "c", correlation: "r"))
        func add(_ reservation: String) async throws -> AlertSender.Receipt {
            sender.add(.init(reservation: reservation, number: try await numbers.next(), command: command))
        }
        let (late, beside) = (try await add("late/0"), try await add("beside/0"))
        let error = await #expect(throws: StoreError.self) { try await late.wait() }
        #expect(error?.code == .versionConflict)
        try await beside.wait()
        #expect(bus.published == 1)
        await database.close()
    }
}
