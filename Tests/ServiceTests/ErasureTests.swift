import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import API

/// Somebody who is erased is nowhere any more: in no answer, in no column of any table, in no event; and nobody else
/// has lost anything.
@Suite(.inTurn)
struct ErasureTests {
    static let jane = PersonReference(
        id: "7f3c9a10-0000-4000-8000-00000000aa01", targetName: "jvelvet", firstName: "Janina", lastName: "Velvetson")
    static let bob = PersonReference(
        id: "7f3c9a10-0000-4000-8000-00000000aa02", targetName: "bob", firstName: "Janina", lastName: "Other")
    static let device = "7f3c9a10-0000-4000-8000-00000000dd01"
    static let erased = "erased-7f3c9a10"
    /// What must not be found.
    static let texts = [
        "jvelvet", "Velvetson", "jane.velvet@example.com", "+16045550199", "Violet phone", "my own words",
        "later words", "Purple hobby", "old.velvet@example.com",
    ]

    @Test(arguments: Backend.available)
    func leavesNothing(on backend: Backend) async throws {
        try await ConsoleWorld.run(on: backend) { world in
            try await fill(world)
            let others = try await othersAnswers(world)
            let found = try await columns(world).filter { !$0.texts.isEmpty }
            let tables = Set(found.map { $0.column.split(separator: ".")[0] })
            let wanted: Set<Substring> = [
                "alerts", "alert_properties", "alert_texts", "notifications", "webhook_deliveries", "activities",
                "inbound_messages", "script_versions", "dead_letters", "bus_messages", "due_work", "webhook_replays",
                "directory",
            ]
            #expect(tables.isSuperset(of: wanted), "\(wanted.subtracting(tables)) hold nothing to be erased")
            #expect(!tables.contains("events"), "\(found.filter { $0.column.hasPrefix("events.") })")

            try await refusals(world)
            let answer = try await world.call(
                "POST", "/people/\(Self.jane.targetName)/erase", ["confirm": .string(Self.jane.targetName)])
            #expect(answer.status == 202, "\(answer.body)")
            #expect(try answer.json["status"] == "RUNNING" && answer.json["by"] == "id-admin")
            let again = try await world.call(
                "POST", "/people/\(Self.jane.id)/erase", ["confirm": .string(Self.jane.targetName)])
            #expect(again.status == 409)
            try await finish(world)

            for column in try await columns(world) { #expect(column.texts.isEmpty, "\(column)") }
            try await expectNoAnswerNames(world)
            try await expectWholeLog(world)
            #expect(try await othersAnswers(world) == others)
            let progress = try await world.call("GET", "/people/\(Self.jane.id)/erasure").json
            #expect(progress["status"] == "DONE" && progress["eventsNaming"] == 0, "\(progress)")
            #expect((progress["rowsChanged"]?.integer ?? 0) >= 8)
        }
    }

    /// What was written before data was sealed stays, and what others wrote; both are counted.
    @Test(arguments: Backend.available)
    func countsWhatIsInPlainText(on backend: Backend) async throws {
        try await ConsoleWorld.run(on: backend) { world in
            try await fill(world)
            let (jane, now) = (Self.jane, world.clock.now)
            try await world.database.transaction { connection in
                let admin = PersonReference(id: "id-admin", targetName: "admin", firstName: "Ada", lastName: "Admin")
                let comment = AddressedCommand<Alert>(
                    .comment(id: "x", by: admin, text: "I called jvelvet"), on: DerivedID.uuid("alert", "100003"),
                    by: Origin(actor: "admin", causation: "c", correlation: "r"))
                try EventLog(connection).execute([comment], in: LogPartition("alert", 0), at: now)
                for number in 1...3 {
                    try EventLog(connection).record(
                        type: "old.event", data: #"{"by":"\#(jane.targetName)"}"#, on: "old-\(number)",
                        in: LogPartition("old", 0), origin: Origin(actor: "<old>", causation: "c", correlation: "r"),
                        at: now)
                }
            }
            let answer = try await world.call("POST", "/people/jvelvet/erase", ["confirm": "jvelvet"])
            #expect(answer.status == 202)
            try await finish(world)
            let progress = try await world.call("GET", "/people/\(Self.jane.id)/erasure").json
            // Three old events, and the comment of somebody else.
            let naming = progress["eventsNaming"]?.integer ?? 0
            #expect(naming == 4, "\(progress)")
        }
    }

    /// Somebody who was deleted before can be erased, too, by the id.
    @Test func erasesWhoIsDeleted() async throws {
        try await ConsoleWorld.run { world in
            try await fill(world)
            #expect(try await world.call("DELETE", "/people/jvelvet").status == 200)
            #expect(try await world.call("POST", "/people/jvelvet/erase", ["confirm": "jvelvet"]).status == 404)
            let answer = try await world.call("POST", "/people/\(Self.jane.id)/erase", ["confirm": "jvelvet"])
            #expect(answer.status == 202, "\(answer.body)")
            try await finish(world)
            for column in try await columns(world) { #expect(column.texts.isEmpty, "\(column)") }
            try await expectNoAnswerNames(world)
        }
    }

    /// Who is in an alert that is held stays as long as the hold.
    @Test(arguments: Backend.available) func whoIsHeldStays(on backend: Backend) async throws {
        try await ConsoleWorld.run(on: backend) { world in
            try await fill(world)
            // Found by the events of webhooks, which are not about the person; their alerts are.
            let hold = try await world.call("POST", "/legal-holds", ["name": "Case 18", "query": "kind:delivery"])
            let refused = try await world.call("POST", "/people/jvelvet/erase", ["confirm": "jvelvet"])
            #expect(refused.status == 409 && refused.body.contains("erasure.held") && refused.body.contains("Case 18"))
            #expect(try await world.call("GET", "/people/jvelvet").status == 200)
            _ = try await world.call("DELETE", "/legal-holds/\(try hold.json["id"]?.string ?? "")")
            let answer = try await world.call("POST", "/people/jvelvet/erase", ["confirm": "jvelvet"])
            #expect(answer.status == 202, "\(answer.body)")
        }
    }

    /// A process that dies in the middle: another one goes on.
    @Test func goesOnAfterARestart() async throws {
        try await ConsoleWorld.run { world in
            try await fill(world)
            _ = try await world.call("POST", "/people/jvelvet/erase", ["confirm": "jvelvet"])
            let first = Task { try await runner(world).runNext() }
            first.cancel()
            _ = try? await first.value  // cancelled somewhere on its way
            world.clock.advance(by: .seconds(130))
            try await finish(world)
            for column in try await columns(world) { #expect(column.texts.isEmpty, "\(column)") }
        }
    }

    /// Each table of the schema has been thought of.
    @Test(arguments: Backend.available)
    func knowsEveryTable(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let tables = try await Self.tables(database)
            #expect(Set(tables) == Set(Erasure.tables), "a table that erasure does not know, or no table")
        }
    }

    // MARK: - Steps

    private func runner(_ world: ConsoleWorld) -> ErasureRunner {
        ErasureRunner(database: world.database, secrets: world.secrets, now: { world.clock.now })
    }

    private func finish(_ world: ConsoleWorld) async throws {
        var steps = 0
        while try await world.call("GET", "/people/\(Self.jane.id)/erasure").json["status"] != "DONE", steps < 10 {
            _ = try await runner(world).runNext()
            world.clock.advance(by: .seconds(130))
            steps += 1
        }
    }

    private func refusals(_ world: ConsoleWorld) async throws {
        let path = "/people/jvelvet/erase"
        let missing = try await world.call("POST", path, [:])
        #expect(missing.status == 400 && missing.body.contains("confirm"))
        let wrong = try await world.call("POST", path, ["confirm": "Jvelvet"])
        #expect(wrong.status == 400 && wrong.body.contains("confirm"))
        #expect(try await world.call("POST", path, ["confirm": "jvelvet"], as: "watcher").status == 403)
        #expect(try await world.call("POST", "/people/nobody-there/erase", ["confirm": "x"]).status == 404)
        #expect(try await world.call("POST", "/people/admin/erase", ["confirm": "admin"]).status == 409)
        #expect(try await world.call("GET", "/people/\(Self.jane.id)/erasure").status == 404)
    }

    // MARK: - What is looked at

    private struct Column: CustomStringConvertible {
        let column: String
        let texts: [String]
        var description: String { "\(column) holds \(texts)" }
    }

    private static func tables(_ database: any SQLDatabase) async throws -> [String] {
        try await database.reading { connection in
            let isPostgres = type(of: connection).dialect == .postgres
            let query: SQL =
                isPostgres
                ? """
                SELECT CAST(c.relname AS text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                """
                : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'alert!_texts!_%' ESCAPE '!'"
            return try connection.execute(query).map { $0.text(0) }.filter { !$0.hasPrefix("sqlite_") }
        }
    }

    /// Every column of every table, with those of the texts that it holds; of events as they are stored.
    private func columns(_ world: ConsoleWorld) async throws -> [Column] {
        var columns: [Column] = []
        for table in try await Self.tables(world.database) {
            columns += try await world.database.reading { connection in
                let isPostgres = type(of: connection).dialect == .postgres
                let query: SQL =
                    isPostgres
                    ? """
                    SELECT column_name FROM information_schema.columns
                    WHERE table_schema = current_schema() AND table_name = \(table)
                    """
                    : "SELECT name FROM pragma_table_info(\(table))"
                let names = try connection.execute(query).map { $0.text(0) }
                return try names.map { name in
                    let select = SQL(stringLiteral: "SELECT CAST(\(name) AS TEXT) FROM \(table)")
                    let values = try connection.execute(select).compactMap { $0.optionalText(0)?.lowercased() }
                    let texts = Self.texts.filter { text in values.contains { $0.contains(text.lowercased()) } }
                    return Column(column: "\(table).\(name)", texts: texts)
                }
            }
        }
        return columns
    }

    /// Every list and every entry that the route table has.
    private func expectNoAnswerNames(_ world: ConsoleWorld) async throws {
        let parameters = [
            "event": "100001", "person": "id-admin", "group": "team", "delivery": "d-1", "replay": "r-1",
            "integration": ConsoleWorld.integration, "plan": ConsoleWorld.plan.id, "form": ConsoleWorld.form.id,
            "request": "request-9",
        ]
        for path in try await Self.paths(world) {
            var path = path
            for (name, value) in parameters { path = path.replacingOccurrences(of: "{\(name)}", with: value) }
            guard !path.contains("{") else { continue }
            let answer = try await world.call("GET", "/\(path)")
            let named = Self.texts.filter { answer.body.lowercased().contains($0.lowercased()) }
            #expect(named.isEmpty, "\(path) answers \(answer.status) with \(named)")
        }
        for id in [Self.jane.id, Self.jane.targetName] {
            #expect(try await world.call("GET", "/people/\(id)").status == 404)
        }
        let annotations = try await world.call("GET", "/events/100001/annotations").body
        #expect(annotations.contains(Self.erased) && annotations.contains("somebody is on it"), "\(annotations)")
        let cookie = try await world.signIn()
        for page in ["/console/alerts/100001", "/console/alerts", "/console/people"] {
            let answer = try await world.page(page, cookie)
            let named = Self.texts.filter { answer.body.contains($0) }
            #expect(named.isEmpty, "\(page) answers \(answer.status) with \(named)")
        }
    }

    private static func paths(_ world: ConsoleWorld) async throws -> [String] {
        let cache = DirectoryCache(database: world.database)
        let authenticator = Authenticator(cache: cache, now: { world.clock.now })
        let services = RESTServices(
            database: world.database, cache: cache, secrets: world.secrets, authenticator: authenticator,
            now: { world.clock.now }, passwordCost: .lowest)
        let events = EventServices(
            database: world.database, cache: cache, authenticator: authenticator,
            gateway: CommandGateway(
                database: world.database, bus: ObedientBus(database: world.database, clock: world.clock)),
            now: { world.clock.now })
        return (services.routes + events.routes).filter { $0.method == .get }.map(\.path)
    }

    private func expectWholeLog(_ world: ConsoleWorld) async throws {
        let partitions = try await world.database.reading {
            try $0.execute("SELECT partition_name, hash FROM log_partitions").map { ($0.text(0), $0.text(1)) }
        }
        #expect(partitions.contains { $0.0 == "privacy/0" })
        for (name, head) in partitions {
            let parts = name.split(separator: "/")
            let partition = LogPartition(String(parts[0]), Int(parts[1])!)
            let (stored, opened) = try await world.database.reading { connection in
                (
                    try EventLog(connection, asStored: true).read(partition, after: 0, limit: 10_000),
                    try EventLog(connection).read(partition, after: 0, limit: 10_000)
                )
            }
            var chain = HashChain(head: "")
            for row in stored {
                let event = NewEvent(
                    stream: row.stream, version: row.version, type: row.type, data: row.data, origin: row.origin,
                    recordedAt: row.recordedAt)
                let hash = chain.add(event, partition: partition, position: row.position)
                #expect(hash == row.hash)
            }
            #expect(chain.head == head)
            for row in stored + opened {
                let named = Self.texts.filter { "\(row.data) \(row.origin.actor)".contains($0) }
                #expect(named.isEmpty, "\(row.id) \(row.type) holds \(named)")
            }
        }
    }

    private func othersAnswers(_ world: ConsoleWorld) async throws -> [String] {
        var answers: [String] = []
        for path in ["/people/bob", "/people/bob/devices", "/events/100003", "/events/100003/annotations"] {
            answers.append(try await world.call("GET", path).body)
        }
        return answers + [
            try await world.call("GET", "/events/100003/user-deliveries?at=2030-01-01T00:00:00Z").body
        ]
    }
}
