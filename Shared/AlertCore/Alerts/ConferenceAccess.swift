/// How people join an alert's conference: what its pointer says, with what is known of the bridge that it names. Pure.
public struct ConferenceAccess: Equatable, Sendable {
    /// The bridge's name; `nil` where the pointer names none.
    public let name: String?
    /// E.164, the preferred one first.
    public let numbers: [String]
    /// What is pressed once the bridge has answered: the conference's own number there.
    public let code: String?
    /// `https://…`
    public let link: String?
    /// What a telephone presses after the bridge has answered; `w` is half a second. `nil` for nothing.
    public let keys: String?

    public let tollNumber: String?
    public let tollFreeNumber: String?

    /// Whether there is anything by which somebody could join.
    public var canBeJoined: Bool { !numbers.isEmpty || link != nil }

    /// - Parameter bridge: The one that the pointer names, as it is now.
    public init(_ reference: ConferenceReference, bridge: ConferenceBridge?) {
        let given = reference.bridgeNumber.flatMap { $0.isEmpty ? nil : $0 }
        name = bridge?.name ?? reference.bridgeId.flatMap { $0.isEmpty ? nil : $0 }
        tollNumber = bridge?.tollNumber
        tollFreeNumber = bridge?.tollFreeNumber
        link = bridge?.meetingLink
        let known =
            bridge?.preferredConnectionType == .tollFree ? [tollFreeNumber, tollNumber] : [tollNumber, tollFreeNumber]
        let own = bridge?.staticBridgeNumber == true ? bridge?.bridgeNumber : given ?? bridge?.bridgeNumber
        // Without a bridge to call, what the pointer says may be the telephone number itself.
        let dialled = given.map { $0.filter { !" -()".contains($0) } }.flatMap { SenderOverrides.isE164($0) ? $0 : nil }
        if tollNumber == nil, tollFreeNumber == nil, let dialled {
            (numbers, code, keys) = ([dialled], nil, nil)
        } else {
            (numbers, code, keys) = (known.compactMap(\.self), own, Self.keys(own, bridge))
        }
    }

    private static func keys(_ code: String?, _ bridge: ConferenceBridge?) -> String? {
        let pressed = ((code ?? "") + (bridge?.dialAfterBridge ?? "")).filter { "0123456789#*,".contains($0) }
        guard !pressed.isEmpty else { return nil }
        let pause = String(repeating: "ww", count: bridge?.pauseBeforeBridgePrompt ?? 0)
        return pause + pressed.replacing(",", with: "ww")
    }

    /// In one line, as in "Conference War Room: +18005551212 (+16045551212), code 1234, https://meet.example/1".
    /// - Parameter limit: Characters at most: what does not fit of numbers, code and link is left out, from the end;
    ///   then the name is cut.
    public func text(language: String, limit: Int = 3000) -> String {
        let phrases = AnswerPhrases(language: language)
        var parts: [String] = []
        if let number = numbers.first {
            let others = numbers.dropFirst().joined(separator: ", ")
            parts.append(others.isEmpty ? number : "\(number) (\(others))")
        }
        if let code { parts.append(phrases.conferenceCode(code)) }
        if let link { parts.append(link) }
        let least = phrases.conference.count + 4
        while !parts.isEmpty, least + 2 + parts.joined(separator: ", ").count > limit { parts.removeLast() }
        let end = parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
        let title = [phrases.conference, name].compactMap(\.self).joined(separator: " ")
        return String((title.shortened(to: limit - end.count) + end).map { $0.isNewline ? " " : $0 })
    }
}
