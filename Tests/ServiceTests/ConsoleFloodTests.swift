import AlertCore
import TestSupport
import Testing

/// What was suppressed, why and until when, on the pages of alerts.
@Suite(.inTurn) struct ConsoleFloodTests {
    @Test func thePagesOfParentSuppressedAndUntoldSayWhy() async throws {
        try await ConsoleWorld.run { world in
            let parent = try await world.addAlert(1)
            let cookie = try await world.signIn()
            #expect(try await !world.page("/console/alerts/1", cookie).body.contains("suppressed"))
            world.clock.advance(by: .seconds(5))
            let suppression = Suppression(
                rule: "Alert flood control: at most 4 in 60 s", until: world.clock.now.advanced(by: .seconds(55)))
            let details = AlertDetails(
                number: 2, plan: ConsoleWorld.plan, form: ConsoleWorld.form, requestId: "r2",
                submitter: ConsoleWorld.anna, priority: .low, subject: "again")
            try await world.carryOut(
                .createSuppressed(
                    details: details,
                    suppression: AlertSuppression(parent: parent, parentNumber: 1, suppression: suppression)),
                on: "22222222-9999-4000-8000-000000000002")
            let page = try await world.page("/console/alerts/1", cookie).body
            #expect(page.contains("1 further alert suppressed, until 14:01:00"))
            #expect(page.contains("Alert flood control: at most 4 in 60 s"))
            let own = try await world.page("/console/alerts/2", cookie).body
            #expect(own.contains("Suppressed: nobody is told") && own.contains("like alert 1; until 14:01:00"))
            #expect(own.contains(">Suppressed</span>") && !own.contains("/suspend"))
            let untold = NotificationSuppression(
                id: "n", recipient: ConsoleWorld.anna, device: NamedReference(id: "d", name: "Work Email"),
                suppression: Suppression(rule: "Notification flood control", until: world.clock.now))
            try await world.carryOut(.recordSuppression(untold), on: parent)
            let told = try await world.page("/console/alerts/1", cookie).body
            #expect(told.contains("Not told: Anna Berg on Work Email"))
        }
    }
}
