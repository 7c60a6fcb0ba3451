import CLibRDKafka
import Messaging

extension MessageMark {
    /// - Returns: `nil` when it has no time, as from brokers before Kafka 0.10.
    init?(_ message: UnsafePointer<rd_kafka_message_t>) {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &type)
        guard type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE, time > 0 else { return nil }
        self.init(offset: message.pointee.offset, time: time)
    }
}
