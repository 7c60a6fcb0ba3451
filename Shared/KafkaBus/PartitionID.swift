import CLibRDKafka

/// A partition as the broker calls it, prefix included.
struct PartitionID: Hashable, Sendable, CustomStringConvertible {
    let topic: String
    let partition: Int32

    var description: String { "\(topic)/\(partition)" }

    static func all(in list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> [PartitionID] {
        (0..<Int(list.pointee.cnt)).map { index in
            let entry = list.pointee.elems[index]
            return PartitionID(topic: String(cString: entry.topic), partition: entry.partition)
        }
    }
}

/// Calls `body` with a C list of partitions and their offsets, which is gone when it returns: a list that
/// outlives its client blocks the client's end for ever.
func withPartitionList<T>(
    _ entries: [(PartitionID, offset: Int64)],
    _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws -> T
) rethrows -> T {
    let list = rd_kafka_topic_partition_list_new(Int32(entries.count))!
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for (id, offset) in entries {
        rd_kafka_topic_partition_list_add(list, id.topic, id.partition).pointee.offset = offset
    }
    return try body(list)
}
