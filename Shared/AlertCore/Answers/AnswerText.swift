/// An answer as somebody typed it: "1", "2 4711", "Acknowledge", "ack 4711 on my way".
public struct AnswerText: Equatable, Sendable {
    /// Words by which telephone companies stop and start messages; the provider answers them itself.
    public static let providerWords: Set<String> = [
        "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "start", "unstop", "help",
        "info",
    ]
    /// The shortest number that can be an alert's: shorter ones are words of a comment.
    private static let alertDigits = 4...18

    /// Which answer it is, and what it says besides.
    public struct Match: Equatable, Sendable {
        public let option: ResponseOption
        public let comment: String?
    }

    /// The number of an alert that it names: "1 4711", "1 #4711", "Acknowledge 4711".
    public let alertNumber: Int64?
    /// Without that number.
    private let rest: String

    /// - Parameter namesAlerts: Whether a number in it can be an alert's.
    public init(_ text: String, namesAlerts: Bool = true) {
        let words = text.split(whereSeparator: \.isWhitespace)
        let found = namesAlerts ? words.firstIndex { Self.alertNumber($0) != nil } : nil
        alertNumber = found.flatMap { Self.alertNumber(words[$0]) }
        guard let found else {
            rest = text.split(whereSeparator: \.isNewline).map(Self.trimmed).joined(separator: "\n")
            return
        }
        rest = (words[..<found] + words[(found + 1)...]).joined(separator: " ")
    }

    public var isProviderWord: Bool {
        Self.providerWords.contains(rest.lowercased().filter { $0.isLetter }) && alertNumber == nil
    }

    /// The option whose number or text it begins with; the rest is the comment. Of several that fit, the longest text.
    public func match(_ options: [ResponseOption], language: String = "en") -> Match? {
        let first = rest.prefix { $0.isASCII && $0.isNumber }
        if first.count == 1, let number = Int(first), let option = options.first(where: { $0.number == number }),
            let comment = Self.remainder(of: rest, after: first.count)
        {
            return Match(option: option, comment: comment.isEmpty ? nil : comment)
        }
        let names = options.flatMap { option in
            ([option.text] + option.translations.filter { $0.language == language }.map(\.text)).map { ($0, option) }
        }
        for (name, option) in names.sorted(by: { $0.0.count > $1.0.count }) where !name.isEmpty {
            guard rest.lowercased().hasPrefix(name.lowercased()),
                let comment = Self.remainder(of: rest, after: name.count)
            else { continue }
            return Match(option: option, comment: comment.isEmpty ? nil : comment)
        }
        return nil
    }

    /// What follows; `nil` when the word goes on there.
    private static func remainder(of text: String, after count: Int) -> String? {
        let tail = text.dropFirst(count)
        guard let next = tail.first else { return "" }
        guard !next.isLetter, !next.isNumber else { return nil }
        return trimmed(tail.drop { !$0.isLetter && !$0.isNumber && $0 != "(" && $0 != "\"" })
    }

    private static func alertNumber(_ word: Substring) -> Int64? {
        let digits = word.first == "#" ? word.dropFirst() : word
        let bare = digits.last.map { ".,:;!)".contains($0) } == true ? digits.dropLast() : digits
        guard alertDigits.contains(bare.count), bare.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int64(bare)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
