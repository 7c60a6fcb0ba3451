import AlertCore
import Foundation

/// Lines for people, and JSON for programs.
enum Output {
    static func error(_ line: String) {
        FileHandle.standardError.write(Data("\(plain(line, keepingLines: true))\n".utf8))
    }

    /// JSON for programs, one document.
    static func json(_ value: JSONValue) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// JSON for programs that read as it comes: one document a line.
    static func jsonLine(_ value: JSONValue) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        now(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// At once, also into a pipe.
    static func now(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    /// A text of somebody else's: nothing in it can steer the terminal.
    static func plain(_ text: String, keepingLines: Bool = false) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    if keepingLines, scalar == "\n" || scalar == "\t" { return scalar }
                    let isControl = scalar.value < 32 || (127...159).contains(scalar.value)
                    return isControl ? (scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}") : scalar
                }))
    }

    // MARK: - Tables

    /// A table for people: columns as wide as their longest text, the last one as it comes, or as far as the
    /// terminal has room.
    static func table(_ header: [String], _ rows: [[String]]) {
        let all = [header] + rows.map { $0.map { plain($0) } }
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let room = Terminal.width.map { $0 - widths.dropLast().reduce(0) { $0 + $1 + 2 } }
        for (number, row) in all.enumerated() {
            let cells = row.enumerated().map { index, text in
                let isLast = index == row.count - 1
                let shown = isLast ? cut(text, to: room) : text
                let blanks = isLast ? "" : String(repeating: " ", count: widths[index] - text.count)
                return (number == 0 ? coloured(shown, "1") : colouredByMeaning(shown)) + blanks
            }
            print(trimmingEnd(cells.joined(separator: "  ")))
        }
    }

    /// Names and what belongs to them, one a line; what is empty is left out.
    static func fields(_ fields: [(String, String)], indent: String = "") {
        let shown = fields.filter { !$0.1.isEmpty }
        let width = shown.map(\.0.count).max() ?? 0
        for (name, value) in shown {
            let lines = plain(value, keepingLines: true).split(separator: "\n", omittingEmptySubsequences: false)
            let blanks = String(repeating: " ", count: width + 2)
            let text = lines.joined(separator: "\n\(indent)\(blanks)")
            print("\(indent)\(name)\(blanks.dropFirst(name.count))\(colouredByMeaning(text))")
        }
    }

    /// Anything, a field a line, what is within something indented below it.
    static func tree(_ value: JSONValue, indent: String = "") {
        switch value {
        case .object(let fields):
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) where name != "links" {
                branch(name, field, indent)
            }
        case .array(let values):
            for (index, element) in values.enumerated() { branch("\(index + 1)", element, indent) }
        default: print("\(indent)\(plain(value.readable))")
        }
    }

    private static func branch(_ name: String, _ value: JSONValue, _ indent: String) {
        let isSimple = (value.object?.isEmpty ?? value.array?.isEmpty) != false
        guard !isSimple else { return print("\(indent)\(plain(name)): \(plain(value.readable))") }
        print("\(indent)\(plain(name)):")
        tree(value, indent: indent + "  ")
    }

    static func heading(_ text: String) { print("\n\(coloured(text, "1"))") }

    /// Says how much of a list was shown, beside it.
    static func count(_ shown: Int, of total: Int) { error("\(shown) of \(total)") }

    private static func cut(_ text: String, to room: Int?) -> String {
        guard let room, room >= 16, text.count > room else { return text }
        return text.prefix(room - 1) + "…"
    }

    private static func trimmingEnd(_ text: String) -> String {
        guard let last = text.lastIndex(where: { $0 != " " }) else { return "" }
        return String(text[...last])
    }

    // MARK: - Colours

    static func coloured(_ text: String, _ code: String) -> String {
        Terminal.isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// Words that mean the same wherever they stand.
    private static let codes: [String: String] = {
        var codes: [String: String] = [:]
        for word in ["FAIL", "FAILED", "EXHAUSTED", "HIGH", "NOT_NOTIFIED", "DISABLED"] { codes[word] = "31" }
        for word in ["WARN", "PARKED", "SUSPENDED", "SUPPRESSED", "PENDING", "WAITING"] { codes[word] = "33" }
        for word in ["OK", "DELIVERED", "COMPLETED", "SENT", "NOTIFIED", "RESPONDED"] { codes[word] = "32" }
        for word in ["TERMINATED", "CANCELLED", "SKIPPED", "INACTIVE"] { codes[word] = "2" }
        codes["ACTIVE"] = "36"
        return codes
    }()

    static func colouredByMeaning(_ text: String) -> String { codes[text].map { coloured(text, $0) } ?? text }
}
