/// Which partition a key belongs to, the same in every service and on every bus, so that a log partition
/// has the number of the topic partition whose owner writes it.
public enum Partitioning {
    /// Kafka's default assignment (murmur2 of the key's UTF-8, sign bit cleared, modulo `count`), so that
    /// producers of other makes agree with ours.
    /// - Parameter count: At least 1.
    public static func partition(of key: String, count: Int) -> Int {
        precondition(count >= 1)
        return Int(murmur2(Array(key.utf8)) & 0x7fff_ffff) % count
    }

    /// MurmurHash 2 with the seed that Apache Kafka's `Utils.murmur2` uses.
    static func murmur2(_ data: [UInt8]) -> UInt32 {
        let m: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(data.count)
        var index = 0
        while index + 4 <= data.count {
            var word = UInt32(data[index]) | UInt32(data[index + 1]) << 8
            word |= UInt32(data[index + 2]) << 16 | UInt32(data[index + 3]) << 24
            word = word &* m
            word = (word ^ (word >> 24)) &* m
            hash = (hash &* m) ^ word
            index += 4
        }
        let rest = data.count - index
        if rest >= 3 { hash ^= UInt32(data[index + 2]) << 16 }
        if rest >= 2 { hash ^= UInt32(data[index + 1]) << 8 }
        if rest >= 1 { hash = (hash ^ UInt32(data[index])) &* m }
        hash = (hash ^ (hash >> 13)) &* m
        return hash ^ (hash >> 15)
    }
}
