import AlertCore
import Foundation

/// Finds personal texts in the JSON of an event without reading it into values.
///
/// Looks at strings that are values of fields that can say something about a person (``Fields``), and at those in JSON
/// that is itself the text of such a field, as a webhook's payload is. Keys, numbers and the words of enumerations are
/// never touched, so that an event of which something was erased can still be read.
struct PersonalScan {
    struct Found {
        let range: Range<Int>
        let person: String
    }

    /// How deep JSON in JSON is followed.
    private static let levels = 3

    /// An object that is being read.
    private struct Frame {
        /// The value of its field `id`.
        var id: Range<Int>?
        /// Values that are somebody's if the object is.
        var open: [(range: Range<Int>, level: Int)] = []
    }

    private var wanted: WantedTexts
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var found: [Found] = []

    init(_ texts: [PersonalText], in bytes: UnsafeBufferPointer<UInt8>, isPlain: Bool = false) {
        self.bytes = bytes
        wanted = WantedTexts(texts, isPlain: isPlain)
    }

    /// All of them, in order.
    static func find(_ texts: [PersonalText], in bytes: UnsafeBufferPointer<UInt8>) -> [Found] {
        guard !texts.isEmpty else { return [] }
        var scan = PersonalScan(texts, in: bytes)
        if !scan.wanted.isEmpty { scan.scan(0..<bytes.count, level: 0, isFree: false) }
        return scan.found.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// All of them in a text that is no JSON, in order.
    static func findPlain(_ texts: [PersonalText], in bytes: UnsafeBufferPointer<UInt8>) -> [Found] {
        guard !bytes.isEmpty else { return [] }
        var scan = PersonalScan(texts.filter { $0.object == nil }, in: bytes, isPlain: true)
        scan.settle(0..<bytes.count, scan.wanted.match(of: bytes, 0)?.person, 0)
        return scan.found.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// - Parameter isFree: Whether every value counts, whatever its field's name is.
    private mutating func scan(_ range: Range<Int>, level: Int, isFree: Bool) {
        var place = range.lowerBound
        var key: Range<Int>?
        var frames: [Frame] = []
        // The depth of what holds the values that all count.
        var freeDepth = isFree ? -1 : Int.max
        while place < range.upperBound {
            switch bytes[place] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if freeDepth == Int.max, let key, Fields.isFree(text(key)) { freeDepth = frames.count }
                frames.append(Frame())
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard let frame = frames.popLast() else { return }
                close(frame)
                if frames.count == freeDepth { freeDepth = Int.max }
            case UInt8(ascii: "\""):
                guard let end = closing(after: place + 1, in: range, level: level) else { return }
                let content = (place + 1)..<max(place + 1, end - Self.slashes(level))
                place = end
                if isKey(after: end + 1, in: range) {
                    key = content
                } else {
                    if let key, Fields.isID(text(key)), !frames.isEmpty { frames[frames.count - 1].id = content }
                    if value(content, of: key, level: level, isFree: freeDepth < Int.max), !frames.isEmpty {
                        frames[frames.count - 1].open.append((content, level))
                    }
                }
            default: break
            }
            place += 1
        }
    }

    /// - Returns: Whether it depends on the object whose value it is.
    private mutating func value(_ content: Range<Int>, of key: Range<Int>?, level: Int, isFree: Bool) -> Bool {
        guard !content.isEmpty else { return false }
        let name = key.map { text($0) }
        if level + 1 < Self.levels, let name, Fields.isJSON(name), Self.isObject(bytes[content.lowerBound]) {
            wanted.prepare(level + 1)
            scan(content, level: level + 1, isFree: true)
            return false
        }
        guard isFree || name.map({ Fields.isPersonal($0) }) ?? false else { return false }
        if name.map({ Fields.isSentence($0) }) ?? false, !isSentence(content) { return false }
        let match = wanted.match(of: text(content), level)
        if match?.people.isEmpty == false { return true }
        settle(content, match?.person, level)
        return false
    }

    private mutating func close(_ frame: Frame) {
        for (range, level) in frame.open {
            let match = wanted.match(of: text(range), level)
            let own = frame.id.flatMap { match?.people[Array(text($0))] }
            settle(range, own ?? match?.person, level)
        }
    }

    /// - Parameter person: Whose the whole value is.
    private mutating func settle(_ content: Range<Int>, _ person: String?, _ level: Int) {
        guard let person else { return names(in: content, level: level) }
        found.append(Found(range: content, person: person))
    }

    /// Names as words of their own, the longest where several begin.
    private mutating func names(in content: Range<Int>, level: Int) {
        guard wanted.hasNames(level) else { return }
        let words = text(content)
        let start = content.lowerBound
        var place = 0
        while place < words.count {
            guard isEdge(before: start + place, in: content),
                let name = wanted.name(at: place, of: words, level, where: { isEdge(at: start + $0, in: content) })
            else {
                place += 1
                continue
            }
            found.append(Found(range: start + place..<start + name.end, person: name.person))
            place = name.end
        }
    }
}

// MARK: - JSON

extension PersonalScan {
    /// How many backslashes stand before a quotation mark of a level.
    private static func slashes(_ level: Int) -> Int { (1 << level) - 1 }

    private static func isObject(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }

    /// The next quotation mark of the level.
    private func closing(after start: Int, in range: Range<Int>, level: Int) -> Int? {
        var place = start
        while place < range.upperBound {
            guard let next = bytes[place..<range.upperBound].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            var slashes = 0
            while next - slashes - 1 >= start, bytes[next - slashes - 1] == UInt8(ascii: "\\") { slashes += 1 }
            if slashes % (2 << level) == Self.slashes(level) { return next }
            place = next + 1
        }
        return nil
    }

    private func isKey(after place: Int, in range: Range<Int>) -> Bool {
        var place = place
        while place < range.upperBound, bytes[place] == 0x20 { place += 1 }
        return place < range.upperBound && bytes[place] == UInt8(ascii: ":")
    }

    private func text(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[range])
    }

    /// What is said to people, not the word of an enumeration.
    private func isSentence(_ range: Range<Int>) -> Bool {
        bytes[range].contains { $0 == 0x20 || $0 == UInt8(ascii: "@") }
    }

    private func isEdge(before place: Int, in content: Range<Int>) -> Bool {
        guard place > content.lowerBound else { return true }
        let last = bytes[place - 1]
        if last >= 0x80 {
            // Quotation marks, dashes and wide spaces are no letters.
            let isMark = place - 3 >= content.lowerBound && bytes[place - 3] == 0xE2 && bytes[place - 2] <= 0x81
            return isMark || place - 2 >= content.lowerBound && bytes[place - 2] == 0xC2
        }
        if place - 2 >= content.lowerBound, bytes[place - 2] == UInt8(ascii: "\\") { return true }
        return !Self.isLetter(last)
    }

    private func isEdge(at place: Int, in content: Range<Int>) -> Bool {
        guard place < content.upperBound else { return true }
        let next = bytes[place]
        guard next >= 0x80 else { return !Self.isLetter(next) }
        return next == 0xC2 || next == 0xE2 && place + 1 < content.upperBound && bytes[place + 1] <= 0x81
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
    }

    /// As a JSON encoder escapes it that leaves slashes as they are.
    static func escaped(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            return text
        }
        var escaped: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): escaped += [UInt8(ascii: "\\"), byte]
            case 0x08: escaped += Array("\\b".utf8)
            case 0x09: escaped += Array("\\t".utf8)
            case 0x0A: escaped += Array("\\n".utf8)
            case 0x0C: escaped += Array("\\f".utf8)
            case 0x0D: escaped += Array("\\r".utf8)
            case 0..<0x20: escaped += Array("\\u00".utf8) + [byte].hexadecimal.utf8
            default: escaped.append(byte)
            }
        }
        return escaped
    }
}

/// The fields of events by what their values can hold. None of them holds the word of an enumeration that history is
/// read by, but those of ``isSentence(_:)``, where such words are passed over.
private enum Fields {
    static func isPersonal(_ name: UnsafeBufferPointer<UInt8>) -> Bool { personal.contains(hash(name)) }
    /// The object's own id; of a `PersonalText` that of the object that it stands in.
    static func isID(_ name: UnsafeBufferPointer<UInt8>) -> Bool { ids.contains(hash(name)) }
    /// Below which every text counts: what users have defined.
    static func isFree(_ name: UnsafeBufferPointer<UInt8>) -> Bool { free.contains(hash(name)) }
    /// Whose texts are JSON.
    static func isJSON(_ name: UnsafeBufferPointer<UInt8>) -> Bool { json.contains(hash(name)) }
    /// Which say something to people in some events and a word of an enumeration in others.
    static func isSentence(_ name: UnsafeBufferPointer<UInt8>) -> Bool { hash(name) == reason }

    private static let personal = hashes([
        "actor", "address", "annotation", "author", "body", "by", "comment", "description", "detail", "device",
        "deviceName", "emailAddress", "endedBy", "error", "externalKey", "firstName", "from", "lastName", "log",
        "message", "name", "notes", "phoneLogin", "phoneNumber", "pin", "raisedBy", "reason", "receipt", "recipient",
        "recipients", "reply", "responseBody", "sender", "subject", "targetName", "targetedRecipients", "text", "title",
        "to", "url", "user", "username", "value", "webLogin", "word",
    ])
    private static let free = hashes(["headers", "outputs", "parameters", "properties", "propertyTranslations"])
    private static let ids = hashes(["id", "object"])
    private static let json = hashes(["globals", "payload"])
    private static let reason = hash(of: "reason")

    private static func hashes(_ names: [String]) -> Set<UInt64> { Set(names.map { hash(of: $0) }) }

    private static func hash(of name: String) -> UInt64 {
        var name = name
        return name.withUTF8 { hash($0) }
    }

    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = FNVHash()
        for byte in name { hash.add(byte) }
        return hash.value
    }
}
