/// Some of the events of one block of the audit index: one bit each.
struct AuditBlock: Equatable {
    /// Events of a block.
    static let size = 4096
    static let none = AuditBlock(repeating: 0)
    static let all = AuditBlock(repeating: .max)

    private var words: [UInt64]

    private init(repeating word: UInt64) { words = Array(repeating: word, count: Self.size / 64) }

    /// Those of a list as the database has it: of each event its place in the block, in two characters.
    init(list: String) {
        self.init(repeating: 0)
        var high: UInt8?
        for character in list.utf8 {
            guard let first = high else {
                high = character
                continue
            }
            insert(Int(Self.value(first)) << 6 | Int(Self.value(character)))
            high = nil
        }
    }

    /// The events from one place up to, and without, another.
    init(places: Range<Int>) {
        self.init(repeating: 0)
        for word in words.indices {
            let (start, end) = (max(places.lowerBound - word * 64, 0), min(places.upperBound - word * 64, 64))
            guard start < end else { continue }
            let upTo: UInt64 = end == 64 ? .max : 1 << UInt64(end) - 1
            words[word] = upTo & ~(1 << UInt64(start) - 1)
        }
    }

    /// Two characters for a place in a block.
    static func text(of place: Int, into text: inout [UInt8]) {
        text.append(digits[place >> 6])
        text.append(digits[place & 63])
    }

    mutating func insert(_ place: Int) { words[place >> 6] |= 1 << UInt64(place & 63) }

    mutating func formIntersection(_ other: AuditBlock) {
        for word in words.indices { words[word] &= other.words[word] }
    }
    mutating func formUnion(_ other: AuditBlock) { for word in words.indices { words[word] |= other.words[word] } }
    mutating func subtract(_ other: AuditBlock) { for word in words.indices { words[word] &= ~other.words[word] } }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// As the database has it.
    var list: String {
        var text: [UInt8] = []
        for place in places { Self.text(of: place, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The places of the events, in order.
    var places: [Int] {
        var places: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                places.append(index << 6 | rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return places
    }

    /// 64 characters of one byte that no database changes.
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    private static func value(_ digit: UInt8) -> UInt8 { values[Int(digit)] }
}
