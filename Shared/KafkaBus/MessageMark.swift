import CLibRDKafka

/// By what a message is known again: its offset and its time, which is the producer's or the broker's. A message that got
/// the offset of a lost one is younger.
struct MessageMark: Equatable {
    let offset: Int64
    /// In milliseconds since 1970.
    let time: Int64

    var text: String { "\(offset)@\(time)" }

    init?(_ text: String) {
        let parts = text.split(separator: "@")
        guard parts.count == 2, let offset = Int64(parts[0]), offset >= 0, let time = Int64(parts[1]) else {
            return nil
        }
        (self.offset, self.time) = (offset, time)
    }

    /// - Returns: `nil` when it has no time, as from brokers before Kafka 0.10.
    init?(_ message: UnsafePointer<rd_kafka_message_t>) {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &type)
        guard type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE, time > 0 else { return nil }
        (offset, self.time) = (message.pointee.offset, time)
    }
}

/// The marks of the messages that were handed out and may have to be looked for, in the order of their offsets.
struct MarkTrail {
    private var marks: [MessageMark] = []
    /// Those before it are forgotten.
    private var first = 0

    var last: MessageMark? { marks.last }

    mutating func add(_ mark: MessageMark) { marks.append(mark) }

    func last(before offset: Int64) -> MessageMark? {
        let end = marks[first...].partitioningIndex { $0.offset >= offset }
        return end > first ? marks[end - 1] : nil
    }

    /// The last one before `offset` stays.
    mutating func forget(before offset: Int64) {
        let end = marks[first...].partitioningIndex { $0.offset >= offset }
        first = max(first, end - 1)
        guard first > 1000 || first > marks.count / 2 else { return }
        marks.removeFirst(first)
        first = 0
    }
}

extension ArraySlice {
    /// The first index whose element belongs to the second part, of elements in two parts.
    fileprivate func partitioningIndex(where belongsToSecond: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
