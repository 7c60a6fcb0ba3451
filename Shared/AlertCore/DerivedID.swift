import Crypto

/// Ids that follow from what they belong to: a step that is repeated after a crash arrives at the same id, and
/// so does its work once.
public enum DerivedID {
    /// A UUID (RFC 9562, version 8) from SHA-256 over the parts, each preceded by its length in bytes.
    public static func uuid(_ parts: String...) -> String {
        var hasher = SHA256()
        for var part in parts {
            hasher.update(data: Array("\(part.utf8.count):".utf8))
            part.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        return uuid(version: 8, from: Array(hasher.finalize().prefix(16)))
    }

    /// A UUID whose first 48 bits are the time, so that ids made one after the other lie together in an index
    /// (RFC 9562, version 7).
    /// - Parameter chance: At least 10 random bytes.
    public static func timeOrdered(at now: Timestamp, chance: [UInt8]) -> String {
        let time = withUnsafeBytes(of: now.milliseconds.bigEndian) { Array($0.suffix(6)) }
        return uuid(version: 7, from: time + chance.prefix(10))
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
