import AlertCore
import Foundation

/// Reads JSON that comes from anywhere: any bytes give a value or an error, in time and memory that grow with their
/// number, and never deeper than ``ArchiveLimits/depth``.
struct JSONParser {
    struct Problem: Error {
        /// A clause without its subject, as in "ends inside of an object".
        let text: String
    }

    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    private var left: Int

    /// - Parameter values: How many values may still be read; counts down.
    static func parse(_ bytes: [UInt8], values: inout Int) throws(Problem) -> JSONValue {
        var parser = JSONParser(bytes: plain(bytes), left: values)
        defer { values = parser.left }
        return try parser.whole()
    }

    private init(bytes: [UInt8], left: Int) {
        self.bytes = bytes
        self.left = left
    }

    /// UTF-8 without its mark, whatever the mark says.
    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { return Array(bytes.dropFirst(3)) }
        guard bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) else { return bytes }
        return String(bytes: bytes, encoding: .utf16).map { Array($0.utf8) } ?? bytes
    }

    private mutating func whole() throws(Problem) -> JSONValue {
        let value = try value()
        skipSpace()
        guard place == bytes.count else { throw problem("goes on after its end") }
        return value
    }

    private mutating func value() throws(Problem) -> JSONValue {
        left -= 1
        guard left >= 0 else { throw Problem(text: "has more than \(ArchiveLimits.values) values, with all others") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try nested { parser throws(Problem) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(Problem) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw problem("ends too early")
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(Problem) -> JSONValue
    ) throws(Problem) -> JSONValue {
        depth += 1
        guard depth <= ArchiveLimits.depth else {
            throw problem("is nested more than \(ArchiveLimits.depth) levels deep")
        }
        place += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(Problem) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(fields) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("needs a key in quotes") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw problem("needs a colon after a key") }
            fields[key] = try value()
            skipSpace()
        } while take(",")
        guard take("}") else { throw problem("needs a comma or the end of an object") }
        return .object(fields)
    }

    private mutating func array() throws(Problem) -> JSONValue {
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(values) }
        repeat {
            values.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw problem("needs a comma or the end of an array") }
        return .array(values)
    }

    private mutating func string() throws(Problem) -> String {
        place += 1
        var text: [UInt8] = []
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            default: text.append(byte)
            }
        }
        throw problem("ends inside of a text")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Problem) {
        guard let byte = next else { throw problem("ends inside of a text") }
        place += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "u"): text += Array(String(Character(try unicode())).utf8)
        default: throw problem("has an unknown escape in a text")
        }
    }

    /// One of the two halves of a character alone becomes U+FFFD.
    private mutating func unicode() throws(Problem) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let start = place
        if first < 0xdc00, next == UInt8(ascii: "\\"), place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "u") {
            place += 2
            let second = try unit()
            if (0xdc00...0xdfff).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
            {
                return scalar
            }
            place = start
        }
        return "\u{fffd}"
    }

    private mutating func unit() throws(Problem) -> UInt32 {
        guard place + 4 <= bytes.count,
            let unit = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw problem("has four digits missing in a text") }
        place += 4
        return unit
    }

    private mutating func number() throws(Problem) -> JSONValue {
        let start = place
        while let byte = next, Self.numberBytes.contains(byte) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if let integer = Int64(text), String(integer) == text { return .integer(integer) }
        // RFC 8259, section 6.
        guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil,
            let number = Double(text), number.isFinite
        else {
            place = start
            throw problem("has something that is no value")
        }
        return Int64(text).map(JSONValue.integer) ?? .number(number)
    }

    private static let numberBytes = Set("+-.0123456789eE".utf8)

    private mutating func word(_ word: String, _ value: JSONValue) throws(Problem) -> JSONValue {
        guard bytes[place...].starts(with: word.utf8) else { throw problem("has something that is no value") }
        place += word.utf8.count
        return value
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || (9...13).contains(byte) { place += 1 }
    }

    private func problem(_ text: String) -> Problem {
        let before = bytes[..<min(place, bytes.count)]
        let line = before.count { $0 == 10 } + 1
        let column = place - (before.lastIndex(of: 10) ?? -1)
        return Problem(text: "\(text) (line \(line), column \(column))")
    }
}

/// JSON as it is written into archives and shown to people.
enum JSONText {
    /// Keys in order, two spaces a level, a line feed at the end.
    static func pretty(_ value: JSONValue) -> [UInt8] { encoded(value, [.prettyPrinted]) + [10] }

    /// On one line, keys in order.
    static func compact(_ value: JSONValue) -> String { String(decoding: encoded(value, []), as: UTF8.self) }

    private static func encoded(_ value: JSONValue, _ style: JSONEncoder.OutputFormatting) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = style.union([.sortedKeys, .withoutEscapingSlashes])
        guard let data = try? encoder.encode(value) else {  // a value without NaN always can be written
            preconditionFailure("JSON cannot be written")
        }
        return Array(data)
    }
}
