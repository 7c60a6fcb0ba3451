import AlertCore
import Crypto
import Testing

/// The provider of the tests.
let mail = NamedReference(id: "email", name: "Email")

struct NotificationTests {
    static let plan = Notification.Plan(
        id: "n", alert: "a", alertNumber: 1, recipient: bob, device: NamedReference(id: "d", name: "Work Email"),
        deviceNumber: 1, address: "b@x", dueAt: noon, reason: "named", correlation: "r")
    let planned = Notification.Event.planned(plan: plan, at: noon)

    func decide(_ command: Notification.Command, after events: [Notification.Event]) throws -> [Notification.Event] {
        try Notification.decide(Timed(command, at: noon), Notification.replay(events))
    }

    @Test func isSentOnce() throws {
        var history = [planned]
        history += try decide(.begin(via: mail), after: history)
        history += try decide(.deliver(receipt: "250"), after: history)
        #expect(history.last == .delivered(receipt: "250", at: noon))
        #expect(try decide(.begin(via: mail), after: history).isEmpty)
        #expect(try decide(.plan(Self.plan), after: history).isEmpty)
    }

    @Test func aLostAttemptIsMarkedAsRepeated() throws {
        let history = [planned] + (try decide(.begin(via: mail), after: [planned]))
        #expect(
            try decide(.begin(via: mail), after: history) == [
                .attemptBegun(number: 2, isRepetition: true, provider: mail, at: noon)
            ])
    }

    @Test func isTriedAgainAndThenFails() throws {
        var history = [planned]
        for _ in 0...Notification.retryDelays.count {
            history += try decide(.begin(via: mail), after: history)
            history += try decide(.fail(reason: "421", isPermanent: false, next: nil, notBefore: nil), after: history)
        }
        #expect(history.last == .failed(reason: "421", at: noon))
        let first = [planned] + (try decide(.begin(via: mail), after: [planned]))
        #expect(
            try decide(.fail(reason: "421", isPermanent: false, next: nil, notBefore: nil), after: first)
                == [.attemptFailed(reason: "421", retryAt: noon.advanced(by: .seconds(5)), at: noon)])
        #expect(
            try decide(.fail(reason: "550", isPermanent: true, next: nil, notBefore: nil), after: first) == [
                .failed(reason: "550", at: noon)
            ])
    }

    @Test func whatIsBeingSentCannotBeTakenBack() throws {
        #expect(try decide(.cancel(reason: "x"), after: [planned]) == [.cancelled(reason: "x", at: noon)])
        let begun = [planned] + (try decide(.begin(via: mail), after: [planned]))
        #expect(try decide(.cancel(reason: "x"), after: begun).isEmpty)
    }
}

struct ResponseLinkTests {
    let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    let link = ResponseLink(notification: "n", option: "o", validUntil: noon)

    @Test func comesBackWhole() throws {
        let token = link.token(key: key)
        #expect(token.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) })
        #expect(try ResponseLink(token: token, keys: [key], now: noon.advanced(by: .seconds(-1))) == link)
    }

    @Test func isRefusedWhenAlteredForeignOrOld() {
        let token = link.token(key: key)
        let before = noon.advanced(by: .seconds(-1))
        #expect(throws: ResponseLink.Failure.outdated) { try ResponseLink(token: token, keys: [key], now: noon) }
        let other = SymmetricKey(data: [UInt8](repeating: 8, count: 32))
        #expect(throws: ResponseLink.Failure.invalid) { try ResponseLink(token: token, keys: [other], now: before) }
        for bad in ["", ".", "a.b", token + "A", String(token.dropFirst()), token.replacing(".", with: "..")] {
            #expect(throws: ResponseLink.Failure.invalid) { try ResponseLink(token: bad, keys: [key], now: before) }
        }
    }
}

struct TimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_210_096_007, "2024-02-29T12:34:56.007Z"), (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ])
    func writesDates(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).iso == text)
    }

    @Test func writesTheOtherFormats() {
        let time = Timestamp(milliseconds: 1_492_038_109_102)
        #expect(time.isoWithOffset == "2017-04-12T23:01:49.102+0000")
        #expect(time.webhookDate == "17-04-12 23:01:49.102")
    }
}
