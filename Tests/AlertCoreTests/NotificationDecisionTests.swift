import Foundation
import Testing

@testable import AlertCore

/// Ours, not Foundation's.
typealias Notification = AlertCore.Notification

/// Failover, lost answers, holds and providers' later words.
struct NotificationDecisionTests {
    typealias Event = Notification.Event
    typealias Command = Notification.Command

    static let backup = NamedReference(id: "backup", name: "Backup")
    static let planned = Event.planned(plan: NotificationTests.plan, at: noon)
    static let hold = NotificationHold(rule: "storm", until: noon.advanced(by: .seconds(60)), digest: "d1")
    static let turn = NotificationHold(rule: "limit", until: noon.advanced(by: .seconds(2)))

    static func begun(_ number: Int, by provider: NamedReference = mail, again: Bool = false) -> Event {
        .attemptBegun(number: number, isRepetition: again, provider: provider, at: noon)
    }

    static func failing(_ reason: String = "no", permanent: Bool = false, next: NamedReference? = nil) -> Command {
        .fail(reason: reason, isPermanent: permanent, next: next, notBefore: nil)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let history: [Event]
        let command: Command
        let expected: [Event]

        init(_ name: String, _ history: [Event], _ command: Command, _ expected: [Event]) {
            testDescription = name
            self.history = [NotificationDecisionTests.planned] + history
            self.command = command
            self.expected = expected
        }
    }

    static let doubt = Event.leftInDoubt(reason: "timeout", until: noon.advanced(by: .seconds(60)), at: noon)
    static let over = Event.failedOver(from: mail, to: backup, reason: "no", at: noon)
    static let failures: [Case] = [
        Case("a refusal goes to the next at once", [begun(1)], failing(permanent: true, next: backup), [over]),
        Case(
            "the last one's refusal is the end", [begun(1)], failing(permanent: true), [.failed(reason: "no", at: noon)]
        ),
        Case(
            "a failure is tried again first", [begun(1)], failing(next: backup),
            [.attemptFailed(reason: "no", retryAt: noon.advanced(by: .seconds(5)), at: noon)]),
        Case("three failures go to the next", [begun(1), begun(2), begun(3)], failing(next: backup), [over]),
        Case(
            "attempts are counted by provider", [begun(1), over, begun(2, by: backup)], failing(),
            [.attemptFailed(reason: "no", retryAt: noon.advanced(by: .seconds(5)), at: noon)]),
        Case(
            "the provider's own wish counts", [begun(1)],
            .fail(reason: "429", isPermanent: false, next: nil, notBefore: noon.advanced(by: .seconds(90))),
            [.attemptFailed(reason: "429", retryAt: noon.advanced(by: .seconds(90)), at: noon)]),
        Case("a lost answer is waited for", [begun(1)], .doubt(reason: "timeout"), [doubt]),
    ]
    static let doubts: [Case] = [
        Case("after it, the same provider repeats", [begun(1), doubt], .begin(via: mail), [begun(2, again: true)]),
        Case(
            "or another one, marked", [begun(1), doubt], .begin(via: backup),
            [
                .failedOver(
                    from: mail, to: backup, reason: "no word from Email after its answer was lost", at: noon),
                begun(2, by: backup, again: true),
            ]),
        Case(
            "doubt stays with it", [begun(1), doubt, begun(2, again: true), over], .begin(via: backup),
            [begun(3, by: backup, again: true)]),
        Case("a crash is a doubt", [begun(1)], .begin(via: mail), [begun(2, again: true)]),
        Case(
            "a word ends the doubt", [begun(1), doubt], .confirm(word: "delivered"),
            [.confirmed(word: "delivered", at: noon)]),
        Case(
            "a word after the outcome adds to it", [begun(1), .delivered(receipt: "r", at: noon)],
            .confirm(word: "delivered"), [.confirmed(word: "delivered", at: noon)]),
        Case(
            "once", [begun(1), .delivered(receipt: "r", at: noon), .confirmed(word: "x", at: noon)],
            .confirm(word: "delivered"), []),
    ]
    static let words: [Case] = [
        Case(
            "a later refusal takes it up again", [begun(1), .delivered(receipt: "r", at: noon)],
            .refuse(reason: "undelivered"), [.refused(reason: "undelivered", at: noon)]),
        Case(
            "but not after the device had it",
            [begun(1), .delivered(receipt: "r", at: noon), .confirmed(word: "x", at: noon)], .refuse(reason: "late"), []
        ),
        Case("nothing is confirmed that was never sent", [], .confirm(word: "x"), []),
        Case("what waits is held", [], .hold(hold), [.held(hold: hold, at: noon)]),
        Case("what is held for a digest is not sent", [.held(hold: hold, at: noon)], .begin(via: mail), []),
        Case(
            "but collapsed into it", [.held(hold: hold, at: noon)], .collapse(into: "d1"),
            [.collapsed(digest: "d1", at: noon)]),
        Case("not into another one", [.held(hold: hold, at: noon)], .collapse(into: "d2"), []),
    ]
    static let holds: [Case] = [
        Case("once", [.held(hold: hold, at: noon), .collapsed(digest: "d1", at: noon)], .collapse(into: "d1"), []),
        Case(
            "or cancelled", [.held(hold: hold, at: noon)], .cancel(reason: "ended"),
            [.cancelled(reason: "ended", at: noon)]),
        Case("what waits for its turn is sent", [.held(hold: turn, at: noon)], .begin(via: mail), [begun(1)]),
        Case(
            "what is in doubt need not be repeated", [begun(1), doubt], .cancel(reason: "x"),
            [.cancelled(reason: "x", at: noon)]),
        Case(
            "what has arrived is kept", [begun(1), .delivered(receipt: "", at: noon)], .giveUp(reason: "x"), []),
    ]

    @Test(arguments: failures + doubts + words + holds) func decides(_ test: Case) throws {
        let made = try Notification.decide(Timed(test.command, at: noon), Notification.replay(test.history))
        #expect(made == test.expected)
    }

    @Test func knowsWhoIsExhausted() {
        func exhausted(_ events: [Event]) -> Set<String> { Notification.replay([Self.planned] + events).exhausted }
        #expect(exhausted([Self.begun(1), Self.over]) == ["email"])
        #expect(
            exhausted([Self.begun(1), .delivered(receipt: "", at: noon), .refused(reason: "", at: noon)]) == ["email"])
        let lost = [Self.begun(1), Self.doubt, Self.begun(2, again: true), Self.doubt, Self.begun(3, again: true)]
        #expect(exhausted(lost).isEmpty)
        #expect(exhausted(lost + [Self.doubt]) == ["email"])
    }

    static let golden: [(String, Event)] = [
        (
            #"{"attemptBegun":{"at":1,"isRepetition":true,"number":2}}"#,
            .attemptBegun(number: 2, isRepetition: true, provider: nil, at: one)
        ),
        (#"{"delivered":{"at":1,"receipt":"250"}}"#, .delivered(receipt: "250", at: one)),
        (
            #"{"failedOver":{"at":1,"from":{"id":"a","name":"A"},"reason":"no","to":{"id":"b","name":"B"}}}"#,
            .failedOver(
                from: NamedReference(id: "a", name: "A"), to: NamedReference(id: "b", name: "B"), reason: "no", at: one)
        ),
        (
            #"{"leftInDoubt":{"at":1,"reason":"t","until":2}}"#,
            .leftInDoubt(reason: "t", until: Timestamp(milliseconds: 2), at: one)
        ),
        (
            #"{"held":{"at":1,"hold":{"digest":"d","rule":"r","until":2}}}"#,
            .held(hold: NotificationHold(rule: "r", until: Timestamp(milliseconds: 2), digest: "d"), at: one)
        ),
        (#"{"collapsed":{"at":1,"digest":"d"}}"#, .collapsed(digest: "d", at: one)),
        (#"{"confirmed":{"at":1,"word":"delivered"}}"#, .confirmed(word: "delivered", at: one)),
        (#"{"refused":{"at":1,"reason":"undelivered"}}"#, .refused(reason: "undelivered", at: one)),
    ]
    static let one = Timestamp(milliseconds: 1)

    /// What is in the log already stays readable.
    @Test(arguments: golden)
    func staysReadable(_ text: String, _ event: Event) throws {
        #expect(try JSONDecoder().decode(Event.self, from: Data(text.utf8)) == event)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(event), as: UTF8.self) == text)
    }
}

struct StormTests {
    let rule = StormRule(messages: 3, windowSeconds: 60, bypass: .high)!

    func at(_ seconds: Int) -> Timestamp { noon.advanced(by: .seconds(seconds)) }

    @Test func holdsWhatIsTooMuchUntilTheWindowEnds() {
        var window = StormWindow()
        func admit(_ seconds: Int, _ priority: Priority = .medium) -> NotificationHold? {
            window.admit(device: "d", priority: priority, rule: rule, at: at(seconds))
        }
        #expect((0..<3).allSatisfy { admit($0) == nil })
        let hold = admit(3)
        #expect(hold?.until == at(60) && hold?.digest != nil)
        #expect(hold?.rule == "storm: at most 3 messages in 60 s to one device")
        #expect(admit(30)?.digest == hold?.digest)
        #expect(admit(31, .high) == nil)
        #expect(admit(61)?.digest == hold?.digest, "until its digest is on its way, everything joins it")
        window.close("another", at: at(61))
        #expect(window.digest == hold?.digest)
        window.close(hold?.digest ?? "", at: at(62))
        #expect(window.digest == nil)
        // The digest is the first of the next window.
        #expect(admit(63) == nil && admit(64) == nil)
        let next = admit(65)
        #expect(next?.until == at(122) && next?.digest != hold?.digest)
    }

    @Test func forgetsWhatIsOver() {
        var window = StormWindow()
        for seconds in [0, 1, 2, 60, 61, 62, 120] {
            #expect(window.admit(device: "d", priority: .low, rule: rule, at: at(seconds)) == nil)
        }
    }

    @Test func withoutABypassEverythingIsHeld() {
        var window = StormWindow()
        let rule = StormRule(messages: 1, windowSeconds: 60, bypass: nil)!
        #expect(window.admit(device: "d", priority: .high, rule: rule, at: noon) == nil)
        #expect(window.admit(device: "d", priority: .high, rule: rule, at: noon) != nil)
        #expect(StormRule(messages: 0, windowSeconds: 60, bypass: nil) == nil)
    }
}

struct SendWindowTests {
    /// In any stretch of the limit's time, no more than its number go.
    @Test(arguments: [(1, 1), (3, 10), (10, 2)], [UInt64(1), 2, 3])
    func holdsInEveryWindow(_ limit: (Int, Int), _ seed: UInt64) {
        let limit = NotificationProvider.Limit(messages: limit.0, seconds: limit.1)
        var generator = SplitMix(state: seed)
        var window = SendWindow()
        var now = noon
        var slots: [Timestamp] = []
        for _ in 0..<200 {
            now = now.advanced(by: .milliseconds(Int(generator.next() % 400)))
            let slot = window.reserve(limit, at: now)
            #expect(slot >= now)
            slots.append(slot)
        }
        for index in limit.messages..<slots.count {
            #expect(slots[index].since(slots[index - limit.messages]) >= .seconds(limit.seconds))
        }
    }

    @Test func anIdleProviderTakesThemAtOnce() {
        var window = SendWindow()
        let limit = NotificationProvider.Limit(messages: 2, seconds: 10)
        let slots = (0..<4).map { _ in window.reserve(limit, at: noon).since(noon) }
        #expect(slots == [.zero, .zero, .seconds(10), .seconds(10)])
    }

    private struct SplitMix {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            let z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            return z ^ (z >> 27)
        }
    }
}

struct ProviderRouteTests {
    static func provider(
        _ id: String, _ kind: NotificationProvider.Kind, _ types: [Device.Kind], order: Int = 1, enabled: Bool = true
    ) -> NotificationProvider {
        NotificationProvider(
            id: id, name: id.uppercased(), kind: kind, deviceTypes: types, order: order, enabled: enabled)
    }

    static let all = [
        provider("b", .smtp, [.email], order: 2), provider("a", .smtp, [.email], order: 2),
        provider("off", .smtp, [.email], order: 1, enabled: false), provider("h", .http, [.email], order: 9),
        provider("mm", .mattermost, [.generic]), provider("dc", .discord, [.generic], order: 2),
        provider("sc", .script, [.generic], order: 3), provider("tw", .twilio, [.textPhone]),
    ]

    @Test(arguments: [
        (Device.Kind.email, "", ["a", "b", "h"]), (.email, "B", ["b", "a", "h"]), (.email, "b", ["b", "a", "h"]),
        (.email, "gone", ["a", "b", "h"]), (.email, "off", ["a", "b", "h"]), (.textPhone, "", ["tw"]),
        (.fax, "", []), (.generic, "dc", ["dc", "sc"]), (.generic, "", ["mm", "sc"]),
        (.generic, "sc", ["sc", "mm", "dc"]),
    ])
    func isTheWantedOneAndThoseThatUnderstandTheSame(_ kind: Device.Kind, _ wanted: String, _ expected: [String]) {
        #expect(NotificationProvider.route(for: kind, wanted: wanted, among: Self.all).map(\.id) == expected)
    }

    @Test func aTestGoesByOneAlone() {
        #expect(NotificationProvider.route(for: .email, wanted: "b", among: Self.all, isOnly: true).map(\.id) == ["b"])
        #expect(NotificationProvider.route(for: .email, wanted: "x", among: Self.all, isOnly: true).isEmpty)
    }

    @Test func someNeedNothingToBeConfigured() {
        let builtIn = NotificationProvider.builtIn(hasMail: true)
        for (kind, id) in [
            (Device.Kind.email, "email"), (.slack, "slack"), (.msTeams, "ms-teams"), (.webPush, "web-push"),
        ] {
            #expect(NotificationProvider.route(for: kind, wanted: "", among: builtIn).map(\.id) == [id])
        }
        #expect(NotificationProvider.route(for: .generic, wanted: "", among: builtIn).isEmpty)
        #expect(NotificationProvider.route(for: .generic, wanted: "Discord", among: builtIn).map(\.id) == ["discord"])
        #expect(!NotificationProvider.builtIn(hasMail: false).contains { $0.kind == .smtp })
    }
}
