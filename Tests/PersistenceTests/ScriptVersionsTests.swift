import AlertCore
import Persistence
import TestSupport
import Testing

/// Every text of a script is kept, in the transaction that changes it; activities go with their age.
@Suite struct ScriptVersionsTests {
    private static let origin = Origin(actor: "ada", causation: "c", correlation: "c")
    private static let now = Timestamp(milliseconds: 1_773_064_800_000)

    private static func with(_ backend: Backend, _ test: (any SQLDatabase) async throws -> Void) async throws {
        let database = try await backend.makeDatabase()
        try await test(database)
        await database.close()
    }

    private static func integration(script: String?) -> Integration {
        Integration(
            id: "i", plan: "p", form: nil, name: "In", integrationType: .inbound, operation: .runScript,
            script: script)
    }

    @Test(arguments: Backend.available)
    func numbersEachTextOnce(_ backend: Backend) async throws {
        try await Self.with(backend) { database in
            for (index, text) in ["a", "a", "b", "a"].enumerated() {
                try await database.transaction { connection in
                    var entry = Self.integration(script: text)
                    entry.name = "In \(index)"
                    entry.scriptVersion = 99  // whatever a caller says
                    try Directory(connection).put(entry, by: Self.origin, at: Self.now)
                }
            }
            try await database.reading { connection in
                let stored = try #require(try Directory(connection).get(Integration.self, id: "i"))
                #expect(stored.scriptVersion == 3 && stored.name == "In 3")
                let versions = ScriptVersions(connection)
                let (total, rows) = try versions.list(of: stored, offset: 0, limit: 2)
                #expect(total == 3 && rows.map(\.number) == [3, 2] && rows[0].author == "ada")
                #expect(try versions.get(2, of: stored)?.script == "b")
                #expect(try versions.get(1, of: stored)?.version.hash == rows[0].hash)
                #expect(try versions.get(4, of: stored) == nil)
            }
        }
    }

    @Test(arguments: Backend.available)
    func countsATextThatIsOlderThanVersionsAsTheFirst(_ backend: Backend) async throws {
        try await Self.with(backend) { database in
            // As a document was before there were versions.
            try await database.transaction { connection in
                try Directory(connection).put(Self.integration(script: "old"), by: Self.origin, at: Self.now)
                try connection.execute("DELETE FROM script_versions")
                let document = try JSON.encode(Self.integration(script: "old"))
                try connection.execute("UPDATE directory SET document = \(document) WHERE id = 'i'")
            }
            try await database.transaction { connection in
                let directory = Directory(connection)
                let stored = try #require(try directory.get(Integration.self, id: "i"))
                let versions = ScriptVersions(connection)
                #expect(stored.scriptVersion == nil)
                #expect(try versions.list(of: stored, offset: 0, limit: 9).rows.map(\.number) == [1])
                #expect(try versions.get(1, of: stored)?.script == "old")
                var changed = stored
                changed.script = "new"
                try directory.put(changed, by: Self.origin, at: Self.now.advanced(by: .seconds(5)))
                let after = try #require(try directory.get(Integration.self, id: "i"))
                #expect(after.scriptVersion == 2)
                let rows = try versions.list(of: after, offset: 0, limit: 9).rows
                #expect(rows.map(\.number) == [2, 1] && rows.map(\.author) == ["ada", ""])
                #expect(rows[1].createdAt == Self.now && rows[0].createdAt > Self.now)
                #expect(try versions.get(1, of: after)?.script == "old")
            }
        }
    }

    @Test(arguments: Backend.available)
    func goesOnCountingWhenAnIntegrationComesBack(_ backend: Backend) async throws {
        try await Self.with(backend) { database in
            try await database.transaction { connection in
                let directory = Directory(connection)
                try directory.put(Self.integration(script: "a"), by: Self.origin, at: Self.now)
                try directory.delete(Integration.self, id: "i", by: Self.origin, at: Self.now)
                try directory.put(Self.integration(script: "b"), by: Self.origin, at: Self.now)
                #expect(try directory.get(Integration.self, id: "i")?.scriptVersion == 2)
                try directory.put(Self.integration(script: nil), by: Self.origin, at: Self.now)
                #expect(try directory.get(Integration.self, id: "i")?.scriptVersion == nil)
            }
        }
    }

    // MARK: - Activities

    private static func activity(_ id: String, _ status: Activity.Status, at milliseconds: Int64) -> Activity {
        Activity(
            requestId: id, integration: "i", receivedAt: Timestamp(milliseconds: milliseconds), status: status,
            method: "POST", headers: [:], parameters: [:], body: "", remoteAddress: "", by: "ada",
            run: id == "r4" ? RequestedRun(attempt: .rerun, by: "ada", rerunOf: "r1") : nil)
    }

    @Test(arguments: Backend.available)
    func findsAndForgetsActivities(_ backend: Backend) async throws {
        try await Self.with(backend) { database in
            try await database.transaction { connection in
                let activities = Activities(connection)
                for (id, status, time) in [
                    ("r1", Activity.Status.failed, 10), ("r2", .running, 20), ("r3", .completed, 30),
                    ("r4", .completed, 40),
                ] { try activities.put(Self.activity(id, status, at: Int64(time))) }
                try ScriptDrafts(connection).put("text", for: "r1", at: Timestamp(milliseconds: 10))
                func ids(_ filter: Activities.Filter) throws -> [String] {
                    try activities.list(filter, offset: 0, limit: 10).rows.map(\.requestId)
                }
                #expect(try ids(.init()) == ["r4", "r3", "r2", "r1"])
                #expect(try ids(.init(statuses: [.failed, .running])) == ["r2", "r1"])
                #expect(
                    try ids(.init(from: Timestamp(milliseconds: 20), to: Timestamp(milliseconds: 40))) == ["r3", "r2"])
                #expect(try ids(.init(rerunOf: "r1")) == ["r4"])
                #expect(try ids(.init(integration: "other")).isEmpty)
                let limit = Timestamp(milliseconds: 40)
                #expect(try activities.delete(receivedBefore: limit, limit: 1) == 1)
                #expect(try activities.delete(receivedBefore: limit, limit: 5) == 1)
                // What is running, and what is younger, stays.
                #expect(try ids(.init()) == ["r4", "r2"])
                #expect(try ScriptDrafts(connection).get("r1") == nil)
            }
        }
    }

    @Test func tellsWhatHappenedInOrder() {
        var activity = Self.activity("r", .completed, at: 0)
        activity.log = "one\nzwei ü\nthree"
        activity.calls = [
            ActivityCall(kind: .http, method: "GET", url: "https://a.example/", status: 200, logOffset: 3),
            ActivityCall(
                kind: .http, method: "POST", url: "https://a.example/b", requestBody: "{}", problem: "no route",
                logOffset: 11, cut: "2 bytes"),
        ]
        activity.notes = ["a note"]
        let texts = activity.steps.map { step in
            switch step {
            case .printed(let text): text
            case .call(let call): call.method
            }
        }
        #expect(texts == ["one", "GET", "zwei ü", "POST", "three"])
        let lines = activity.transcript.components(separatedBy: "\n")
        #expect(lines.first == "one" && lines.last == "a note" && lines.contains("(2 bytes)"))
        #expect(lines.contains("< HTTP/1.1 200 200") && lines.contains("< no route"))
    }

    /// A document from before there were calls, runs and versions.
    @Test func readsOldActivities() throws {
        let old = """
            {"requestId":"r","integration":"i","receivedAt":1,"status":"COMPLETED","method":"POST","headers":{},
            "parameters":{},"body":"","remoteAddress":"","by":"ada","log":"x\\n> GET","alerts":[],
            "durationMilliseconds":1}
            """
        let activity = try JSON.decode(old, as: Activity.self)
        #expect(activity.transcript == "x\n> GET" && activity.run == nil && activity.calls.isEmpty)
    }
}
