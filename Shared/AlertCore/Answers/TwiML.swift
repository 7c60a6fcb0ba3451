/// What a provider that speaks as Twilio does is told to do with a call or a message.
public indirect enum TwiML: Equatable, Sendable {
    case say(String)
    case pause(seconds: Int)
    /// Listens while the verbs are carried out and for some seconds after; what was pressed goes to `action`.
    /// - Parameter digits: How many; `nil` for any number of them, up to `#`.
    case gather(digits: Int?, action: String, seconds: Int, [TwiML])
    /// - Parameter keys: What is pressed once it has been answered: digits, `#`, `*`, and `w` for half a second.
    case dial(String, keys: String? = nil)
    case hangUp
    /// The answer to a text message.
    case message(String)

    /// The longest text that is spoken or sent.
    private static let textLimit = 3000

    /// - Parameter voice: The language to speak in, as in `de-DE`.
    public static func document(_ verbs: [TwiML], voice: String) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\(verbs.map { $0.text(voice) }.joined())</Response>"
    }

    private func text(_ voice: String) -> String {
        switch self {
        case .say(let text):
            return "<Say language=\"\(voice.escaped)\">\(text.shortened(to: Self.textLimit).escaped)</Say>"
        case .pause(let seconds): return "<Pause length=\"\(seconds)\"/>"
        case .gather(let digits, let action, let seconds, let verbs):
            let end = digits.map { "numDigits=\"\($0)\" finishOnKey=\"\"" } ?? "finishOnKey=\"#\""
            return "<Gather input=\"dtmf\" \(end) timeout=\"\(seconds)\" action=\"\(action.escaped)\" method=\"POST\" "
                + "actionOnEmptyResult=\"true\">\(verbs.map { $0.text(voice) }.joined())</Gather>"
        case .dial(let number, nil): return "<Dial>\(number.escaped)</Dial>"
        case .dial(let number, let keys?):
            return "<Dial><Number sendDigits=\"\(keys.escaped)\">\(number.escaped)</Number></Dial>"
        case .hangUp: return "<Hangup/>"
        case .message(let text): return "<Message>\(text.shortened(to: Self.textLimit).escaped)</Message>"
        }
    }
}

extension String {
    /// For XML; what XML cannot hold is left out.
    fileprivate var escaped: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\t", "\n", "\r": text.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: break
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
