import Testing

@testable import AlertCore

/// How people join conferences.
@Suite struct ConferenceAccessTests {
    private static func bridge(_ change: (inout ConferenceBridge) -> Void = { _ in }) -> ConferenceBridge {
        var bridge = ConferenceBridge(id: "b", name: "War Room")
        (bridge.tollNumber, bridge.tollFreeNumber) = ("+16045551212", "+18005551212")
        (bridge.bridgeNumber, bridge.meetingLink) = ("1234", "https://meet.example/1")
        change(&bridge)
        return bridge
    }

    private static func access(_ number: String?, _ bridge: ConferenceBridge?) -> ConferenceAccess {
        ConferenceAccess(.init(type: .external, bridgeId: "war room", bridgeNumber: number), bridge: bridge)
    }

    @Test func thePreferredNumberComesFirst() {
        let toll = Self.access(nil, Self.bridge())
        #expect(
            toll.text(language: "en")
                == "Conference War Room: +16045551212 (+18005551212), code 1234, https://meet.example/1")
        let free = Self.access(nil, Self.bridge { $0.preferredConnectionType = .tollFree })
        #expect(free.numbers == ["+18005551212", "+16045551212"])
        #expect(free.text(language: "de-CH").hasPrefix("Konferenz War Room: +18005551212"))
    }

    @Test(arguments: [(true, "77", "1234"), (false, "77", "77"), (false, nil as String?, "1234"), (true, nil, "1234")])
    func aStaticNumberStays(_ isStatic: Bool, _ given: String?, _ code: String) {
        let access = Self.access(given, Self.bridge { $0.staticBridgeNumber = isStatic })
        #expect(access.code == code && access.keys == code)
    }

    @Test func aLinkAloneIsEnough() {
        let bridge = Self.bridge { ($0.tollNumber, $0.tollFreeNumber, $0.bridgeNumber) = (nil, nil, nil) }
        let access = Self.access(nil, bridge)
        #expect(access.canBeJoined && access.numbers.isEmpty && access.keys == nil)
        #expect(access.text(language: "en") == "Conference War Room: https://meet.example/1")
    }

    @Test(arguments: [
        ("+16045551212" as String?, ["+16045551212"], nil as String?), ("+1 (604) 555-1212", ["+16045551212"], nil),
        ("911", [], "911"), ("42", [], "42"), ("", [], nil), (nil, [], nil),
    ])
    func withoutABridgeOnlyAWholeNumberIsCalled(_ given: String?, _ numbers: [String], _ code: String?) {
        let access = Self.access(given, nil)
        #expect(access.numbers == numbers && access.code == code && access.canBeJoined == !numbers.isEmpty)
    }

    /// Nothing else than keys is pressed, and the text stays in its line and its length.
    @Test func isBounded() {
        let access = Self.access("1<\n2#;3", Self.bridge { $0.name = String(repeating: "x", count: 500) })
        #expect(access.keys == "12#3")
        for limit in [40, 80, 160, 300] {
            let text = access.text(language: "en", limit: limit)
            #expect(text.count <= limit && text.hasPrefix("Conference ") && !text.contains("\n"))
            #expect(text.contains("+16045551212") == (limit >= 80), "\(text)")
        }
    }

    @Test func aTextMessageKeepsIt() {
        let text = TextMessage.text(
            String(repeating: "long ", count: 300), note: "Conference x: +16045551212", alertNumber: 4711,
            answers: [(1, "Yes")], phrases: AnswerPhrases(language: "en"))
        #expect(text.hasSuffix("...\nConference x: +16045551212\nReply 1 Yes (or 1 4711, if several alerts are open)"))
        #expect(TextMessage.parts(of: text) <= TextMessage.partLimit)
    }
}
