import CLibRDKafka
import Foundation

/// What the cluster says of one topic.
struct TopicDescription: Sendable {
    let name: String
    /// How many partitions it has, and how many of these have a leader now.
    let partitionCount: Int
    let ledCount: Int
    let failure: rd_kafka_resp_err_t
}

// Questions to the cluster. All of them block.
extension KafkaHandle {
    enum Scope {
        /// Those that this client uses: no others are looked up, none is created.
        case known
        case all
        case one(OpaquePointer)
    }

    /// - Returns: `nil` when no broker has answered in time.
    func describeTopics(_ scope: Scope, within timeout: Duration) throws(KafkaError) -> [TopicDescription]? {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let milliseconds = Int32(timeout.wholeMilliseconds)
        let code =
            switch scope {
            case .known: rd_kafka_metadata(client, 0, nil, &metadata, milliseconds)
            case .all: rd_kafka_metadata(client, 1, nil, &metadata, milliseconds)
            case .one(let topic): rd_kafka_metadata(client, 0, topic, &metadata, milliseconds)
            }
        guard let metadata, code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let error = KafkaError(code)
            guard error.isRetryable else { throw error }
            return nil
        }
        defer { rd_kafka_metadata_destroy(metadata) }
        return (0..<Int(metadata.pointee.topic_cnt)).map { index in
            let topic = metadata.pointee.topics[index]
            let led = (0..<Int(topic.partition_cnt)).count { topic.partitions[$0].leader >= 0 }
            return TopicDescription(
                name: String(cString: topic.topic), partitionCount: Int(topic.partition_cnt), ledCount: led,
                failure: topic.err)
        }
    }

    /// Asks for `name` to be created, and finds it all right if it is there.
    func createTopic(_ name: String, partitions: Int, replicas: Int, within timeout: Duration) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        guard let topic = rd_kafka_NewTopic_new(name, Int32(partitions), Int32(replicas), &reason, reason.count)
        else { throw KafkaError(.misconfigured, text(reason)) }
        defer { rd_kafka_NewTopic_destroy(topic) }
        let options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = Int32(timeout.wholeMilliseconds)
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &reason, reason.count)
        rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, &reason, reason.count)
        let queue = rd_kafka_queue_new(client)!
        defer { rd_kafka_queue_destroy(queue) }
        var topics: [OpaquePointer?] = [topic]
        rd_kafka_CreateTopics(client, &topics, 1, options, queue)
        // Answers within the request's timeout in any case; the handle must not go before that.
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 5000) else {
            throw KafkaError(.unavailable, "no answer to the creation of topic \(name)")
        }
        defer { rd_kafka_event_destroy(event) }
        try check(event, creating: name)
    }

    /// Asks for `name` to have `count` partitions.
    func createPartitions(_ name: String, upTo count: Int, within timeout: Duration) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        guard let wish = rd_kafka_NewPartitions_new(name, count, &reason, reason.count) else {
            throw KafkaError(.misconfigured, text(reason))
        }
        defer { rd_kafka_NewPartitions_destroy(wish) }
        let options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = Int32(timeout.wholeMilliseconds)
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &reason, reason.count)
        rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, &reason, reason.count)
        let queue = rd_kafka_queue_new(client)!
        defer { rd_kafka_queue_destroy(queue) }
        var wishes: [OpaquePointer?] = [wish]
        rd_kafka_CreatePartitions(client, &wishes, 1, options, queue)
        // Answers within the request's timeout in any case; the handle must not go before that.
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 5000) else {
            throw KafkaError(.unavailable, "no answer to the wish for more partitions of topic \(name)")
        }
        defer { rd_kafka_event_destroy(event) }
        try check(event, addingTo: name)
    }

    private func check(_ event: OpaquePointer, addingTo name: String) throws(KafkaError) {
        let failed = rd_kafka_event_error(event)
        guard failed == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(failed, "topic \(name): \(String(cString: rd_kafka_event_error_string(event)))")
        }
        var count = 0
        let result = rd_kafka_event_CreatePartitions_result(event)
        guard let results = rd_kafka_CreatePartitions_result_topics(result, &count) else { return }
        for index in 0..<count {
            let code = rd_kafka_topic_result_error(results[index])
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { continue }
            let detail = rd_kafka_topic_result_error_string(results[index]).map { String(cString: $0) }
            throw KafkaError(code, "topic \(name): \(detail ?? text(code))")
        }
    }

    private func check(_ event: OpaquePointer, creating name: String) throws(KafkaError) {
        let failed = rd_kafka_event_error(event)
        guard failed == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(failed, "topic \(name): \(String(cString: rd_kafka_event_error_string(event)))")
        }
        var count = 0
        guard let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        else { return }
        for index in 0..<count {
            let code = rd_kafka_topic_result_error(results[index])
            if code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { continue }
            let detail = rd_kafka_topic_result_error_string(results[index]).map { String(cString: $0) }
            throw KafkaError(code, "topic \(name): \(detail ?? text(code))")
        }
    }
}

extension KafkaHandle {
    /// Returns once `name` has its partitions and each has a leader. Blocks.
    /// - Throws: What is still missing at the end of `timeout`; at once when there are too few partitions.
    func awaitTopic(_ name: String, _ scope: Scope, partitions: Int, within timeout: Duration) throws(KafkaError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let left = deadline - .now
            let topic = try describeTopics(scope, within: max(left, .milliseconds(100)))?.first { $0.name == name }
            if let topic, topic.failure == RD_KAFKA_RESP_ERR_NO_ERROR, topic.partitionCount > 0 {
                guard topic.partitionCount >= partitions else {
                    throw KafkaError(
                        .misconfigured,
                        "topic \(name) has \(topic.partitionCount) partitions; there have to be \(partitions)")
                }
                if topic.ledCount == topic.partitionCount { return }
            }
            guard ContinuousClock.now < deadline else { throw missing(name, topic, timeout) }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    private func missing(_ name: String, _ topic: TopicDescription?, _ timeout: Duration) -> KafkaError {
        guard let topic else {
            return KafkaError(.unavailable, "no broker has described topic \(name) within \(timeout)")
        }
        guard topic.failure == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return KafkaError(topic.failure, "topic \(name): \(text(topic.failure))")
        }
        return KafkaError(
            .unavailable, "topic \(name): \(topic.ledCount) of \(topic.partitionCount) partitions have a leader")
    }
}
