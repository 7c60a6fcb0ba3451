import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import WebhookDispatcher

/// What takes integrations out of service, and what their settings do to a dispatcher that runs.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct WebhookServiceTests {
    private let base = WebhookDispatcherTests()

    private func notices(_ setup: WebhookDispatcherTests.Setup) async throws -> [SystemAlert] {
        try await setup.database.transaction { connection in
            try DueWork(connection).claim(
                kind: SystemAlert.dueKind, partition: 0, now: Timestamp(milliseconds: 4_000_000_000_000),
                lease: .seconds(1), limit: 100
            ).map { try JSON.decode($0.payload) }
        }
    }

    private func integration(_ id: String, _ setup: WebhookDispatcherTests.Setup) async throws -> Integration? {
        try await setup.database.reading { try Directory($0).get(Integration.self, id: id) }
    }

    private func end(_ setup: WebhookDispatcherTests.Setup) async {
        await setup.sink.stop()
        await setup.database.close()
    }

    @Test(arguments: Backend.available)
    func nothingButFailuresTakesItOutOfServiceAndItsOwnerIsTold(on backend: Backend) async throws {
        let setup = try await base.setUp(
            backend, paths: ["/fail/1000", "/ok"], schedule: [1, 1, 1, 1, 1, 1], disableAfter: .seconds(2))
        try await base.running(setup) {
            try await base.publish("a", 1, on: setup)
            try await eventually("disabled", within: .seconds(30)) {
                try await integration("i-fail-1000", setup)?.disabledReason != nil
            }
        }
        let reason = try #require(try await integration("i-fail-1000", setup)?.disabledReason)
        #expect(reason.hasPrefix("every attempt has failed since 20") && reason.hasSuffix("HTTP 500"), "\(reason)")
        #expect(try await integration("i-ok", setup)?.disabledReason == nil)
        let alerts = try await notices(setup)
        #expect(alerts.count == 1)
        let details = try #require(alerts.first?.details)
        #expect(details.recipients.map(\.targetName) == ["olga"])
        #expect(details.systemEventType == "INTEGRATION_DISABLED")
        #expect(details.properties["Integration"] == "/fail/1000" && details.properties["Reason"] == .string(reason))
        // It begins anew when somebody puts it back.
        let since = try await setup.database.reading { try WebhookFailures($0).since(of: ["i-fail-1000", "i-ok"]) }
        #expect(since.isEmpty)
        await end(setup)
    }

    @Test(arguments: Backend.available)
    func aSuccessEndsTheTimeOfFailures(on backend: Backend) async throws {
        let setup = try await base.setUp(backend, paths: ["/fail/1"], disableAfter: .seconds(60))
        try await base.running(setup) {
            try await base.publish("a", 1, on: setup)
            try await eventually("failing") {
                try await setup.database.reading { try WebhookFailures($0).since(of: ["i-fail-1"]) }.count == 1
            }
            try await eventually("delivered") {
                let rows = try await setup.database.reading { try WebhookDeliveries($0).ofAlert("a") }
                return rows.count == 4 && rows.allSatisfy { $0.status == .delivered }
            }
        }
        #expect(try await setup.database.reading { try WebhookFailures($0).since(of: ["i-fail-1"]) }.isEmpty)
        #expect(try await notices(setup).isEmpty)
        await end(setup)
    }

    @Test func goneIsToldToo() async throws {
        let setup = try await base.setUp(.sqlite, paths: ["/gone"]) { $0.authenticatingUser = "nobody" }
        try await base.running(setup) {
            try await base.publish("a", 1, on: setup)
            try await eventually("disabled") { try await integration("i-gone", setup)?.disabledReason != nil }
        }
        let details = try #require(try await notices(setup).first?.details)
        #expect(details.recipients.map(\.targetName) == ["olga"])
        #expect(details.body.contains("410 Gone"))
        await end(setup)
    }

    /// A timeout of its own, and a rate that parks what has no turn; everything goes out all the same, in order.
    @Test(arguments: Backend.available)
    func settingsHold(on backend: Backend) async throws {
        let setup = try await base.setUp(backend, paths: ["/hang", "/rate"], schedule: [600]) { integration in
            integration.delivery =
                integration.name == "/hang"
                ? DeliverySettings(timeoutSeconds: 1) : DeliverySettings(requestsPerSecond: 2)
        }
        let started = ContinuousClock.now
        try await base.running(setup) {
            for number in 1...3 { try await base.publish("a\(number)", Int64(number), on: setup) }
            try await eventually("all of it", within: .seconds(60)) {
                await setup.sink.bodies(at: "/rate").count == 12
            }
            // Eleven of them had to wait for half a second each.
            #expect(ContinuousClock.now - started > .milliseconds(5400))
            try await eventually("timed out") {
                let rows = try await setup.database.reading { try WebhookDeliveries($0).ofAlert("a1") }
                return rows.contains { $0.integration == "i-hang" && $0.reason == "retry" && $0.attempts == 1 }
            }
        }
        for number in 1...3 {
            let bodies = try await setup.sink.bodies(at: "/rate")
                .map { try JSON.decode($0, as: JSONValue.self) }
                .filter { $0["eventIdentifier"]?.integer == Int64(number) }
            #expect(bodies.map { $0["status"]?.string } == base.inOrder)
        }
        #expect(Set(await setup.sink.ids(at: "/rate")).count == 12)
        await end(setup)
    }

    @Test func whatTheFilterKeepsBackIsNotSent() async throws {
        let setup = try await base.setUp(.sqlite, paths: ["/ok"]) {
            $0.delivery = DeliverySettings(filter: #"payload.status == "suspended" || payload.status.contains("_")"#)
        }
        try await base.running(setup) {
            try await base.publish("a", 1, on: setup)
            try await eventually { await setup.sink.bodies(at: "/ok").count == 2 }
        }
        #expect(try await base.statuses(setup, "/ok") == ["suspended", "terminated_external"])
        await end(setup)
    }
}
