import AlertCore
import Foundation
import TestSupport
import Testing

/// Redriving, giving up, skipping: what a person does with a delivery is in its stream.
struct DeliveryRecordTests {
    typealias Event = WebhookDelivery.Event

    let schedule = RetrySchedule(delays: [10])
    let requested = Event.requested(request: WebhookDeliveryTests.request, at: noon)
    let redrive = WebhookDelivery.Command.redrive(by: mary, cause: "c")
    let cancel = WebhookDelivery.Command.cancel(by: mary, cause: "c")
    let redriven: [Event] = [
        .redriven(by: mary, cause: "c", at: noon),
        .parked(parking: .init(reason: .redriven, detail: "redriven by mary", until: noon), at: noon),
    ]

    func decide(_ command: WebhookDelivery.Command, after events: [Event]) throws -> [Event] {
        try WebhookDelivery.decide(Timed(command, at: noon), WebhookDelivery.replay(events))
    }

    func attempt(_ number: Int, status: Int, after events: [Event]) throws -> [Event] {
        try events
            + decide(
                .recordAttempt(
                    WebhookDeliveryTests.attempt(number, status: status), schedule: schedule, chance: 0.5),
                after: events)
    }

    @Test func aRedrivenDeliveryHasAFreshSchedule() throws {
        var events = try attempt(2, status: 500, after: try attempt(1, status: 500, after: [requested]))
        #expect(events.last == .exhausted(attempts: 2, at: noon))
        let again = try decide(redrive, after: events)
        #expect(again == redriven)
        events = try attempt(3, status: 500, after: events + again)
        guard case .parked(let parking, _) = events.last else { return #expect(Bool(false), "not parked") }
        #expect(parking.detail == "attempt 1 of 2: HTTP 500" && parking.until == noon.advanced(by: .seconds(10)))
        events = try attempt(4, status: 500, after: events)
        #expect(events.last == .exhausted(attempts: 4, at: noon))
        events = try attempt(5, status: 200, after: events + (try decide(redrive, after: events)))
        #expect(events.last == .delivered(at: noon))
    }

    @Test func whatIsThroughIsLeftAlone() throws {
        let delivered = try attempt(1, status: 200, after: [requested])
        #expect(try decide(redrive, after: delivered).isEmpty)
        #expect(try decide(cancel, after: delivered).isEmpty)
        let exhausted = [requested, .exhausted(attempts: 2, at: noon)]
        #expect(try decide(cancel, after: exhausted).isEmpty)
        for command in [redrive, cancel] {
            #expect(throws: WebhookDelivery.Rejection.unknown) { try decide(command, after: []) }
        }
    }

    @Test func whatWaitsIsTriedAtOnceOrGivenUp() throws {
        let waiting = [
            requested, .parked(parking: .init(reason: .circuitOpen, detail: "", until: nil), at: noon),
        ]
        #expect(try decide(redrive, after: waiting) == redriven)
        let cancelled = try decide(cancel, after: waiting)
        #expect(cancelled == [.cancelled(by: mary, cause: "c", at: noon)])
        let after = waiting + cancelled
        #expect(WebhookDelivery.replay(after).phase == .cancelled)
        // A late word of the lane changes nothing; somebody may think again.
        #expect(try decide(.park(.init(reason: .slow, detail: "", until: nil)), after: after).isEmpty)
        #expect(try attempt(1, status: 200, after: after) == after)
        #expect(try decide(redrive, after: after) == redriven)
    }

    @Test func aSkipIsRecordedOnce() throws {
        let skip = Self.skip
        let events = try decide(.skip(skip), after: [])
        #expect(events == [.skipped(skip: skip, at: noon)])
        #expect(try decide(.skip(skip), after: events).isEmpty)
        #expect(try decide(redrive, after: events).isEmpty)
    }

    static let skip = WebhookDelivery.Skip(
        id: "s", integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: "a", alertNumber: 1,
        sequence: 2, refusal: DeliveryRefusal(.notDeployed, "the integration was not deployed"), configuration: 7)

    /// The formats of the events in the log: never changed.
    static let golden: [(String, Event)] = [
        (
            #"{"redriven":{"at":1790000000000,"by":{"firstName":"Mary","id":"p1","lastName":"M","targetName":"mary"},"#
                + #""cause":"c"}}"#,
            .redriven(by: goldenMary, cause: "c", at: goldenTime)
        ),
        (
            #"{"cancelled":{"at":1790000000000,"by":{"firstName":"Mary","id":"p1","lastName":"M","targetName":"mary"},"#
                + #""cause":"c"}}"#,
            .cancelled(by: goldenMary, cause: "c", at: goldenTime)
        ),
        (
            #"{"skipped":{"at":1790000000000,"skip":{"alert":"a","alertNumber":1,"configuration":7,"#
                + #""detail":"the integration was not deployed","id":"s","integration":{"id":"i","name":"I"},"#
                + #""reason":"notDeployed","sequence":2,"trigger":"STATUS"}}}"#,
            .skipped(skip: skip, at: goldenTime)
        ),
        (
            #"{"parked":{"at":1790000000000,"parking":{"detail":"","reason":"redriven","until":1790000000000}}}"#,
            .parked(parking: .init(reason: .redriven, detail: "", until: goldenTime), at: goldenTime)
        ),
        (
            #"{"requested":{"at":1790000000000,"request":{"alert":"a","alertNumber":1,"configuration":7,"#
                + #""correlation":"r","id":"d1","integration":{"id":"i","name":"I"},"payload":"{}","replay":"x","#
                + #""sequence":1,"trigger":"STATUS"}}}"#,
            .requested(
                request: WebhookDelivery.Request(
                    id: "d1", integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: "a",
                    alertNumber: 1, sequence: 1, payload: "{}", correlation: "r", configuration: 7, replay: "x"),
                at: goldenTime)
        ),
        // As it was before deliveries had a configuration.
        (
            #"{"requested":{"at":1790000000000,"request":{"alert":"a","alertNumber":1,"correlation":"r","id":"d1","#
                + #""integration":{"id":"i","name":"I"},"payload":"{}","sequence":1,"trigger":"STATUS"}}}"#,
            .requested(request: WebhookDeliveryTests.request, at: goldenTime)
        ),
    ]
    static let goldenTime = Timestamp(milliseconds: 1_790_000_000_000)
    static let goldenMary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")

    @Test(arguments: golden)
    func keepsTheFormatOfEvents(_ text: String, _ event: Event) throws {
        #expect(try JSONDecoder().decode(Event.self, from: Data(text.utf8)) == event)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(event), as: UTF8.self) == text)
    }
}
