import AlertCore
import Foundation
import SQLiteDatabase
import Testing

@testable import Persistence

struct DirectoryCacheTests {
    private func put(_ entries: [any DirectoryEntry], _ database: any SQLDatabase) async throws {
        try await database.transaction { connection in
            for entry in entries { try Directory(connection).put(entry, by: directoryOrigin, at: directoryNoon) }
        }
    }

    @Test func findsEverythingThatServicesLookUp() async throws {
        let database = try await directoryDatabase()
        try await put(
            [
                samplePerson("mia", login: "mia@example.com"),
                Device(id: "d2", number: 2, owner: "person-mia", name: "Home Email", deviceType: .email, sequence: 2),
                Device(id: "d1", number: 1, owner: "person-mia", name: "Work Email", deviceType: .email, sequence: 1),
                samplePlan("a"), Constant(id: "c", plan: "plan-a", name: "C", value: "1"),
                Endpoint(id: "e", plan: "plan-a", name: "Sink", url: "https://example.com"),
                Integration(
                    id: "i", plan: "plan-a", form: "f", name: "I", integrationType: .outbound,
                    operation: .sendWebhook, triggeredBy: .status),
            ], database)
        let view = try await DirectoryCache(database: database).current()
        #expect(view.person("MIA")?.id == "person-mia")
        #expect(view.person(login: "Mia@Example.com")?.id == "person-mia")
        #expect(view.person(login: "mia")?.id == "person-mia")
        #expect(view.devices(of: "person-mia").map(\.id) == ["d1", "d2"])
        #expect(view.device("mia|home email")?.id == "d2")
        #expect(view.constants(of: "plan-a").map(\.value) == ["1"])
        #expect(view.endpoint("sink", in: "plan-a")?.id == "e")
        #expect(view.endpoint("e", in: "plan-b") == nil)
        #expect(view.outboundIntegrations(form: "f", trigger: .status).map(\.id) == ["i"])
        #expect(view.outboundIntegrations(form: "f", trigger: .response).isEmpty)
    }

    @Test func seesAChangeAfterInvalidationAndNotBefore() async throws {
        let database = try await directoryDatabase()
        try await put([samplePlan("a"), samplePlan("b")], database)
        let cache = DirectoryCache(database: database, interval: .seconds(3600))
        #expect(try await cache.current().plans.count == 2)
        try await put([samplePlan("c")], database)
        #expect(try await cache.current().plans.count == 2)
        cache.invalidate()
        #expect(try await cache.current().plans.keys.sorted() == ["plan-a", "plan-b", "plan-c"])

        try await database.transaction { connection in
            try Directory(connection).delete(Plan.self, id: "plan-a", by: directoryOrigin, at: directoryNoon)
        }
        #expect(try await cache.refreshed().plans.keys.sorted() == ["plan-b", "plan-c"])
        try await put([samplePlan("a")], database)
        #expect(try await cache.refreshed().plans.keys.sorted() == ["plan-a", "plan-b", "plan-c"])
    }

    /// A filter is read with its integration, and goes with it.
    @Test func hasTheFiltersAsTheyAre() async throws {
        let database = try await directoryDatabase()
        var integration = Integration(
            id: "i", plan: "plan-a", form: "f", name: "I", integrationType: .outbound, operation: .sendWebhook,
            triggeredBy: .status)
        integration.delivery = DeliverySettings(filter: "alert.number == 7")
        try await put([samplePlan("a"), integration], database)
        let cache = DirectoryCache(database: database)
        #expect(try await cache.current().filters == ["i": Filter("alert.number == 7")])
        integration.delivery?.filter = "alert.number == 8"
        try await put([integration], database)
        #expect(try await cache.refreshed().filters == ["i": Filter("alert.number == 8")])
        for text in ["what a later version may write", nil] {
            integration.delivery?.filter = text
            try await put([integration], database)
            #expect(try await cache.refreshed().filters.isEmpty)
        }
        integration.delivery?.filter = "true"
        try await put([integration], database)
        #expect(try await cache.refreshed().filters.count == 1)
        try await database.transaction { connection in
            try Directory(connection).delete(Integration.self, id: "i", by: directoryOrigin, at: directoryNoon)
        }
        #expect(try await cache.refreshed().filters.isEmpty)
    }

    @Test func seesAChangeByItselfOnceTheIntervalIsOver() async throws {
        let database = try await directoryDatabase()
        let cache = DirectoryCache(database: database, interval: .zero)
        #expect(try await cache.current().plans.isEmpty)
        try await put([samplePlan("a")], database)
        #expect(try await cache.current().plans.count == 1)
    }
}
