import AlertCore
import Testing

let noon = Timestamp(milliseconds: 1_790_000_000_000)
let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "McBride")
let bob = PersonReference(id: "p2", targetName: "bob", firstName: "Bob", lastName: "Smith")
let acknowledge = ResponseOption(id: "o1", number: 1, text: "Acknowledge", action: .assignToUser)
let close = ResponseOption(id: "o2", number: 2, text: "Close", action: .end)

func details(
    properties: [String: JSONValue] = [:], callbacks: [String] = [], recipients: [AlertRecipient] = []
) -> AlertDetails {
    AlertDetails(
        number: 869000, plan: NamedReference(id: "plan", name: "Plan"), form: NamedReference(id: "form", name: "Form"),
        requestId: "r1", submitter: mary, priority: .medium, properties: properties, callbackProperties: callbacks,
        recipients: recipients, responseOptions: [acknowledge, close])
}

struct AlertTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let given: [Alert.Event]
        let when: Alert.Command
        let then: [Alert.Event]
    }

    static let created = Alert.Event.created(details: details(), at: noon)
    static let suspended = Alert.Event.suspended(by: bob, at: noon)
    static let ended = Alert.Event.terminated(by: bob, reason: .endedByUser, at: noon)
    static let answer = AlertResponse(
        id: "x", by: bob, device: "Work Email", option: "o1", comment: nil, source: "EMAIL")
    static let closing = AlertResponse(
        id: "y", by: bob, device: "Work Email", option: "o2", comment: "done", source: "EMAIL")
    static let delivery = DeviceDelivery(
        id: "n", recipient: bob, device: NamedReference(id: "d", name: "Work Email"), deviceNumber: 1,
        status: .delivered, message: "Notification delivered")
    static let answered = Alert.Event.responded(response: answer, option: acknowledge, at: noon)
    static let closed = [
        Alert.Event.responded(response: closing, option: close, at: noon),
        .terminated(by: bob, reason: .endedByResponse, at: noon),
    ]
    static let delivered = Alert.Event.deliveryRecorded(delivery: delivery, at: noon)
    static let report = EscalationReport(
        id: "e", group: NamedReference(id: "g", name: "ops"), shift: NamedReference(id: "s", name: "Weekdays"),
        reason: .passive, type: .peer, from: [recipient("mary")], to: [recipient("bob")])
    static let failure = RecipientsFailure(id: "f", failureType: .nobodyNotifiable, targeted: [recipient("bob")])
    static let escalated = Alert.Event.escalated(report: report, at: noon)
    static let failed = Alert.Event.recipientsFailed(failure: failure, at: noon)

    static func recipient(_ name: String) -> AlertRecipient {
        AlertRecipient(id: name, targetName: name, recipientType: .person)
    }

    static let commented = Alert.Event.commented(id: "c", by: bob, text: "hm", at: noon)

    @Test(arguments: [
        Case(testDescription: "a request makes an alert", given: [], when: .create(details()), then: [created]),
        Case(testDescription: "made twice, it is there once", given: [created], when: .create(details()), then: []),
        Case(testDescription: "an answer is recorded", given: [created], when: .respond(answer), then: [answered]),
        Case(
            testDescription: "the same answer counts once", given: [created, answered], when: .respond(answer), then: []
        ),
        Case(
            testDescription: "an answer that ends it, ends it", given: [created], when: .respond(closing),
            then: closed),
        Case(
            testDescription: "the second tap of what ended it is no error", given: [created] + closed,
            when: .respond(closing), then: []),
        Case(
            testDescription: "a suspended alert takes answers", given: [created, suspended], when: .respond(answer),
            then: [answered]),
        Case(testDescription: "suspended", given: [created], when: .suspend(by: bob), then: [suspended]),
        Case(testDescription: "suspended twice", given: [created, suspended], when: .suspend(by: bob), then: []),
        Case(
            testDescription: "resumed", given: [created, suspended], when: .resume(by: bob),
            then: [.resumed(by: bob, at: noon)]),
        Case(testDescription: "ended by a person", given: [created], when: .terminate(by: bob), then: [ended]),
        Case(
            testDescription: "ended while suspended", given: [created, suspended], when: .terminate(by: bob),
            then: [ended]),
        Case(
            testDescription: "it expires", given: [created], when: .expire,
            then: [.terminated(by: nil, reason: .expired, at: noon)]),
        Case(testDescription: "the timer loses a race", given: [created, ended], when: .expire, then: []),
        Case(
            testDescription: "what was sent is recorded after the end", given: [created, ended],
            when: .recordDelivery(delivery), then: [delivered]),
        Case(
            testDescription: "an answer after the end is recorded as refused", given: [created, ended],
            when: .respond(answer), then: [.responseRejected(response: answer, reason: .ended, at: noon)]),
        Case(
            testDescription: "an escalation is recorded", given: [created], when: .recordEscalation(report),
            then: [escalated]),
        Case(
            testDescription: "and once, also after the end", given: [created, escalated, ended],
            when: .recordEscalation(report), then: []),
        Case(
            testDescription: "nobody could be notified", given: [created], when: .recordRecipientsFailure(failure),
            then: [failed]),
        Case(
            testDescription: "which counts once", given: [created, failed], when: .recordRecipientsFailure(failure),
            then: []),
        Case(
            testDescription: "all the answers are there", given: [created], when: .complete,
            then: [.terminated(by: nil, reason: .completed, at: noon)]),
        Case(testDescription: "the count loses a race", given: [created, ended], when: .complete, then: []),
        Case(
            testDescription: "a delivery counts once", given: [created, delivered], when: .recordDelivery(delivery),
            then: []),
        Case(
            testDescription: "a comment counts once", given: [created, commented],
            when: .comment(id: "c", by: bob, text: "hm"), then: []),
    ])
    func decides(_ row: Case) throws {
        #expect(try Alert.decide(Timed(row.when, at: noon), Alert.replay(row.given)) == row.then)
    }

    @Test(arguments: [
        (Alert.Command.suspend(by: bob), Alert.Rejection.terminated),
        (.resume(by: bob), .terminated), (.terminate(by: bob), .terminated),
    ])
    func refusesAfterTheEnd(_ command: Alert.Command, _ rejection: Alert.Rejection) {
        #expect(throws: rejection) {
            try Alert.decide(Timed(command, at: noon), Alert.replay([Self.created, Self.ended]))
        }
    }

    @Test func refusesALateAnswerEachTimeAndRecordsItOnce() throws {
        var history = [Self.created, Self.ended]
        history += try Alert.decide(Timed(.respond(Self.answer), at: noon), Alert.replay(history))
        #expect(throws: Alert.Rejection.terminated) {
            try Alert.decide(Timed(.respond(Self.answer), at: noon), Alert.replay(history))
        }
    }

    @Test func refusesWhatIsNotThere() {
        #expect(throws: Alert.Rejection.unknown) { try Alert.decide(Timed(.suspend(by: bob), at: noon), Alert.initial) }
        var unknown = Self.answer
        unknown.option = "nothing"
        #expect(throws: Alert.Rejection.noSuchResponse) {
            try Alert.decide(Timed(.respond(unknown), at: noon), Alert.replay([Self.created]))
        }
    }

    /// Whatever comes in whatever order, any number of times: one end, and each thing recorded once.
    @Test(arguments: 0..<200)
    func holdsItsPromisesOverSeeds(_ seed: UInt64) {
        var generator = SeededNumbers(seed: seed)
        let commands: [Alert.Command] = [
            .create(details()), .respond(Self.answer), .respond(Self.closing), .suspend(by: mary), .resume(by: mary),
            .terminate(by: mary), .expire, .recordDelivery(Self.delivery), .comment(id: "c", by: mary, text: "t"),
        ]
        var (state, history) = (Alert.initial, [Alert.Event]())
        for _ in 0..<40 {
            let command = commands[Int(generator.next() % UInt64(commands.count))]
            let events = (try? Alert.decide(Timed(command, at: noon), state)) ?? []  // refusals change nothing
            state = events.reduce(state, Alert.evolve)
            history += events
        }
        #expect(Alert.replay(history) == state)
        func count(_ isCounted: (Alert.Event) -> Bool) -> Int { history.filter(isCounted).count }
        #expect(count { if case .created = $0 { true } else { false } } <= 1)
        #expect(count { if case .terminated = $0 { true } else { false } } <= 1)
        #expect(count { if case .deliveryRecorded = $0 { true } else { false } } <= 1)
        #expect(count { if case .responded = $0 { true } else { false } } <= 2)
        #expect(count { if case .commented = $0 { true } else { false } } <= 1)
    }
}

/// SplitMix64.
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
