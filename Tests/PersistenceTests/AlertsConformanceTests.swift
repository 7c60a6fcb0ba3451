import AlertCore
import Persistence
import TestSupport
import Testing

/// The write path of alerts and their read model, on every backend.
@Suite struct AlertsConformanceTests {
    let noon = Timestamp(milliseconds: 1_790_000_000_000)
    let partition = LogPartition("alert", 0)
    let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")

    func details(_ number: Int64, properties: [String: JSONValue] = [:]) -> AlertDetails {
        AlertDetails(
            number: number, plan: NamedReference(id: "plan", name: "Plan"),
            form: NamedReference(id: "form", name: "Form"),
            requestId: "request-\(number)", submitter: mary, priority: .high, properties: properties)
    }

    func write(_ commands: [(String, Alert.Command)], on database: any SQLDatabase) async throws {
        try await database.transaction { [partition, noon] connection in
            let origin = Origin(actor: "mary", causation: "c", correlation: "r")
            let outcomes = try EventLog(connection).execute(
                commands.map { AddressedCommand<Alert>($0.1, on: $0.0, by: origin) }, in: partition, at: noon)
            try Alerts(connection).apply(outcomes.map { ($0.id, $0.version, $0.events) })
        }
    }

    @Test(arguments: Backend.available)
    func followsAnAlertThroughItsLife(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await write([("a1", .create(details(7))), ("a1", .create(details(7)))], on: database)
        var row = try await database.reading { try Alerts($0).get("a1") }
        #expect(row?.status == "ACTIVE" && row?.version == 1 && row?.details.number == 7)
        try await write([("a1", .suspend(by: mary)), ("a1", .suspend(by: mary))], on: database)
        row = try await database.reading { try Alerts($0).get("7") }
        #expect(row?.status == "SUSPENDED" && row?.version == 2)
        try await write([("a1", .terminate(by: mary)), ("a1", .resume(by: mary))], on: database)
        row = try await database.reading { try Alerts($0).get("a1") }
        #expect(row?.status == "TERMINATED_EXTERNAL" && row?.terminatedAt == noon)
        await database.close()
    }

    @Test(arguments: Backend.available)
    func findsAlerts(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        for number in 1...5 {
            let properties: [String: JSONValue] = [
                "Host": .string("db-\(number % 2)"), "Count": .integer(Int64(number)),
            ]
            try await write([("a\(number)", .create(details(Int64(number), properties: properties)))], on: database)
        }
        try await write([("a5", .expire)], on: database)
        func numbers(_ change: (inout AlertSearch) -> Void, offset: Int = 0, limit: Int = 10) async throws -> [Int64] {
            var search = AlertSearch()
            change(&search)
            let (wanted, from, to) = (search, offset, limit)
            return try await database.reading { connection in
                try Alerts(connection).find(wanted, offset: from, limit: to).rows.map(\.details.number)
            }
        }
        #expect(try await numbers { _ in } == [5, 4, 3, 2, 1])
        #expect(try await numbers({ _ in }, offset: 1, limit: 2) == [4, 3])
        #expect(try await numbers { $0.statuses = ["TERMINATED"] } == [5])
        #expect(try await numbers { $0.properties = [("Host", ["DB-1"])] } == [5, 3, 1])
        #expect(try await numbers { $0.properties = [("Host", ["db-1"]), ("Count", ["3"])] } == [3])
        #expect(try await numbers { $0.requestIds = ["request-2"] } == [2])
        #expect(try await numbers { $0.priorities = ["LOW"] } == [])
        await database.close()
    }
}
