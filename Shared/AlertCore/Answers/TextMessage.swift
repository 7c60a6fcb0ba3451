/// How text messages are counted, and how one is made that fits.
public enum TextMessage {
    /// More parts would be a bill rather than a message; providers cut at 10.
    public static let partLimit = 4
    /// An answer's text is cut to this many characters, so that nine of them leave room for what happened.
    private static let answerLimit = 30

    /// One character each in the alphabet of GSM 03.38.
    private static let basic = Set(
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà").unicodeScalars)
    /// Two characters each: behind an escape.
    private static let extended = Set("^{}\\[~]|€".unicodeScalars)

    /// How many parts a provider makes of the text: one of 160 characters of GSM 03.38 or of 70 UTF-16 units, or
    /// several of 153 or 67.
    public static func parts(of text: String) -> Int {
        let (units, isBasic) = units(of: text)
        let (single, several) = isBasic ? (160, 153) : (70, 67)
        return units <= single ? 1 : (units + several - 1) / several
    }

    private static func units(of text: String) -> (count: Int, isBasic: Bool) {
        var count = 0
        for scalar in text.unicodeScalars {
            if basic.contains(scalar) {
                count += 1
            } else if extended.contains(scalar) {
                count += 2
            } else {
                return (text.utf16.count, false)
            }
        }
        return (count, true)
    }

    /// `head` and `tail` in at most `limit` parts: what is too long of the head is left out, never of the tail.
    public static func fitting(_ head: String, _ tail: String, limit: Int = partLimit) -> String {
        let whole = head + tail
        guard parts(of: whole) > limit else { return whole }
        // Parts grow with the length, so that the longest beginning that fits is found by halving.
        let characters = Array(head)
        var (low, high) = (0, characters.count)
        while low < high {
            let middle = (low + high + 1) / 2
            if parts(of: String(characters[..<middle]) + "..." + tail) <= limit {
                low = middle
            } else {
                high = middle - 1
            }
        }
        return String(characters[..<low]) + "..." + tail
    }

    /// What happened, and how to answer: "Reply 1 Acknowledge, 2 Escalate (or 1 4711, when several alerts are open)".
    /// - Parameters:
    ///   - note: What stays when the content is too long; empty for nothing.
    ///   - answers: The keys with what they mean.
    public static func text(
        _ content: String, note: String = "", alertNumber: Int64, answers: [(number: Int, text: String)],
        phrases: AnswerPhrases
    ) -> String {
        let head = content.split(whereSeparator: \.isNewline).joined(separator: "\n")
        let note = note.isEmpty ? "" : "\n" + note
        guard let first = answers.first else { return fitting(head, note + " (\(alertNumber))") }
        let list = answers.map { "\($0.number) \($0.text.shortened(to: answerLimit))" }.joined(separator: ", ")
        return fitting(head, note + "\n" + phrases.replyBy(list, example: "\(first.number) \(alertNumber)"))
    }
}

extension String {
    /// At most `limit` characters.
    func shortened(to limit: Int) -> String { count <= limit ? self : prefix(limit - 3) + "..." }
}
