import CLibRDKafka
import Foundation
import Logging
import Messaging
import Persistence

/// One idempotent producer, from its making to its first fatal error or the end of the bus.
final class KafkaProducer: @unchecked Sendable {  // All mutable state is under `lock`.
    private let handle: KafkaHandle
    private let health: ProducerHealth
    private let logger: Logger
    private let window = PublishWindow()
    private let users = DispatchGroup()
    private let polling = DispatchGroup()
    private let lock = NSLock()
    private var topics: [String: OpaquePointer] = [:]
    /// How many partitions each of them is known to have, at least.
    private var partitionCounts: [String: Int] = [:]
    private var isClosed = false
    private var mayStopPolling = false

    /// - Parameter onInterruption: Called when what was confirmed last is in doubt.
    init(
        settings: KafkaSettings, logger: Logger, onInterruption: @escaping @Sendable () -> Void
    ) throws(KafkaError) {
        health = ProducerHealth(logger: logger, onInterruption: onInterruption)
        handle = try KafkaHandle(
            RD_KAFKA_PRODUCER, properties: settings.producerProperties, observer: health)
        self.logger = logger
        polling.enter()
        let thread = Thread { [self] in poll() }
        thread.name = "kafka-producer"
        thread.start()
    }

    /// Whether nothing can be published with this one any more.
    var isBroken: Bool { failure != nil }
    /// Why.
    var failure: KafkaError? { health.failure }

    /// Publishes `messages` in their order, and returns once all replicas in sync have them.
    func publish(
        _ messages: some Collection<OutgoingMessage>, to topic: String, placed placement: KafkaPlacement
    ) async throws {
        try await prepare(topic, partitions: placement.count)
        let cost = PublishWindow.Cost(messages: messages.count, bytes: messages.reduce(0) { $0 + $1.byteCount })
        await window.enter(cost)
        let failure = await withCheckedContinuation { continuation in
            let delivery = Delivery(of: messages.count) { [window, health] failure in
                window.leave(cost)
                if failure == nil { health.wasAnswered() }
                continuation.resume(returning: failure)
            }
            enqueue(messages, to: topic, placement, delivery)
        }
        if let failure { throw explained(failure, topic: topic) }
    }

    /// Blocks. The client is not destroyed while `body` runs.
    func withHandle<T>(_ body: (KafkaHandle) throws -> T) throws -> T {
        guard enter() else { throw KafkaError(.closed, "the bus is closed") }
        defer { users.leave() }
        let answer = try body(handle)
        health.wasAnswered()
        return answer
    }

    /// Sends what is buffered within `timeout`, gives up the rest, ends. Only the first call does anything.
    func close(sendingWithin timeout: Duration) async {
        guard beginClosing() else { return }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                end(sendingWithin: timeout)
                continuation.resume()
            }
        }
    }

    /// Gives up whatever is buffered: those who wait for it hear of it. Blocks.
    func abandon() {
        if beginClosing() { end(sendingWithin: .zero) }
    }

    private func beginClosing() -> Bool {
        lock.withLock {
            defer { isClosed = true }
            return !isClosed
        }
    }

    private func end(sendingWithin timeout: Duration) {
        users.wait()  // Whoever entered before the close is enqueuing, or asking within its own timeout.
        if rd_kafka_flush(handle.client, Int32(timeout.wholeMilliseconds)) != RD_KAFKA_RESP_ERR_NO_ERROR {
            logger.warning("messages given up", metadata: ["count": "\(rd_kafka_outq_len(handle.client))"])
        }
        rd_kafka_purge(handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        lock.withLock { mayStopPolling = true }
        guard polling.wait(timeout: .now() + 10) == .success else {
            return logger.error("the producer did not end in time and has been left behind")
        }
        for topic in lock.withLock({ topics.values }) { rd_kafka_topic_destroy(topic) }
        handle.destroy()
    }

    private func poll() {
        defer { polling.leave() }
        while !lock.withLock({ mayStopPolling }) || rd_kafka_outq_len(handle.client) > 0 {
            rd_kafka_poll(handle.client, 100)
        }
    }

    private func enter() -> Bool {
        lock.withLock {
            if !isClosed { users.enter() }
            return !isClosed
        }
    }
}

extension KafkaProducer {
    /// Has the topic's metadata fetched before the first message: without it, a first message waits for up
    /// to 1 s in librdkafka before 2.10.1. Fetched again when there are to be more partitions than were seen: the
    /// client takes nothing for a partition that it does not know of.
    private func prepare(_ name: String, partitions: Int) async throws {
        if isPrepared(name, partitions: partitions) { return }
        try await blocking { [self] in
            try withHandle { handle in
                guard let topic = rd_kafka_topic_new(handle.client, name, nil) else {
                    throw KafkaError(rd_kafka_last_error(), "topic \(name)")
                }
                var keeps = false
                defer { if !keeps { rd_kafka_topic_destroy(topic) } }
                try handle.awaitTopic(name, .one(topic), partitions: partitions, within: .seconds(5))
                keeps = keep(topic, name, partitions: partitions)
            }
        }
    }

    private func isPrepared(_ name: String, partitions: Int) -> Bool {
        lock.withLock {
            guard let known = partitionCounts[name] else { return false }
            return known >= partitions
        }
    }

    /// - Returns: Whether it was not there before.
    private func keep(_ topic: OpaquePointer, _ name: String, partitions: Int) -> Bool {
        lock.withLock {
            partitionCounts[name] = max(partitionCounts[name] ?? 0, partitions)
            if topics[name] != nil { return false }
            topics[name] = topic
            return true
        }
    }

    private func enqueue(
        _ messages: some Collection<OutgoingMessage>, to name: String, _ placement: KafkaPlacement,
        _ delivery: Delivery
    ) {
        guard enter() else {
            return delivery.report(RD_KAFKA_RESP_ERR__PURGE_QUEUE, count: messages.count)
        }
        defer { users.leave() }
        guard let topic = lock.withLock({ topics[name] }) else {
            return delivery.report(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, count: messages.count)
        }
        for (index, message) in messages.enumerated() {
            let code = enqueue(message, to: topic, placement.partition(message), delivery)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                // Those behind it must not overtake it when the caller publishes all of them again.
                return delivery.report(code, count: messages.count - index)
            }
        }
    }

    private func enqueue(
        _ message: OutgoingMessage, to topic: OpaquePointer, _ partition: Int, _ delivery: Delivery
    ) -> rd_kafka_resp_err_t {
        let opaque = Unmanaged.passRetained(delivery)
        let headers = makeHeaders(message.headers)
        let error = withBytes(of: message.key) { key in
            withBytes(of: message.body) { body in
                withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 7) { arguments in
                    arguments.initialize(repeating: rd_kafka_vu_t())
                    arguments[0].vtype = RD_KAFKA_VTYPE_RKT
                    arguments[0].u.rkt = topic
                    arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION
                    arguments[1].u.i32 = Int32(partition)
                    arguments[2].vtype = RD_KAFKA_VTYPE_KEY
                    arguments[2].u.mem.ptr = UnsafeMutableRawPointer(mutating: key.baseAddress)
                    arguments[2].u.mem.size = key.count
                    arguments[3].vtype = RD_KAFKA_VTYPE_VALUE
                    arguments[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: body.baseAddress)
                    arguments[3].u.mem.size = body.count
                    arguments[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                    arguments[4].u.i = Int32(RD_KAFKA_MSG_F_COPY)
                    arguments[5].vtype = RD_KAFKA_VTYPE_OPAQUE
                    arguments[5].u.ptr = opaque.toOpaque()
                    arguments[6].vtype = RD_KAFKA_VTYPE_HEADERS
                    arguments[6].u.headers = headers
                    return rd_kafka_produceva(handle.client, arguments.baseAddress, headers == nil ? 6 : 7)
                }
            }
        }
        guard let error else { return RD_KAFKA_RESP_ERR_NO_ERROR }
        opaque.release()
        let code = consume(error).code
        // librdkafka has freed the headers itself in this one case, and until 2.12.0 nobody was told.
        if let headers, code != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION { rd_kafka_headers_destroy(headers) }
        return code
    }

    private func explained(_ code: rd_kafka_resp_err_t, topic: String) -> KafkaError {
        if let failure = health.failure {
            return KafkaError(.producerReplaced, "publishing to \(topic): \(failure.detail)")
        }
        if lock.withLock({ isClosed }) { return KafkaError(.closed, "publishing to \(topic): the bus is closed") }
        return KafkaError(code, "publishing to \(topic): \(text(code))")
    }
}

/// Where messages go.
struct KafkaPlacement: Sendable {
    /// How many partitions the topic has, at least.
    let count: Int
    let partition: @Sendable (OutgoingMessage) -> Int
}

/// Remembers what ended a producer: its first fatal error, or that all brokers went away. In the latter case, what is
/// on its way is given up, so that its senders can put it behind what was confirmed before and may be lost; and its
/// producer id is not used again, as a broker that has lost its memory gives it to another, and takes the messages of
/// the one for repetitions of the other's (seen with noida-db 0.2.3).
final class ProducerHealth: KafkaObserver, @unchecked Sendable {  // All mutable state is under `lock`.
    let logger: Logger
    private let onInterruption: @Sendable () -> Void
    private let lock = NSLock()
    private var firstFailure: KafkaError?
    private var hasBeenAnswered = false

    init(logger: Logger, onInterruption: @escaping @Sendable () -> Void) {
        self.logger = logger
        self.onInterruption = onInterruption
    }

    var failure: KafkaError? { lock.withLock { firstFailure } }

    func wasAnswered() { lock.withLock { hasBeenAnswered = true } }

    func failed(fatally error: KafkaError) {
        lock.withLock { firstFailure = firstFailure ?? error }
    }

    func lostAllBrokers() {
        let isNews = lock.withLock {
            defer { hasBeenAnswered = false }
            guard hasBeenAnswered else { return false }
            firstFailure = firstFailure ?? KafkaError(.producerReplaced, "all brokers went away")
            return true
        }
        if isNews { onInterruption() }
    }

    func rebalanced(_: OpaquePointer, _: rd_kafka_resp_err_t, _: [PartitionID]) {}
}

extension OutgoingMessage {
    var byteCount: Int {
        headers.reduce(key.utf8.count + body.utf8.count) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }
}

private func makeHeaders(_ headers: [String: String]) -> OpaquePointer? {
    guard !headers.isEmpty else { return nil }
    let list = rd_kafka_headers_new(headers.count)!
    for (name, value) in headers {
        withBytes(of: value) { value in
            _ = rd_kafka_header_add(list, name, -1, value.baseAddress, value.count)
        }
    }
    return list
}

/// The pointer is never null: for librdkafka that would be no text instead of an empty one.
private func withBytes<T>(of text: String, _ body: (UnsafeRawBufferPointer) -> T) -> T {
    var text = text
    return text.withUTF8 { utf8 in
        if utf8.baseAddress != nil { return body(UnsafeRawBufferPointer(utf8)) }
        return withUnsafeBytes(of: 0) { body(UnsafeRawBufferPointer(start: $0.baseAddress, count: 0)) }
    }
}
