import CLibRDKafka
import Messaging

/// Why Kafka did not do what it was asked. Callers switch on ``code``; people read the rest.
public struct KafkaError: Error, Equatable, CustomStringConvertible {
    public enum Code: Equatable, Sendable {
        /// No broker answered, or none confirmed the messages in time. They **may have been published**.
        case unavailable
        /// The producer broke and has been replaced. The messages **may have been published**.
        case producerReplaced
        /// A message is larger than the broker or ``KafkaSettings/messageBytesMax`` allows.
        case messageTooLarge
        /// Another process has taken this member's place: it runs with the same instance id.
        case fenced
        /// The broker refused what was asked, such as for want of a permission.
        case refused
        /// A setting or a topic is not as it has to be.
        case misconfigured
        /// The bus or the subscription was closed before.
        case closed
    }

    public let code: Code
    public let detail: String

    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// Whether doing the same again can succeed.
    public var isRetryable: Bool { code == .unavailable || code == .producerReplaced }
    public var description: String { "kafka \(code): \(detail)" }
}

// From what librdkafka says.
extension KafkaError {
    init(_ code: rd_kafka_resp_err_t, _ detail: String? = nil) {
        self.init(Self.code(of: code), detail ?? text(code))
    }

    /// Why `client` can do nothing any more.
    static func fatal(_ client: OpaquePointer) -> KafkaError {
        var reason = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(client, &reason, reason.count)
        return KafkaError(code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ? .fenced : .producerReplaced, text(reason))
    }

    private static func code(of code: rd_kafka_resp_err_t) -> Code {
        switch code {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
            .messageTooLarge
        case RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR__INCONSISTENT:
            .producerReplaced
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            .fenced
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
            RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
            .misconfigured
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_INVALID_RECORD:
            .refused
        default:
            .unavailable  // Timeouts, lost connections, elections: the broker's day may yet improve.
        }
    }
}

extension KafkaError: FatalError {
    /// Another member has this one's name: it will not get its place back.
    public var isFatal: Bool { code == .fenced }
}

extension KafkaError: OutageError {
    public var isOutage: Bool { isRetryable }
}
