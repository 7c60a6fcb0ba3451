import Foundation

/// How texts look inside a mail (RFC 5322, 2045, 2047).
enum MailEncoding {
    /// `Mon, 02 Jan 2006 15:04:05 +0000`; always in UTC, by plain arithmetic: no locale can change it.
    static func date(_ date: Date) -> String {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let days = Int((Double(seconds) / 86_400).rounded(.down))
        let time = seconds - days * 86_400
        // Civil date from days since 1970, counted in eras of 400 years that start in March.
        let shifted = days + 719_468
        let era = Int((Double(shifted) / 146_097).rounded(.down))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday = ((days % 7) + 11) % 7  // The first day of 1970 was a Thursday.
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(names[weekday]), \(two(day)) \(months[month - 1]) \(year) "
            + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) +0000"
    }

    /// An unstructured header value on one line or folded. Control characters become spaces.
    static func text(_ value: String) -> String {
        let clean = withoutControls(value)
        // Longer lines than 998 bytes are not allowed; encoded words are folded.
        let isPlain = clean.utf8.allSatisfy { $0 < 127 } && clean.utf8.count <= 900 && !clean.contains("=?")
        return isPlain ? clean : encodedWords(clean)
    }

    /// `Anna <anna@example.org>`, the name quoted or encoded as needed.
    static func mailbox(_ mailbox: Mail.Address) -> String {
        guard let name = mailbox.name.map(withoutControls) else { return mailbox.address }
        let isPlain = name.utf8.allSatisfy { $0 < 127 } && name.utf8.count <= 200 && !name.contains("=?")
        guard isPlain else { return "\(encodedWords(name))\r\n <\(mailbox.address)>" }
        let escaped = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped)\" <\(mailbox.address)>"
    }

    static func isMessageID(_ id: String) -> Bool {
        let parts = id.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && id.utf8.count <= 250
            && id.utf8.allSatisfy { (33..<127).contains($0) && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
    }

    /// Lines of at most 76 bytes that end with CRLF. Any line end of the text is a line end of the mail.
    static func quotedPrintable(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        for line in unified.utf8.split(separator: 10, omittingEmptySubsequences: false) {
            var column = 0
            for (index, byte) in zip(line.indices, line) {
                let isLast = line.index(after: index) == line.endIndex
                let isBlank = byte == 32 || byte == 9
                let isPlain = ((33..<127).contains(byte) && byte != 61) || (isBlank && !isLast)
                if column + (isPlain ? 1 : 3) > 75 {
                    output += Array("=\r\n".utf8)
                    column = 0
                }
                output += isPlain ? [byte] : [61, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                column += isPlain ? 1 : 3
            }
            output += [13, 10]
        }
        return String(decoding: output.dropLast(2), as: UTF8.self)
    }

    private static func withoutControls(_ value: String) -> String {
        String(String.UnicodeScalarView(value.unicodeScalars.map { $0.properties.isControl ? " " : $0 }))
    }

    /// Base64 words of at most 64 bytes, cut between characters, one a line.
    private static func encodedWords(_ value: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in value.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}

extension Unicode.Scalar.Properties {
    /// Line and paragraph separators count: some programs break lines at them.
    fileprivate var isControl: Bool {
        switch generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
