import AlertCore
import Crypto
import Endpoints
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import Scripting
import TestSupport
import Testing

@testable import Ingest

/// How runs begin and end with their partition.
@Suite(.inTurn, .timeLimit(.minutes(30))) struct TransformerTests {
    /// Scripts that go on until a test lets them end, or they are cancelled.
    private actor Runs {
        private(set) var begun = 0
        private(set) var cancelled = 0
        private(set) var atOnce = 0
        private var running = 0
        private var mayEnd = false

        func letEnd() { mayEnd = true }

        func run() async -> ScriptOutcome {
            begun += 1
            running += 1
            atOnce = max(atOnce, running)
            while !mayEnd, !Task.isCancelled {
                // Cancelled: the condition sees it.
                try? await Task.sleep(for: .milliseconds(1))
            }
            running -= 1
            if Task.isCancelled { cancelled += 1 }
            return ScriptOutcome(log: "", error: nil, durationMs: 1)
        }
    }

    /// The database goes away during a run: reading the partition fails, and its owner begins anew. What was running
    /// is ended before the request is run again, and leads to nothing.
    @Test func runsEndWithTheirPartition() async throws {
        let database = AbsentDatabase(try await Backend.sqlite.makeDatabase())
        let clock = TestClock()
        let secrets = SecretBox(key: SymmetricKey(size: .bits256))
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "ada", causation: "c", correlation: "c")
            func put(_ entry: some DirectoryEntry) throws { try directory.put(entry, by: origin, at: clock.now) }
            try put(Person(id: "ada", targetName: "ada", firstName: "", lastName: "", whenCreated: clock.now))
            try put(Plan(id: "p", name: "Plan", created: clock.now))
            try put(Form(id: "f", number: 1, plan: "p", name: "Form"))
            try put(
                Integration(
                    id: "i", plan: "p", form: "f", name: "In", integrationType: .inbound,
                    operation: .transformAndCreateAlert, script: "script"))
        }
        let bus = EmbeddedBus(database: database, partitionCount: 1)
        let runs = Runs()
        let client = OutboundHTTPClient(policy: OutboundPolicy(), userAgent: "test", logger: quiet)
        let transformer = Transformer(
            bus: bus, database: database, directory: DirectoryCache(database: database), secrets: secrets,
            engine: StubEngine { _, _ in await runs.run() },
            client: EndpointClient(
                client: client, secrets: secrets, database: database, now: clock.clock, logger: quiet),
            limits: ScriptLimits(), kept: .seconds(86_400), now: clock.clock, logger: quiet)
        let running = Task { try await transformer.run() }
        defer { running.cancel() }
        let message = InboundRequestMessage(
            requestId: "r", integration: "i", receivedAt: clock.now, method: "POST", headers: [:], parameters: [:],
            body: "{}", remoteAddress: "", person: "ada")
        try await bus.publish([OutgoingMessage(key: "r", encoding: message)], to: .inboundRequests)
        try await eventually("it runs") { await runs.begun == 1 }
        database.isAbsent = true
        try await eventually("it is ended") { await runs.cancelled == 1 }
        database.isAbsent = false
        try await eventually("it runs again") { await runs.begun == 2 }
        await runs.letEnd()
        try await eventually("it is recorded") {
            try await database.reading { try Activities($0).get("r") }?.status == .completed
        }
        #expect(await runs.begun == 2)
        #expect(await runs.atOnce == 1)
    }
}
