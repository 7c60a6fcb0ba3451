import AlertCore
import Foundation
import Logging
import Messaging
import Persistence
import SQLiteDatabase
import TestSupport
import Testing

@testable import WebhookDispatcher

/// Which integrations an event sets off.
@Suite(.inTurn)
struct FanOutTests {
    private static let ann = PersonReference(id: "p", targetName: "ann", firstName: "Ann", lastName: "A")
    private static let details: AlertDetails = {
        var details = AlertDetails(
            number: 7, plan: NamedReference(id: "plan", name: "P"), form: NamedReference(id: "form", name: "F"),
            requestId: "r", submitter: ann, priority: .high)
        details.responseOptions = [ResponseOption(id: "o", number: 1, text: "Accept", action: .end)]
        return details
    }()

    @Test func onlyWhatMindsTheEventAndCanRun() async throws {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        let origin = Origin(actor: "t", causation: "c", correlation: "r")
        let at = Timestamp(milliseconds: 1)
        func integration(_ id: String, _ change: (inout Integration) -> Void) -> Integration {
            var integration = Integration(
                id: id, plan: "plan", form: "form", name: id, integrationType: .outbound, operation: .sendWebhook,
                triggeredBy: .response, endpoint: "e")
            change(&integration)
            return integration
        }
        let integrations = [
            integration("any") { _ in }, integration("accept") { $0.responseChoice = "ACCEPT" },
            integration("decline") { $0.responseChoice = "Decline" }, integration("away") { $0.deployed = false },
            integration("script") {
                $0.operation = .runScript
                $0.script = "1"
            }, integration("agent") { $0.operation = .sendToAgent },
            integration("premise") { $0.environment = .onPremise },
            integration("met") { $0.delivery = DeliverySettings(filter: #"payload.response == "Accept""#) },
            integration("filtered") { $0.delivery = DeliverySettings(filter: #"alert.priority == "LOW""#) },
            integration("status") { $0.triggeredBy = .status },
        ]
        try await database.transaction { connection in
            for integration in integrations {
                try Directory(connection).put(integration, by: origin, at: at)
            }
        }
        let view = try await DirectoryCache(database: database).current()
        let fanOut = FanOut(
            bus: EmbeddedBus(database: database, partitionCount: 1), database: database,
            directory: DirectoryCache(database: database), now: { at },
            logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
        let answer = AlertResponse(id: "x", by: Self.ann, device: "D", option: "o", comment: nil, source: "EMAIL")
        let events: [(Alert.Event, [String])] = [
            (
                .responded(response: answer, option: Self.details.responseOptions[0], at: at),
                ["accept", "any", "met", "premise", "script"]
            ),
            (.suspended(by: Self.ann, at: at), ["status"]),
        ]
        let subject = FanOut.Subject(details: Self.details, startedAt: at, status: "ACTIVE")
        for (event, expected) in events {
            let message = AlertEventMessage(id: "m", alert: "a", version: 2, event: event, origin: origin)
            let requests = try fanOut.requests(for: message, of: subject, in: view)
            #expect(requests.map(\.integration.id) == expected)
            #expect(requests.allSatisfy { ($0.integration.id == "script") == ($0.script != nil) })
        }
        for id in ["agent"] {
            let secrets = SecretBox(key: .init(size: .bits256))
            let reason = #expect(throws: Target.Unavailable.self) {
                try Target(integration: id, in: view, secrets: secrets, at: at)
            }
            #expect(reason?.detail == integrations.first { $0.id == id }?.notExecuted)
        }
        await database.close()
    }
}
