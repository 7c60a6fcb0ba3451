import AlertCore
import TestSupport
import Testing

/// Why an integration got an event, or did not.
struct DeliveryVerdictTests {
    static let alert = details(properties: [:], callbacks: [])
    static let integration = Integration(
        id: "i", plan: "plan", form: alert.form.id, name: "I", integrationType: .outbound, operation: .sendWebhook,
        triggeredBy: .status, endpoint: "e")
    static let suspended = Alert.Event.suspended(by: bob, at: noon)

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        var event = DeliveryVerdictTests.suspended
        var change: @Sendable (inout Integration) -> Void = { _ in }
        var since: Timestamp?
        var records: [DeliveryVerdict.Record] = []
        var ahead: String?
        var later = Duration.seconds(3600)
        let outcome: DeliveryVerdict.Outcome
        var reason = ""
        var text: String
    }

    static func record(
        _ phase: WebhookDelivery.Phase, _ reason: String = "", _ detail: String = "", until: Timestamp? = nil,
        attempts: Int = 0, at: Timestamp = noon, id: String = "d", replay: String? = nil
    ) -> DeliveryVerdict.Record {
        DeliveryVerdict.Record(
            delivery: id, phase: phase, reason: reason, detail: detail, until: until, attempts: attempts,
            configuration: 4, requestedAt: at, replay: replay)
    }

    static let cases: [Case] = [
        Case(testDescription: "sent", records: [record(.delivered)], outcome: .sent, text: "it was delivered"),
        Case(
            testDescription: "waits for its next attempt",
            records: [record(.parked, "retry", "attempt 1 of 3: HTTP 500", until: noon)], outcome: .waiting,
            reason: "retry", text: "attempt 1 of 3: HTTP 500"),
        Case(
            testDescription: "waits for a reason of a newer program", records: [record(.parked, "full", "no room")],
            outcome: .waiting, reason: "full", text: "no room"),
        Case(
            testDescription: "behind another", records: [record(.parked, "behind", "an earlier one waits")],
            ahead: "first", outcome: .behind, reason: "behind", text: "an earlier one waits"),
        Case(
            testDescription: "out of service", records: [record(.parked, "disabled", "410")], outcome: .disabled,
            reason: "disabled", text: "410"),
        Case(
            testDescription: "not configured", records: [record(.parked, "unconfigured", "no endpoint")],
            outcome: .unconfigured, reason: "unconfigured", text: "no endpoint"),
        Case(
            testDescription: "exhausted", records: [record(.exhausted, attempts: 3)], outcome: .exhausted,
            text: "3 attempts failed, and the schedule has no further one"),
        Case(
            testDescription: "given up", records: [record(.cancelled, "", "given up by mary")], outcome: .cancelled,
            text: "given up by mary"),
        Case(
            testDescription: "not deployed", records: [record(.skipped, "notDeployed", "not deployed")],
            outcome: .notDeployed, reason: "notDeployed", text: "not deployed"),
        Case(
            testDescription: "another answer", records: [record(.skipped, "answer", "waits for “Yes”")],
            outcome: .otherAnswer, reason: "answer", text: "waits for “Yes”"),
        Case(
            testDescription: "filtered", records: [record(.skipped, "filter", "Severity is low")],
            outcome: .filtered, reason: "filter", text: "Severity is low"),
        Case(
            testDescription: "cannot be run", records: [record(.skipped, "notExecuted", "no agents")],
            outcome: .notExecuted, reason: "notExecuted", text: "no agents"),
        Case(
            testDescription: "a replay after a skip",
            records: [
                record(.skipped, "notDeployed", "not deployed", id: "s"),
                record(.delivered, at: noon.advanced(by: .seconds(9)), replay: "r"),
            ], outcome: .sent, text: "it was delivered (by a replay)"),
        Case(
            testDescription: "the newest of two",
            records: [
                record(.delivered, at: noon.advanced(by: .seconds(9))), record(.exhausted, attempts: 1, id: "old"),
            ], outcome: .sent, text: "it was delivered"),
        Case(
            testDescription: "another form", change: { $0.form = "other" }, outcome: .otherForm,
            text: "the integration belongs to another form than the alert's"),
        Case(
            testDescription: "another trigger", change: { $0.triggeredBy = .response }, outcome: .otherTrigger,
            text: "the integration is triggered by RESPONSE, and the event is STATUS"),
        Case(
            testDescription: "an inbound one", change: { $0.integrationType = .inbound }, outcome: .notOutbound,
            text: "the integration takes requests in and sends nothing"),
        Case(
            testDescription: "an event that sets off nothing",
            event: .responseRejected(
                response: AlertResponse(id: "x", by: bob, device: "", option: "o", comment: nil, source: "EMAIL"),
                reason: .ended, at: noon), outcome: .noTrigger, text: "an event of this kind sets off no integration"),
        Case(
            testDescription: "made later", since: noon.advanced(by: .seconds(1)), outcome: .createdLater,
            text: "the integration was made after the event; a replay would send it"),
        Case(
            testDescription: "just happened", since: noon, later: .seconds(59), outcome: .underWay,
            text: "it has not been handed out yet, or is being sent right now"),
        Case(
            testDescription: "before there were records", since: noon, outcome: .unrecorded,
            text: "nothing is recorded: the integration had another form or trigger then, or the event is older than "
                + "these records"),
    ]

    @Test(arguments: cases)
    func says(_ row: Case) {
        var integration = Self.integration
        row.change(&integration)
        let verdict = DeliveryVerdict(
            of: .init(event: row.event, recordedAt: noon, details: Self.alert), at: integration, since: row.since,
            records: row.records, ahead: row.ahead, now: noon.advanced(by: row.later))
        #expect(verdict.outcome == row.outcome && verdict.reason == row.reason && verdict.text == row.text)
        #expect(verdict.configuration == (row.records.isEmpty ? nil : 4))
        #expect(verdict.behind == row.ahead)
        let isSkipped = row.records.last?.phase == .skipped
        #expect((verdict.delivery == nil) == (row.records.isEmpty || isSkipped))
    }

    /// Every outcome has its row.
    @Test func nothingIsLeftOut() {
        #expect(Set(Self.cases.map(\.outcome)) == Set(DeliveryVerdict.Outcome.allCases))
    }

    struct Refusal: CustomTestStringConvertible {
        let testDescription: String
        var event = DeliveryVerdictTests.suspended
        let change: @Sendable (inout Integration) -> Void
        let reason: DeliveryRefusal.Reason?
        /// Of a replay, which the deployment does not stop.
        let replayed: DeliveryRefusal.Reason?
    }

    static let answered = Alert.Event.responded(
        response: AlertResponse(id: "x", by: bob, device: "", option: "o1", comment: nil, source: "EMAIL"),
        option: acknowledge, at: noon)

    @Test(arguments: [
        Refusal(testDescription: "wanted", change: { _ in }, reason: nil, replayed: nil),
        Refusal(
            testDescription: "not deployed", change: { $0.deployed = false }, reason: .notDeployed, replayed: nil),
        Refusal(
            testDescription: "its filter", change: { $0.delivery = DeliverySettings(filter: "1 == 2") },
            reason: .filter,
            replayed: .filter),
        Refusal(
            testDescription: "for an agent", change: { $0.operation = .sendToAgent }, reason: .notExecuted,
            replayed: .notExecuted),
        Refusal(
            testDescription: "another answer", event: answered, change: { $0.responseChoice = "Decline" },
            reason: .answer, replayed: .answer),
        Refusal(
            testDescription: "the answer", event: answered, change: { $0.responseChoice = "acknowledge" },
            reason: nil, replayed: nil),
    ])
    func refuses(_ row: Refusal) throws {
        var integration = Self.integration
        row.change(&integration)
        let payload = try #require(WebhookPayload(row.event, of: Self.alert))
        func refusal(ignoringDeployment: Bool) -> DeliveryRefusal? {
            integration.refusal(
                of: row.event, payload, Self.alert, alert: "a", filter: integration.readFilter(),
                ignoringDeployment: ignoringDeployment)
        }
        #expect(refusal(ignoringDeployment: false)?.reason == row.reason)
        #expect(refusal(ignoringDeployment: true)?.reason == row.replayed)
    }
}
