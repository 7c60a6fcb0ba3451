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
        let maker = AlertMaker(
            message: message, integration: integration, submitter: person,
            view: try await DirectoryCache(database: database).current(),
            bus: EmbeddedBus(database: database, partitionCount: 1), numbers: AlertNumbers(database: database),
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
}
