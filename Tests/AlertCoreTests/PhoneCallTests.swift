import AlertCore
import Testing

/// Calls, step by step.
@Suite struct PhoneCallTests {
    private static let action = "https://tocsin.example/gather"

    private static func content(_ change: (inout PhoneCall.Content) -> Void = { _ in }) -> PhoneCall.Content {
        var content = PhoneCall.Content(
            language: "en", message: "db1 is down",
            options: [.init(number: 1, prompt: "Acknowledge"), .init(number: 2, prompt: "Escalate")])
        change(&content)
        return content
    }

    /// What is said, with what it listens for.
    private static func words(_ verbs: [TwiML]) -> [String] {
        verbs.flatMap { verb -> [String] in
            switch verb {
            case .say(let text), .message(let text): [text]
            case .gather(_, _, _, let inside): words(inside) + ["listen"]
            case .dial(let number, let keys): ["dial \(number)" + (keys.map { " \($0)" } ?? "")]
            case .hangUp: ["hang up"]
            case .pause: []
            }
        }
    }

    private static let message = [
        "db1 is down", "Press 1 for Acknowledge.", "Press 2 for Escalate.", "Press 0 to hear this again.", "listen",
    ]

    @Test func tellsAndTakesAnAnswer() {
        var call = PhoneCall()
        let (verbs, effect) = call.hear(.begin(.person), Self.content(), action: Self.action)
        #expect(Self.words(verbs) == ["Hello. This is Tocsin, with an alert."] + Self.message && effect == .reached)
        #expect(call.hear(.keys("2"), Self.content(), action: Self.action).1 == .answer(2))
        #expect(call.isOver)
    }

    @Test(arguments: [("0", false), ("*", false), ("", false), ("7", true), ("#", true)])
    func repeatsAFewTimes(_ key: String, _ isUnknown: Bool) {
        var call = PhoneCall()
        let content = Self.content { $0.bypassesIntro = true }
        #expect(Self.words(call.hear(.begin(.person), content, action: Self.action).0) == Self.message)
        for _ in 1..<PhoneCall.rounds {
            let (verbs, _) = call.hear(.keys(key), content, action: Self.action)
            #expect(Self.words(verbs) == (isUnknown ? ["That key has no answer."] : []) + Self.message)
        }
        #expect(Self.words(call.hear(.keys(key), content, action: Self.action).0) == ["Goodbye.", "hang up"])
        #expect(call.hear(.keys("1"), content, action: Self.action).1 == .none)
    }

    @Test func tellsNothingWithoutThePassword() {
        let content = Self.content { ($0.requiresPassword, $0.hasPassword) = (true, true) }
        var call = PhoneCall()
        let (verbs, effect) = call.hear(.begin(.person), content, action: Self.action)
        #expect(!Self.words(verbs).contains("db1 is down") && effect == .none && call.phase == .password)
        var other = call
        #expect(other.hear(.password(isRight: true), content, action: Self.action).1 == .reached)
        for _ in 1..<PhoneCall.passwordTries {
            let (verbs, effect) = call.hear(.password(isRight: false), content, action: Self.action)
            #expect(Self.words(verbs).last == "listen" && effect == .none)
        }
        let (last, refused) = call.hear(.password(isRight: false), content, action: Self.action)
        #expect(refused == .refused(reason: "3 wrong phone passwords") && Self.words(last).last == "hang up")
        #expect(call.isOver)

        var none = PhoneCall()
        let missing = Self.content { $0.requiresPassword = true }
        #expect(
            none.hear(.begin(.person), missing, action: Self.action).1 == .refused(reason: "has no phone password"))
    }

    struct Machine: Sendable, CustomTestStringConvertible {
        let leave: VoicemailOptions.Leave
        var callsLeft = 0
        var password = false
        let effect: PhoneCall.Effect
        let tells: Bool
        var testDescription: String { "\(leave.rawValue), \(callsLeft) left, password \(password)" }
    }

    @Test(arguments: [
        Machine(leave: .callbackOnly, effect: .voicemail, tells: false),
        Machine(leave: .callbackAndMessage, effect: .voicemail, tells: true),
        Machine(leave: .messageOnly, effect: .voicemail, tells: true),
        Machine(leave: .hangUp, effect: .machine, tells: false),
        Machine(leave: .messageOnly, callsLeft: 1, effect: .machine, tells: false),
        Machine(leave: .messageOnly, password: true, effect: .voicemail, tells: false),
        Machine(leave: .callbackAndMessage, password: true, effect: .voicemail, tells: false),
    ])
    func leavesOnAMachineWhatIsWanted(_ row: Machine) {
        var call = PhoneCall()
        let content = Self.content {
            ($0.leave, $0.callsLeft, $0.requiresPassword) = (row.leave, row.callsLeft, row.password)
        }
        let (verbs, effect) = call.hear(.begin(.machine), content, action: Self.action)
        #expect(effect == row.effect && Self.words(verbs).contains("db1 is down") == row.tells && call.isOver)
        #expect(Self.words(verbs).last == "hang up")
    }

    @Test func saysThatTheAlertHasEnded() {
        let content = Self.content { $0.ending = "Alert 7 expired 3 hours ago." }
        var call = PhoneCall()
        let (verbs, _) = call.hear(.begin(.person), content, action: Self.action)
        #expect(Self.words(verbs).contains("Alert 7 expired 3 hours ago.") && call.isOver)
    }

    @Test func joinsTheConference() {
        func said(_ joins: Bool, _ number: String?, _ bridge: ConferenceBridge? = nil) -> [String] {
            let conference = number.map {
                ConferenceAccess(.init(type: .external, bridgeId: "x", bridgeNumber: $0), bridge: bridge)
            }
            return Self.words(
                PhoneCall.confirmation("Recorded.", joins: joins, conference: conference, language: "en"))
        }
        var bridge = ConferenceBridge(id: "b", name: "x", pauseBeforeBridgePrompt: 2)
        bridge.tollNumber = "+16045550111"
        bridge.dialAfterBridge = "#,1"
        #expect(said(true, "42", bridge).last == "dial +16045550111 wwww42#ww1")
        #expect(said(true, "42").last == "hang up")
        #expect(said(true, "+16045550100").last == "dial +16045550100")
        #expect(said(true, nil) == ["Recorded.", "The conference has no number to call.", "hang up"])
        #expect(said(false, "+16045550100") == ["Recorded.", "Goodbye.", "hang up"])
    }

    @Test(arguments: [
        ("human" as String?, PhoneCall.AnsweredBy.person), (nil, .person), ("unknown", .person),
        ("machine_start", .machine),
        ("machine_end_beep", .machine), ("fax", .machine),
    ])
    func knowsMachines(_ text: String?, _ by: PhoneCall.AnsweredBy) {
        #expect(PhoneCall.AnsweredBy(text) == by)
    }
}
