import AlertCore
import Testing

/// What suppression does to alerts and notifications.
struct SuppressionTests {
    static let suppression = Suppression(rule: "at most 4 in 60 s", until: noon.advanced(by: .seconds(60)))
    static let alert = AlertSuppression(parent: "a", parentNumber: 7, suppression: suppression)
    static let suppressed = Alert.Event.suppressed(details: details(), suppression: alert, at: noon)
    static let record = NotificationSuppression(
        id: "n", recipient: bob, device: NamedReference(id: "d", name: "Work Email"), suppression: suppression)

    func decide(_ command: Alert.Command, after events: [Alert.Event]) throws -> [Alert.Event] {
        try Alert.decide(Timed(command, at: noon), Alert.replay(events))
    }

    @Test func aSuppressedAlertBeginsAndEndsAtOnce() throws {
        let create = Alert.Command.createSuppressed(details: details(), suppression: Self.alert)
        #expect(try decide(create, after: []) == [Self.suppressed])
        #expect(try decide(create, after: [Self.suppressed]).isEmpty)
        #expect(try decide(.create(details()), after: [Self.suppressed]).isEmpty)
        #expect(try decide(create, after: [AlertTests.created]).isEmpty)
        #expect(try decide(.expire, after: [Self.suppressed]).isEmpty)
        #expect(throws: Alert.Rejection.terminated) { try decide(.resume(by: mary), after: [Self.suppressed]) }
        let late = Alert.Event.responseRejected(response: AlertTests.answer, reason: .ended, at: noon)
        #expect(try decide(.respond(AlertTests.answer), after: [Self.suppressed]) == [late])
        #expect(try decide(.comment(id: "c", by: mary, text: "why"), after: [Self.suppressed]).count == 1)
    }

    @Test func setsOffNoWebhook() {
        #expect(WebhookPayload(Self.suppressed, of: details()) == nil)
        #expect(WebhookPayload(.notificationSuppressed(suppression: Self.record, at: noon), of: details()) == nil)
    }

    @Test func aSuppressedNotificationIsRecordedOnce() throws {
        let event = Alert.Event.notificationSuppressed(suppression: Self.record, at: noon)
        #expect(try decide(.recordSuppression(Self.record), after: [AlertTests.created]) == [event])
        #expect(try decide(.recordSuppression(Self.record), after: [AlertTests.created, event]).isEmpty)
        #expect(throws: Alert.Rejection.unknown) { try decide(.recordSuppression(Self.record), after: []) }
    }

    @Test func aSuppressedNotificationIsNotSentAnyMore() throws {
        let planned = Notification.Event.planned(plan: NotificationTests.plan, at: noon)
        func decide(_ command: Notification.Command, _ events: [Notification.Event]) throws -> [Notification.Event] {
            try Notification.decide(Timed(command, at: noon), Notification.replay(events))
        }
        let event = Notification.Event.suppressed(suppression: Self.suppression, at: noon)
        #expect(try decide(.suppress(Self.suppression), [planned]) == [event])
        for command in [Notification.Command.begin(via: mail), .suppress(Self.suppression), .cancel(reason: "")] {
            #expect(try decide(command, [planned, event]).isEmpty)
        }
        let begun = Notification.Event.attemptBegun(number: 1, isRepetition: false, provider: mail, at: noon)
        #expect(try decide(.suppress(Self.suppression), [planned, begun]).isEmpty)
        #expect(throws: Notification.Rejection.unknown) { try decide(.suppress(Self.suppression), []) }
    }
}
