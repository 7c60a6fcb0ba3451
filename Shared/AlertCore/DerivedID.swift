import Crypto

/// Ids that follow from what they belong to: a step that is repeated after a crash arrives at the same id, and
/// so does its work once.
public enum DerivedID {
    /// A UUID (RFC 9562, version 8) from SHA-256 over the parts, each preceded by its length in bytes.
    public static func uuid(_ parts: String...) -> String {
        uuid(version: 8, from: Array(digest(parts).prefix(16)))
    }

    /// A UUID whose first 48 bits are the time, so that ids made one after the other lie together in an index
    /// (RFC 9562, version 7).
    /// - Parameter chance: At least 10 random bytes.
    public static func timeOrdered(at now: Timestamp, chance: [UInt8]) -> String {
        let time = withUnsafeBytes(of: now.milliseconds.bigEndian) { Array($0.suffix(6)) }
        return uuid(version: 7, from: time + chance.prefix(10))
    }

    /// A UUID of version 7 that says in which generation of partitions it was made (see ``PartitionSchedule``): in the
    /// 12 bits behind the time, which the standard leaves free.
    /// - Parameters:
    ///   - generation: 0 to 4095.
    ///   - chance: At least 8 random bytes.
    public static func stamped(at now: Timestamp, generation: Int, chance: [UInt8]) -> String {
        let time = withUnsafeBytes(of: now.milliseconds.bigEndian) { Array($0.suffix(6)) }
        return stamped(time: time, generation: generation, rest: chance)
    }

    /// An id that follows from `parts`, with the time and the generation of another one.
    /// - Parameter other: Of version 7.
    /// - Returns: `nil` when `other` has no time.
    public static func stamped(like other: String, generation: Int, _ parts: String...) -> String? {
        guard let bytes = bytes(of: other), bytes[6] >> 4 == 7 else { return nil }
        return stamped(time: Array(bytes.prefix(6)), generation: generation, rest: digest(parts))
    }

    /// An id that follows from `parts`, and says a time and a generation.
    /// - Parameter generation: 0 to 4095.
    public static func stamped(at moment: Timestamp, generation: Int, _ parts: String...) -> String {
        let time = withUnsafeBytes(of: moment.milliseconds.bigEndian) { Array($0.suffix(6)) }
        return stamped(time: time, generation: generation, rest: digest(parts))
    }

    /// An id that follows from `parts`, with the time and the generation of what it belongs to where that has one: so
    /// both are known to be of one month.
    public static func beside(_ other: String, _ parts: String...) -> String {
        guard let generation = generation(of: other), let bytes = bytes(of: other) else {
            return uuid(version: 8, from: Array(digest(parts).prefix(16)))
        }
        return stamped(time: Array(bytes.prefix(6)), generation: generation, rest: digest(parts))
    }

    /// The time that an id of version 7 says; `nil` for an id without one.
    public static func time(of id: String) -> Timestamp? {
        guard let bytes = bytes(of: id), bytes[6] >> 4 == 7 else { return nil }
        return Timestamp(milliseconds: bytes.prefix(6).reduce(0) { $0 << 8 | Int64($1) })
    }

    /// The generation that a stamped id says; `nil` for an id without one. An id of version 7 that was not stamped
    /// says something at random.
    public static func generation(of id: String) -> Int? {
        guard let bytes = bytes(of: id), bytes[6] >> 4 == 7 else { return nil }
        return Int(bytes[6] & 0x0f) << 8 | Int(bytes[7])
    }

    private static func stamped(time: [UInt8], generation: Int, rest: [UInt8]) -> String {
        precondition(0...4095 ~= generation)
        return uuid(version: 7, from: time + [UInt8(generation >> 8), UInt8(generation & 0xff)] + rest.prefix(8))
    }

    private static func digest(_ parts: [String]) -> [UInt8] {
        var hasher = SHA256()
        for var part in parts {
            hasher.update(data: Array("\(part.utf8.count):".utf8))
            part.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        return Array(hasher.finalize())
    }

    /// `nil` for what is no UUID in its usual form.
    private static func bytes(of id: String) -> [UInt8]? {
        guard id.utf8.count == 36 else { return nil }
        var digits: [UInt8] = []
        for (index, character) in id.utf8.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(character - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(character - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func uuid(version: UInt8, from bytes: [UInt8]) -> String {
        precondition(bytes.count == 16)
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0f | version << 4
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
