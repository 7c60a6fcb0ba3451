import AlertCore
import Crypto
import Endpoints
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import SQLiteDatabase
import Scripting
import TestSupport
import Testing

@testable import Ingest

/// What is run, what is noted of it, and what a dry run leaves undone.
@Suite(.inTurn) struct RequestRunnerTests {
    private static let now = Timestamp(milliseconds: 1_773_064_800_000)
    private static let calling = ScriptHTTPCall(
        endpoint: "CMDB", path: "/hosts/1?token=abc", headers: ["Authorization": "Bearer abc"])
    /// Calls, and posts an alert that says what was answered.
    private static let engine = StubEngine { run, host in
        let answer = try? await host.http(calling)  // no answer: an author's script would catch it as well
        let status = answer.map { String($0.statusCode) } ?? "none"
        let posted = await host.postForm(#"{"properties":{"Status":"\#(status)"}}"#)
        var outcome = ScriptOutcome(
            log: "\(run.source) \(run.libraries.map(\.name))\n\(posted.statusCode)", error: nil, durationMs: 1)
        outcome.callOffsets = [2, 4]
        return outcome
    }

    private struct World {
        let database: SQLiteDatabase
        let runner: RequestRunner
        let published: Published

        func run(_ id: String = "r", _ run: RequestedRun? = nil) async throws -> Activity {
            let message = InboundRequestMessage(
                requestId: id, integration: "i", receivedAt: now, method: "POST", headers: [:], parameters: [:],
                body: "{}", remoteAddress: "", person: "ada", run: run)
            let activity = try await runner.run(message)
            try await database.transaction { try Activities($0).put(activity) }
            return activity
        }
    }

    private static func world(loggingLevel: String = "INFO") async throws -> World {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        let secrets = SecretBox(key: SymmetricKey(size: .bits256))
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "ada", causation: "c", correlation: "c")
            func put(_ entry: some DirectoryEntry) throws { try directory.put(entry, by: origin, at: now) }
            try put(
                Person(
                    id: "ada", targetName: "ada", firstName: "", lastName: "", roles: ["Full Access User"],
                    whenCreated: now))
            try put(Plan(id: "p", name: "Plan", loggingLevel: loggingLevel, created: now))
            try put(PropertyDefinition(id: "s", plan: "p", propertyType: .text, name: "Status"))
            try put(SharedLibrary(id: "l", plan: "p", name: "moment", script: "exports.x = 1"))
            var form = Form(id: "f", number: 1, plan: "p", name: "Form")
            form.sections = [
                FormSection(
                    id: "fs", title: "", type: FormSection.Kind.custom.rawValue, orderNum: 0,
                    items: [.init(id: "fi", orderNum: 0, propertyDefinition: "s")])
            ]
            try put(form)
            // Nothing listens there, and nothing may be reached: a real call fails.
            try put(Endpoint(id: "e", plan: "p", name: "CMDB", url: "http://127.0.0.1:9"))
            for script in ["one", "two"] {
                try put(
                    Integration(
                        id: "i", plan: "p", form: "f", name: "In", integrationType: .inbound,
                        operation: .transformAndCreateAlert, script: script))
            }
        }
        let published = Published()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let numbers = AlertNumbers(database: database)
        let runner = RequestRunner(
            database: database, directory: DirectoryCache(database: database, interval: .zero),
            engine: engine,
            client: EndpointClient(
                client: OutboundHTTPClient(policy: OutboundPolicy(allowing: []), userAgent: "test", logger: quiet),
                secrets: secrets, database: database, now: { now }, logger: quiet),
            secrets: secrets, limits: ScriptLimits(), flood: TriggerFlood(database: database),
            numbers: numbers, sender: AlertSender(numbers: numbers, bus: published), now: { now })
        return World(database: database, runner: runner, published: published)
    }

    @Test func notesWhatHappenedInOrderWithoutSecrets() async throws {
        let world = try await Self.world()
        let activity = try await world.run()
        #expect(activity.status == .completed && activity.alerts.map(\.number) == [100_000])
        #expect(activity.log == "two [\"moment\"]\n200" && activity.script?.version == 2)
        #expect(activity.libraries.map(\.version) == [1])
        #expect(activity.calls.map(\.kind) == [.http, .form] && activity.calls.map(\.logOffset) == [2, 4])
        #expect(activity.calls[0].problem != nil && activity.calls[0].status == nil)
        #expect(activity.calls[1].status == 200 && activity.calls[1].answerBody == #"{"id":"100000"}"#)
        #expect(!activity.transcript.contains("abc") && activity.transcript.contains("Authorization: ***"))
        #expect(await world.published.count == 1)
    }

    @Test func makesNothingInADryRun() async throws {
        let world = try await Self.world()
        let activity = try await world.run("d", RequestedRun(attempt: .dryRun, by: "ada"))
        #expect(activity.alerts.isEmpty && activity.drafts.map(\.properties) == [["Status": "503"]])
        #expect(activity.calls[0].status == 503 && activity.calls[0].problem?.contains("no answer") == true)
        #expect(await world.published.count == 0)
        // No number has been used up.
        #expect(try await world.run().alerts.map(\.number) == [100_000])
    }

    @Test func answersAsRecordedInADryRun() async throws {
        let world = try await Self.world()
        var original = try await world.run("o")
        original.requestId = "o2"
        original.calls[0].status = 207
        original.calls[0].problem = nil
        original.calls[0].answerBody = "kept"
        let recorded = original
        try await world.database.transaction { try Activities($0).put(recorded) }
        let run = RequestedRun(attempt: .dryRun, by: "ada", rerunOf: "o2", answersAsRecorded: true)
        let activity = try await world.run("d", run)
        #expect(activity.drafts.map(\.properties) == [["Status": "207"]])
        #expect(activity.calls[0].answerBody == "kept" && activity.calls[0].problem == nil)
        // An answer of which a part is missing is none.
        var cut = recorded
        cut.requestId = "o3"
        cut.calls[0].cut = "half of it"
        let half = cut
        try await world.database.transaction { try Activities($0).put(half) }
        let other = try await world.run(
            "d2", RequestedRun(attempt: .dryRun, by: "ada", rerunOf: "o3", answersAsRecorded: true))
        #expect(other.drafts.map(\.properties) == [["Status": "503"]])
        #expect(other.calls[0].problem?.contains("half of it") == true)
    }

    @Test func runsOlderVersionsAndDrafts() async throws {
        let world = try await Self.world()
        let older = try await world.run("v", RequestedRun(attempt: .rerun, by: "ada", rerunOf: "r", scriptVersion: 1))
        #expect(older.log.hasPrefix("one") && older.script?.version == 1 && older.alerts.count == 1)
        try await world.database.transaction { try ScriptDrafts($0).put("three", for: "d", at: Self.now) }
        let draft = try await world.run("d", RequestedRun(attempt: .dryRun, by: "ada", usesDraft: true))
        #expect(draft.log.hasPrefix("three") && draft.script != nil && draft.script?.version == nil)
        let unknown = try await world.run("u", RequestedRun(attempt: .rerun, by: "ada", scriptVersion: 7))
        #expect(unknown.status == .failed && unknown.problem?.message == "there is no version 7 of the script")
    }

    @Test func keepsOnlyFailuresWhereTheWorkflowSaysSo() async throws {
        let world = try await Self.world(loggingLevel: "ERROR")
        let activity = try await world.run()
        #expect(activity.log.isEmpty && activity.calls.isEmpty && activity.alerts.count == 1)
        #expect(activity.notes.contains { $0.contains("log level is ERROR") })
        // What an author asks for stays whole.
        let asked = try await world.run("a", RequestedRun(attempt: .rerun, by: "ada", rerunOf: "r"))
        #expect(!asked.log.isEmpty && asked.calls.count == 2)
    }

    @Test func boundsWhatItKeeps() {
        var bounds = ActivityBounds()
        let long = String(repeating: "ü", count: ActivityBounds.answerBody)
        let calls = (0..<20).map { _ in
            bounds.cut(ActivityCall(kind: .http, method: "GET", url: "u", status: 200, answerBody: long))
        }
        #expect(calls[0].answerBody.utf8.count == ActivityBounds.answerBody && calls[0].cut != nil)
        #expect(calls.map(\.answerBody.utf8.count).reduce(0, +) <= ActivityBounds.all)
        #expect(calls[19].answerBody.isEmpty && calls[19].cut?.contains("0 kept") == true)
        let short = ActivityBounds().copy { $0.cut(ActivityCall(kind: .http, method: "GET", url: "u")) }
        #expect(short.cut == nil)
    }
}

extension ActivityBounds {
    fileprivate func copy<Value>(_ body: (inout ActivityBounds) -> Value) -> Value {
        var copy = self
        return body(&copy)
    }
}

/// Counts what is published, and keeps nothing.
private actor Published: MessageBus {
    nonisolated let partitions = Partitions(1)
    private(set) var count = 0

    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws { count += messages.count }
    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        throw StoreError(.invalid, "nobody reads this bus")
    }
    func checkReadiness() async throws {}
    func close() async {}
}
