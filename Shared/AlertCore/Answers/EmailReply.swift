/// What a mail that came to a ``ReplyAddress`` says.
public struct EmailReply: Equatable, Sendable {
    /// The longest comment in characters.
    private static let commentLimit = 2000

    /// Headers of a mail, each with its first value.
    public typealias Headers = [String: String]

    /// Above the quote, without a signature.
    public let text: String

    /// - Parameter body: The mail's plain text.
    public init(body: String) {
        var lines: [Substring] = []
        for line in body.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if Self.beginsQuote(line) { break }
            lines.append(line)
        }
        // A line such as "On Monday, Tocsin wrote:" stands before the quote.
        while let last = lines.last, last.allSatisfy(\.isWhitespace) || Self.introducesQuote(last) {
            lines.removeLast()
        }
        while let first = lines.first, first.allSatisfy(\.isWhitespace) { lines.removeFirst() }
        text = lines.joined(separator: "\n")
    }

    /// The option that the first line names by its text or its number; the rest is the comment.
    public func match(_ options: [ResponseOption], language: String) -> AnswerText.Match? {
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = lines.first,
            let match = AnswerText(String(first), namesAlerts: false).match(options, language: language)
        else { return nil }
        var rest = lines.count < 2 ? [] : lines[1].split(separator: "\n", omittingEmptySubsequences: false)
        if let beside = match.comment { rest.insert(beside[...], at: 0) }
        let comment = rest.drop { $0.allSatisfy(\.isWhitespace) }.joined(separator: "\n")
        return AnswerText.Match(
            option: match.option, comment: comment.isEmpty ? nil : String(comment.prefix(Self.commentLimit)))
    }

    /// Why the mail was written by no person, if so (RFC 3834 and what was usual before).
    /// - Parameters:
    ///   - headers: Names in lower case.
    ///   - sender: Of the envelope: empty for a bounce.
    public static func automation(_ headers: Headers, sender: String) -> String? {
        func value(_ name: String) -> String? { headers[name]?.lowercased() }
        if sender.isEmpty { return "it has no sender: a bounce" }
        if let submitted = value("auto-submitted"), !submitted.hasPrefix("no") { return "Auto-Submitted: \(submitted)" }
        if value("content-type")?.hasPrefix("multipart/report") == true { return "it is a report" }
        if let name = ["x-autoreply", "x-autorespond"].first(where: { headers[$0] != nil }) {
            return "\(name): \(headers[name] ?? "")"
        }
        if let precedence = value("precedence"), ["bulk", "junk", "list", "auto_reply"].contains(precedence) {
            return "Precedence: \(precedence)"
        }
        let local = sender.lowercased().prefix { $0 != "@" }
        return ["mailer-daemon", "postmaster", "noreply", "no-reply"].contains(String(local))
            ? "it is from \(local)" : nil
    }

    private static func beginsQuote(_ line: Substring) -> Bool {
        let start = line.drop(while: \.isWhitespace)
        return start.hasPrefix(">") || line == "-- " || line == "--" || start.hasPrefix("-----Original Message")
            || start.hasPrefix("________________________________") || start.hasPrefix("-----Ursprüngliche Nachricht")
            || start.hasPrefix("-------- ")
    }

    /// Of an introduction that goes over two lines, the first is recognised by its beginning.
    private static func introducesQuote(_ line: Substring) -> Bool {
        let text = line.drop(while: \.isWhitespace)
        let begins = ["On ", "Am ", "Le ", "El ", "Il ", "Op "].contains { text.hasPrefix($0) }
        let ends = text.reversed().drop(while: \.isWhitespace).first == ":"
        return (begins && line.contains(where: \.isNumber)) || (ends && line.contains { $0 == "@" || $0 == "<" })
    }
}
