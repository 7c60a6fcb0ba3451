import AlertCore

/// A text of comma-separated values (RFC 4180): fields may stand in double quotes, with commas, line ends and doubled
/// quotes in them. Lines without anything are passed over; spaces around fields are taken off.
struct CSVFile: Equatable, Sendable {
    struct Row: Equatable, Sendable {
        /// Where the row begins, from 1.
        let line: Int
        let fields: [String]
    }

    let rows: [Row]

    /// - Throws: 400 that names the line: a quote that is not closed, text behind a closing quote, too many rows or
    ///   fields.
    init(_ text: String, rowLimit: Int, fieldLimit: Int) throws(RestError) {
        var reader = CSVReader(text)
        var rows: [Row] = []
        while let row = try reader.next() {
            guard row.fields.count <= fieldLimit else {
                throw .invalidValue("file", "line \(row.line) has more than \(fieldLimit) columns.")
            }
            if row.fields.allSatisfy(\.isEmpty) { continue }
            guard rows.count < rowLimit else { throw .invalidValue("file", "it has more than \(rowLimit) lines.") }
            rows.append(row)
        }
        self.rows = rows
    }
}

private struct CSVReader {
    private static let mark = "\u{FEFF}".unicodeScalars
    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    init(_ text: String) {
        bytes = Array(
            (text.unicodeScalars.starts(with: Self.mark) ? String(text.unicodeScalars.dropFirst()) : text).utf8)
    }

    /// `nil` at the end of the text.
    mutating func next() throws(RestError) -> CSVFile.Row? {
        guard place < bytes.count else { return nil }
        let start = line
        var fields: [String] = []
        repeat { fields.append(try field()) } while skip(Self.comma)
        _ = skip(Self.carriageReturn)
        if skip(Self.lineFeed) || (place > 0 && bytes[place - 1] == Self.carriageReturn) { line += 1 }
        return CSVFile.Row(line: start, fields: fields)
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private func isEnd(_ byte: UInt8) -> Bool {
        byte == Self.comma || byte == Self.lineFeed || byte == Self.carriageReturn
    }

    private mutating func field() throws(RestError) -> String {
        skipBlanks()
        guard skip(Self.quote) else { return plain() }
        let start = line
        var content: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == Self.quote {
                if skip(Self.quote) {
                    content.append(Self.quote)
                    continue
                }
                skipBlanks()
                guard place == bytes.count || isEnd(bytes[place]) else {
                    throw .invalidValue("file", "line \(line) has text behind a closing quote.")
                }
                return trimmed(content)
            }
            if byte == Self.lineFeed { line += 1 }
            content.append(byte)
        }
        throw .invalidValue("file", "line \(start) has a quote that is not closed.")
    }

    private mutating func skipBlanks() {
        while place < bytes.count, bytes[place] == 32 || bytes[place] == 9 { place += 1 }
    }

    private mutating func plain() -> String {
        let start = place
        while place < bytes.count, !isEnd(bytes[place]) { place += 1 }
        return trimmed(Array(bytes[start..<place]))
    }

    private func trimmed(_ bytes: [UInt8]) -> String {
        let blanks: Set<UInt8> = [32, 9, 10, 13]
        let first = bytes.firstIndex { !blanks.contains($0) } ?? bytes.endIndex
        let last = bytes.lastIndex { !blanks.contains($0) } ?? first - 1
        return first > last ? "" : String(decoding: bytes[first...last], as: UTF8.self)
    }
}
