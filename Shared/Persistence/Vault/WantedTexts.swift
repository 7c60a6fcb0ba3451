import AlertCore
import Foundation

/// Personal texts that are looked for, found by what they are and not one after the other: events can name thousands,
/// of whom all have a device of the same name.
struct WantedTexts {
    /// One text, whosever it is.
    struct Text {
        /// Escaped as at its level.
        var bytes: [UInt8]
        /// Whose it is wherever it stands.
        var person: String?
        /// Whose it is as words in longer texts, too.
        var named: String?
        /// Whose it is only in objects of theirs, by the objects' ids.
        var people: [[UInt8]: String] = [:]
    }

    /// The texts as they stand in JSON that is so deep in JSON.
    private struct Level {
        /// By their hashes.
        var texts: [UInt64: [Text]] = [:]
        var longest = 0
        /// Of names: how long they can be.
        var nameLengths: Set<Int> = []
        var longestName = 0

        init(_ texts: some Sequence<Text>) {
            for text in texts {
                let hash = text.bytes.withUnsafeBufferPointer { WantedTexts.hash($0) }
                self.texts[hash, default: []].append(text)
                longest = max(longest, text.bytes.count)
                guard text.named != nil else { continue }
                nameLengths.insert(text.bytes.count)
                longestName = max(longestName, text.bytes.count)
            }
        }
    }

    private var levels: [Level]

    /// - Parameter isPlain: Whether they are looked for in what is no JSON.
    init(_ texts: [PersonalText], isPlain: Bool) {
        var known: [String: Text] = [:]
        for text in texts where text.text.contains(where: { !$0.isWhitespace }) {
            let bytes = Array(text.text.utf8)
            var one = known[text.text] ?? Text(bytes: isPlain ? bytes : PersonalScan.escaped(bytes))
            if let object = text.object {
                one.people[Array(object.utf8)] = text.person
            } else if one.person == nil {
                one.person = text.person
            }
            if text.isName, one.named == nil { one.named = text.person }
            known[text.text] = one
        }
        levels = [Level(known.values)]
    }

    var isEmpty: Bool { levels[0].texts.isEmpty }
    func hasNames(_ level: Int) -> Bool { levels[level].longestName > 0 }

    /// Has the texts ready as they stand so deep.
    mutating func prepare(_ level: Int) {
        while levels.count <= level {
            let deeper = levels[levels.count - 1].texts.values.joined().map { text in
                var text = text
                text.bytes = PersonalScan.escaped(text.bytes)
                return text
            }
            levels.append(Level(deeper))
        }
    }

    /// The one that is the whole of a value.
    func match(of value: UnsafeBufferPointer<UInt8>, _ level: Int) -> Text? {
        guard value.count <= levels[level].longest else { return nil }
        return levels[level].texts[Self.hash(value)]?.first { Self.isEqual($0.bytes, value) }
    }

    /// The longest name that begins at a place of a value, and does not fill it.
    /// - Parameter isEnd: Whether a word can end before a place.
    func name(
        at place: Int, of value: UnsafeBufferPointer<UInt8>, _ level: Int, where isEnd: (Int) -> Bool
    ) -> (end: Int, person: String)? {
        let level = levels[level]
        var longest: (end: Int, person: String)?
        var hash = FNVHash()
        for end in (place + 1)..<(min(value.count, place + level.longestName) + 1) {
            hash.add(value[end - 1])
            guard level.nameLengths.contains(end - place), end - place < value.count, isEnd(end) else { continue }
            let words = UnsafeBufferPointer(rebasing: value[place..<end])
            let name = level.texts[hash.value]?.first { $0.named != nil && Self.isEqual($0.bytes, words) }
            if let person = name?.named { longest = (end, person) }
        }
        return longest
    }

    private static func isEqual(_ text: [UInt8], _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == value.count, let start = value.baseAddress else { return false }
        return text.withUnsafeBytes { memcmp($0.baseAddress!, start, text.count) == 0 }
    }

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = FNVHash()
        for byte in bytes { hash.add(byte) }
        return hash.value
    }
}

/// FNV-1a, 64 bits, a byte at a time (G. Fowler, L. C. Noll, K.-P. Vo).
struct FNVHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
