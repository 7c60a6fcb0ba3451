import AlertCore

/// Personal texts that are looked for, found by what they are and not one after the other: events can name thousands.
struct WantedTexts {
    struct Text {
        let person: String
        let isName: Bool
        let object: [UInt8]?
        /// Escaped as at its level.
        let bytes: [UInt8]
    }

    /// The texts as they stand in JSON that is so deep in JSON.
    private struct Level {
        /// By their hashes.
        var texts: [UInt64: [Text]] = [:]
        /// Of names: how long they can be.
        var nameLengths: Set<Int> = []
        var longestName = 0
    }

    private let levels: [Level]

    /// - Parameter isPlain: Whether they are looked for in what is no JSON.
    init(_ texts: [PersonalText], levels count: Int, isPlain: Bool) {
        var levels = Array(repeating: Level(), count: count)
        var known: Set<PersonalText> = []
        for text in texts where known.insert(text).inserted && text.text.contains(where: { !$0.isWhitespace }) {
            var bytes = Array(text.text.utf8)
            if !isPlain { bytes = PersonalScan.escaped(bytes) }
            for level in levels.indices {
                if level > 0 { bytes = PersonalScan.escaped(bytes) }
                let wanted = Text(
                    person: text.person, isName: text.isName, object: text.object.map { Array($0.utf8) }, bytes: bytes)
                levels[level].texts[Self.hash(bytes[...]), default: []].append(wanted)
                guard text.isName else { continue }
                levels[level].nameLengths.insert(bytes.count)
                levels[level].longestName = max(levels[level].longestName, bytes.count)
            }
        }
        self.levels = levels
    }

    var isEmpty: Bool { levels.allSatisfy(\.texts.isEmpty) }
    func hasNames(_ level: Int) -> Bool { levels[level].longestName > 0 }

    /// Those that are the whole of a value.
    func matches(of value: Slice<UnsafeBufferPointer<UInt8>>, _ level: Int) -> [Text] {
        guard let texts = levels[level].texts[Self.hash(value)] else { return [] }
        return texts.filter { $0.bytes.elementsEqual(value) }
    }

    /// The longest name that begins at a place of a value, and does not fill it.
    /// - Parameter isEnd: Whether a word can end before a place.
    func name(
        at place: Int, of value: Slice<UnsafeBufferPointer<UInt8>>, _ level: Int, where isEnd: (Int) -> Bool
    ) -> (end: Int, person: String)? {
        let level = levels[level]
        var longest: (end: Int, person: String)?
        var hash = FNVHash()
        for end in (place + 1)..<(min(value.endIndex, place + level.longestName) + 1) {
            hash.add(value[end - 1])
            guard level.nameLengths.contains(end - place), end - place < value.count, isEnd(end) else { continue }
            let name = level.texts[hash.value]?.first { text in
                text.isName && text.bytes.count == end - place && text.bytes.elementsEqual(value[place..<end])
            }
            if let name { longest = (end, name.person) }
        }
        return longest
    }

    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
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
