import AlertCore
import Foundation
import SQLiteDatabase
import TestSupport
import Testing

@testable import Persistence

let directoryOrigin = Origin(actor: "mia", causation: "rest-1", correlation: "1")
let directoryNoon = Timestamp(milliseconds: 1_700_000_000_000)

func directoryDatabase() async throws -> any SQLDatabase {
    let database = try SQLiteDatabase(path: ":memory:").sealing()
    try await Migrator.bundled().run(on: database)
    return database
}

func samplePerson(_ name: String, login: String? = nil, passwordHash: String? = nil) -> Person {
    Person(
        id: "person-\(name)", targetName: name, firstName: name.capitalized, lastName: "Doe", webLogin: login,
        roles: ["Full Access User"], passwordHash: passwordHash, whenCreated: directoryNoon)
}

func samplePlan(_ name: String) -> Plan { Plan(id: "plan-\(name)", name: name, created: directoryNoon) }

/// What the directory promises on every database.
struct DirectoryTests {
    @discardableResult
    private func change<T: Sendable>(
        _ database: any SQLDatabase, _ body: @escaping @Sendable (Directory) throws -> T
    ) async throws -> T {
        try await database.transaction { try body(Directory($0)) }
    }

    private func put(_ entries: [any DirectoryEntry], _ database: any SQLDatabase) async throws {
        try await change(database) { directory throws in
            for entry in entries { try directory.put(entry, by: directoryOrigin, at: directoryNoon) }
        }
    }

    @Test func findsWhatWasPutByIdAndByNameIgnoringCase() async throws {
        let database = try await directoryDatabase()
        try await put([samplePerson("Mia")], database)
        try await change(database) { directory throws in
            #expect(try directory.get(Person.self, id: "person-Mia") == samplePerson("Mia"))
            #expect(try directory.find(Person.self, name: "mIA")?.id == "person-Mia")
            #expect(try directory.resolve(Person.self, "person-Mia")?.targetName == "Mia")
            #expect(try directory.resolve(Person.self, "MIA")?.id == "person-Mia")
            #expect(try directory.resolve(Person.self, "nobody") == nil)
        }
    }

    @Test func refusesANameThatIsTakenAndSaysWhichField() async throws {
        let database = try await directoryDatabase()
        try await put([samplePerson("mia", login: "mia@example.com")], database)
        await #expect(throws: DirectoryError.nameTaken(field: "targetName", name: "MIA")) {
            var other = samplePerson("MIA", login: "other")
            other.id = "another"
            try await put([other], database)
        }
        await #expect(throws: DirectoryError.nameTaken(field: "webLogin", name: "MIA@example.com")) {
            try await put([samplePerson("tom", login: "MIA@example.com")], database)
        }
        // The same name below another parent is another thing.
        let first = Constant(id: "c1", plan: "p1", name: "URL", value: "1")
        try await put([first, Constant(id: "c2", plan: "p2", name: "url", value: "2")], database)
    }

    @Test func countsEachChangeAndRecordsItOnce() async throws {
        let database = try await directoryDatabase()
        let before = try await change(database) { try $0.version() }
        try await put([samplePlan("a")], database)
        let between = try await change(database) { try $0.version() }
        try await change(database) { try $0.delete(Plan.self, id: "plan-a", by: directoryOrigin, at: directoryNoon) }
        let after = try await change(database) { try $0.version() }
        #expect(before < between)
        #expect(between < after)

        try await put([samplePlan("b"), samplePlan("b")], database)
        let events = try await events(database)
        #expect(events.map(\.type) == ["config.changed", "config.deleted", "config.changed"])
        #expect(events.map(\.stream) == ["config-plan-plan-a", "config-plan-plan-a", "config-plan-plan-b"])
        #expect(events[0].origin == directoryOrigin)
        #expect(events[1].data.contains("\"before\":{"))
        #expect(!events[1].data.contains("\"after\""))
    }

    @Test func writesNoSecretIntoTheLog() async throws {
        let database = try await directoryDatabase()
        var integration = Integration(
            id: "i", plan: "p", form: "f", name: "in", integrationType: .inbound, operation: .createAlert)
        integration.sealedKey = "top-secret-key"
        integration.sealedSigningSecrets = ["top-secret-signature"]
        try await put(
            [
                samplePerson("mia", passwordHash: "top-secret-hash"),
                APIKey(
                    id: "x-api-key-1", person: "person-mia", name: "k", secretHash: "top-secret-hash",
                    created: directoryNoon),
                Endpoint(
                    id: "e", plan: "p", name: "e", url: "https://example.com", sealedPassword: "top-secret-password"),
                integration,
                PropertyDefinition(
                    id: "d", plan: "p", propertyType: .password, name: "Pin", defaultValue: "top-secret-default"),
            ], database)
        let events = try await events(database)
        #expect(events.count == 5)
        #expect(events.allSatisfy { !$0.data.contains("top-secret") && $0.data.contains("***") })
    }

    @Test func deletesAPlanWithAllThatBelongsToIt() async throws {
        let database = try await directoryDatabase()
        try await put(
            [
                samplePlan("a"), samplePlan("b"), Form(id: "f", number: 1, plan: "plan-a", name: "Form"),
                PropertyDefinition(id: "d", plan: "plan-a", propertyType: .text, name: "Service"),
                Constant(id: "c", plan: "plan-a", name: "C", value: ""),
                Constant(id: "other", plan: "plan-b", name: "C", value: ""),
                Endpoint(id: "e", plan: "plan-a", name: "E", url: "https://example.com"),
                Integration(
                    id: "i", plan: "plan-a", form: "f", name: "I", integrationType: .outbound,
                    operation: .sendWebhook, endpoint: "e"),
            ], database)
        await #expect(throws: DirectoryError.inUse(by: "I")) {
            try await change(database) {
                try $0.delete(Endpoint.self, id: "e", by: directoryOrigin, at: directoryNoon)
            }
        }
        try await change(database) { directory throws in
            #expect(
                try directory.delete(Plan.self, id: "plan-a", by: directoryOrigin, at: directoryNoon) == samplePlan("a")
            )
            #expect(try directory.all(Form.self).isEmpty)
            #expect(try directory.all(PropertyDefinition.self).isEmpty)
            #expect(try directory.all(Endpoint.self).isEmpty)
            #expect(try directory.all(Integration.self).isEmpty)
            #expect(try directory.all(Constant.self).map(\.id) == ["other"])
            #expect(try directory.delete(Plan.self, id: "plan-a", by: directoryOrigin, at: directoryNoon) == nil)
        }
        #expect(try await events(database).filter { $0.type == "config.deleted" }.count == 6)
    }

    @Test func takesADeletedPropertyOffItsForms() async throws {
        let database = try await directoryDatabase()
        let item = FormSection.Item(id: "x", orderNum: 1, propertyDefinition: "d")
        let section = FormSection(id: "s", title: "S", type: "CUSTOM_SECTION", orderNum: 1, items: [item])
        try await put(
            [
                samplePlan("a"), PropertyDefinition(id: "d", plan: "plan-a", propertyType: .text, name: "Service"),
                Form(id: "f", number: 1, plan: "plan-a", name: "Form", sections: [section]),
            ], database)
        try await change(database) { directory throws in
            try directory.delete(PropertyDefinition.self, id: "d", by: directoryOrigin, at: directoryNoon)
            #expect(try directory.get(Form.self, id: "f")?.sections.first?.items == [])
        }
    }

    @Test func pagesInTheOrderOfTheNames() async throws {
        let database = try await directoryDatabase()
        try await put(["d", "B", "a", "C", "e"].map { samplePlan($0) }, database)
        try await change(database) { directory throws in
            let page = try directory.list(Plan.self, offset: 1, limit: 3)
            #expect(page.total == 5)
            #expect(page.entries.map(\.name) == ["B", "C", "d"])
            let filtered = try directory.list(
                Plan.self, offset: 0, limit: 2, where: { $0.name != "a" }, by: { $0.id > $1.id })
            #expect(filtered.total == 4)
            #expect(filtered.entries.map(\.name) == ["e", "d"])
        }
    }

    @Test func givesEachNumberOnce() async throws {
        let database = try await directoryDatabase()
        let numbers = try await change(database) { directory throws in
            [
                try directory.nextNumber(of: "device"), try directory.nextNumber(of: "device"),
                try directory.nextNumber(of: "form"),
            ]
        }
        #expect(numbers == [1000, 1001, 1000])
    }

    private func events(_ database: any SQLDatabase) async throws -> [RecordedEvent] {
        try await database.reading { connection in
            try EventLog(connection).read(LogPartition("config", 0), after: 0, limit: 100)
        }
    }
}
