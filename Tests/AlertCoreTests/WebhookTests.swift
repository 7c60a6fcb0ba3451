import AlertCore
import Crypto
import Foundation
import Testing

/// The payloads of spec §1, field for field.
struct WebhookPayloadTests {
    let at = Timestamp(milliseconds: 1_492_038_109_102)  // 2017-04-12T23:01:49.102Z
    let alert = details(
        properties: ["number": "INC0010057", "secret": "x", "count": 3], callbacks: ["number", "count", "absent"])

    func body(_ event: Alert.Event) throws -> JSONValue { try #require(WebhookPayload(event, of: alert)).body }

    let common: [String: JSONValue] = [
        "eventIdentifier": 869000, "date": "17-04-12 23:01:49.102",
        "eventProperties": [["number": "INC0010057"], ["count": 3]],
    ]

    func with(_ fields: [String: JSONValue]) -> JSONValue { .object(common.merging(fields) { $1 }) }

    @Test func status() throws {
        #expect(try body(.created(details: alert, at: at)) == with(["status": "active", "username": "mary"]))
        #expect(try body(.suspended(by: bob, at: at)) == with(["status": "suspended", "username": "bob"]))
        #expect(try body(.resumed(by: bob, at: at)) == with(["status": "active", "username": "bob"]))
        #expect(
            try body(.terminated(by: bob, reason: .endedByUser, at: at))
                == with(["status": "terminated_external", "username": "bob"]))
        #expect(
            try body(.terminated(by: nil, reason: .expired, at: at))
                == with(["status": "terminated", "username": "mary"]))
    }

    @Test func response() throws {
        var answer = AlertResponse(id: "x", by: bob, device: "Work Email", option: "o1", comment: nil, source: "EMAIL")
        let expected: [String: JSONValue] = [
            "recipient": "bob", "device": "Work Email", "response": "Acknowledge", "annotation": "null",
        ]
        #expect(try body(.responded(response: answer, option: acknowledge, at: at)) == with(expected))
        answer.comment = "on it"
        #expect(
            try body(.responded(response: answer, option: acknowledge, at: at))
                == with(expected.merging(["annotation": "on it"]) { $1 }))
    }

    @Test func deliveryStatus() throws {
        var delivery = DeviceDelivery(
            id: "n", recipient: bob, device: NamedReference(id: "d", name: "Work Email"), deviceNumber: 276326,
            status: .delivered, message: "Notification delivered")
        let expected: [String: JSONValue] = [
            "recipient": "bob", "device": "Work Email", "deviceId": 276326, "deliveryStatus": "Delivered",
            "eventType": "LIVE_NOTIFICATION_PROVIDER_DELIVERED", "message": "Notification delivered",
        ]
        #expect(try body(.deliveryRecorded(delivery: delivery, at: at)) == with(expected))
        delivery.status = .failed
        #expect(try body(.deliveryRecorded(delivery: delivery, at: at))["deliveryStatus"] == "Failed")
    }

    @Test func escalation() throws {
        let mary = AlertRecipient(id: "p1", targetName: "mary", recipientType: .person)
        let report = EscalationReport(
            id: "e", group: NamedReference(id: "g", name: "ops"), shift: NamedReference(id: "s", name: "Weekdays"),
            reason: .active, type: .management, by: bob, from: [mary],
            to: (0..<150).map { AlertRecipient(id: "\($0)", targetName: "n\($0)", recipientType: .person) })
        let payload = try #require(WebhookPayload(.escalated(report: report, at: at), of: alert))
        #expect(payload.trigger == .escalation)
        let escalation = payload.body["escalation"]
        #expect(payload.body == with(["escalation": escalation ?? .null]))
        #expect(escalation?["reason"] == "ACTIVE" && escalation?["type"] == "MANAGEMENT")
        #expect(escalation?["group"] == ["id": "g", "targetName": "ops", "recipientType": "GROUP"])
        #expect(escalation?["shift"] == ["id": "s", "name": "Weekdays"])
        #expect(escalation?["by"]?["targetName"] == "bob")
        #expect(escalation?["from"] == [["id": "p1", "targetName": "mary", "recipientType": "PERSON"]])
        #expect(escalation?["to"]?.array?.count == 100 && escalation?["totalTo"] == 150)
    }

    @Test func targetedRecipientFailure() throws {
        let named = (0..<101).map { AlertRecipient(id: "\($0)", targetName: "n\($0)", recipientType: .group) }
        let failure = RecipientsFailure(id: "f", failureType: .nobodyNotifiable, targeted: named)
        let payload = try #require(WebhookPayload(.recipientsFailed(failure: failure, at: at), of: alert))
        #expect(payload.trigger == .targetedRecipientFailure)
        #expect(payload.body["failureType"] == "NO_NOTIFIABLE_RECIPIENT")
        #expect(payload.body["targetedRecipients"]?.array?.count == 100)
        #expect(
            payload.body["targetedRecipients"]?.array?.first == [
                "id": "0", "targetName": "n0", "recipientType": "GROUP",
            ])
        #expect(payload.body["totalTargetedRecipients"] == 101 && payload.body["eventIdentifier"] == 869000)
    }

    @Test func aLateAnswerSetsOffNothing() {
        let answer = AlertResponse(id: "x", by: bob, device: "", option: "o1", comment: nil, source: "EMAIL")
        #expect(WebhookPayload(.responseRejected(response: answer, reason: .ended, at: at), of: alert) == nil)
    }

    @Test func annotation() throws {
        let payload = try body(.commented(id: "c", by: mary, text: "Looking into it", at: at))
        #expect(payload["comment"] == "Looking into it")
        #expect(payload["author"]?["targetName"] == "mary")
        #expect(payload["author"]?["firstName"] == "Mary")
        #expect(payload["response"] == ["response": .null])
    }
}

struct WebhookDeliveryTests {
    static let request = WebhookDelivery.Request(
        id: "d1", integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: "a", alertNumber: 1,
        sequence: 1, payload: "{}", correlation: "r")

    static func attempt(_ number: Int, status: Int? = nil, retryAfter: Int? = nil) -> WebhookDelivery.Attempt {
        WebhookDelivery.Attempt(
            number: number, url: "http://x", startedAt: noon, durationMilliseconds: 1, status: status,
            error: status == nil ? "refused" : nil, retryAfter: retryAfter)
    }

    func decide(
        _ command: WebhookDelivery.Command, after events: [WebhookDelivery.Event]
    ) throws -> [WebhookDelivery.Event] {
        try WebhookDelivery.decide(Timed(command, at: noon), WebhookDelivery.replay(events))
    }

    let requested = WebhookDelivery.Event.requested(request: request, at: noon)
    let schedule = RetrySchedule(delays: [10, 100])

    @Test func isDeliveredByAny2xx() throws {
        let ok = Self.attempt(1, status: 204)
        let events = try decide(.recordAttempt(ok, schedule: schedule, chance: 0.5), after: [requested])
        #expect(events == [.attempted(attempt: ok, at: noon), .delivered(at: noon)])
        #expect(try decide(.recordAttempt(ok, schedule: schedule, chance: 0.5), after: [requested] + events).isEmpty)
    }

    @Test func isTriedAgainBySchedule() throws {
        let failed = Self.attempt(1, status: 500)
        let events = try decide(.recordAttempt(failed, schedule: schedule, chance: 0.5), after: [requested])
        guard case .parked(let parking, _) = events.last else { return #expect(Bool(false), "not parked") }
        #expect(parking.reason == .retry)
        #expect(parking.until == noon.advanced(by: .seconds(10)))
        #expect(parking.detail == "attempt 1 of 3: HTTP 500")
    }

    @Test func aTargetCanAskForMoreTime() throws {
        let failed = Self.attempt(1, status: 503, retryAfter: 60)
        let events = try decide(.recordAttempt(failed, schedule: schedule, chance: 0.5), after: [requested])
        guard case .parked(let parking, _) = events.last else { return #expect(Bool(false), "not parked") }
        #expect(parking.until == noon.advanced(by: .seconds(60)))
    }

    @Test func isExhaustedAtTheEnd() throws {
        var history = [requested]
        for number in 1...3 {
            history += try decide(
                .recordAttempt(Self.attempt(number), schedule: schedule, chance: 0), after: history)
        }
        #expect(history.last == .exhausted(attempts: 3, at: noon))
        #expect(try decide(.park(.init(reason: .slow, detail: "", until: nil)), after: history).isEmpty)
    }

    @Test func goneDisables() throws {
        let events = try decide(
            .recordAttempt(Self.attempt(1, status: 410), schedule: schedule, chance: 0), after: [requested])
        guard case .parked(let parking, _) = events.last else { return #expect(Bool(false), "not parked") }
        #expect(parking.reason == .disabled && parking.until == nil)
    }

    @Test(arguments: [(0.0, 8000), (0.5, 10000), (0.999999, 11999)])
    func pausesAreSpread(_ chance: Double, _ milliseconds: Int64) {
        #expect(schedule.pause(afterAttempts: 1, chance: chance) == .milliseconds(milliseconds))
        #expect(schedule.pause(afterAttempts: 3, chance: chance) == nil)
    }
}

struct CircuitBreakerTests {
    @Test func opensProbesAndCloses() {
        var breaker = CircuitBreaker()
        for _ in 0..<(2 * CircuitBreaker.failureLimit) {  // a burst alone
            #expect(breaker.ask(at: noon) == .allowed)
            breaker.failed(at: noon)
        }
        #expect(breaker.ask(at: noon) == .allowed)
        let opened = noon.advanced(by: CircuitBreaker.failureTime)
        breaker.failed(at: opened)
        let end = opened.advanced(by: CircuitBreaker.firstPause)
        #expect(breaker.ask(at: opened) == .refused(until: end))
        #expect(breaker.ask(at: end) == .allowed)
        #expect(breaker.ask(at: end) == .refused(until: end.advanced(by: CircuitBreaker.probePause)))
        breaker.failed(at: end)
        #expect(breaker.ask(at: end) == .refused(until: end.advanced(by: CircuitBreaker.firstPause * 2)))
        #expect(breaker.ask(at: end.advanced(by: CircuitBreaker.firstPause * 2)) == .allowed)
        let wasOpen = breaker.succeeded()
        #expect(wasOpen)
        #expect(breaker.ask(at: end) == .allowed)
        let isStillOpen = breaker.succeeded()
        #expect(!isStillOpen)
    }
}

struct EndpointTests {
    @Test(arguments: [
        ("http://h", "/p", "http://h/p"), ("http://h/", "/p", "http://h/p"), ("http://h/a", "p", "http://h/a/p"),
        ("http://h/a", "?x=1", "http://h/a?x=1"), ("http://h/a", "", "http://h/a"),
    ])
    func joinsBaseAndPath(_ base: String, _ path: String, _ url: String) {
        #expect(Endpoint(id: "e", plan: "p", name: "E", url: base).address(of: path) == url)
    }
}
