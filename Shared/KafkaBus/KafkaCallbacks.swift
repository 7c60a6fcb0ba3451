import CLibRDKafka
import Logging

// What C calls. Everything here is nonisolated and in a file of its own: a closure that C calls must not
// inherit an actor.

/// Who hears what librdkafka has to say outside of answers. Called on its threads or on the one that polls.
protocol KafkaObserver: AnyObject, Sendable {
    var logger: Logger { get }
    /// The client can do nothing any more and has to be made anew.
    func failed(fatally error: KafkaError)
    /// No broker is connected any more. Said again, perhaps, while they stay away.
    func lostAllBrokers()
    /// The group has given partitions, or wants them back. Only consumers hear this.
    func rebalanced(_ client: OpaquePointer, _ event: rd_kafka_resp_err_t, _ partitions: [PartitionID])
}

func installCallbacks(on configuration: OpaquePointer, for type: rd_kafka_type_t) {
    rd_kafka_conf_set_log_cb(configuration, log)
    rd_kafka_conf_set_error_cb(configuration, reportError)
    if type == RD_KAFKA_PRODUCER {
        rd_kafka_conf_set_dr_msg_cb(configuration, reportDelivery)
    } else {
        rd_kafka_conf_set_rebalance_cb(configuration, reportRebalance)
        installFetchPacing(on: configuration)
    }
}

private func observer(_ opaque: UnsafeMutableRawPointer) -> any KafkaObserver {
    Unmanaged<ObserverBox>.fromOpaque(opaque).takeUnretainedValue().observer
}

/// C keeps one pointer; an existential is more than that.
final class ObserverBox: Sendable {
    let observer: any KafkaObserver
    init(_ observer: any KafkaObserver) { self.observer = observer }
}

private func log(
    _ client: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?, _ line: UnsafePointer<CChar>?
) {
    guard let client, let opaque = rd_kafka_opaque(client), let line else { return }
    // Its "error" is a connection that it goes on to repair; what cannot be repaired arrives as an error.
    let ours: Logger.Level = level <= 2 ? .critical : level <= 4 ? .warning : level <= 6 ? .info : .debug
    observer(opaque).logger.log(
        level: ours, "\(String(cString: line))",
        metadata: ["facility": "\(facility.map { String(cString: $0) } ?? "")"])
}

private func reportError(
    _ client: OpaquePointer?, _ code: Int32, _ detail: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let opaque else { return }
    switch rd_kafka_resp_err_t(code) {
    case RD_KAFKA_RESP_ERR__FATAL: observer(opaque).failed(fatally: .fatal(client))
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: observer(opaque).lostAllBrokers()
    default: break  // For our information only, and in the log already.
    }
}

private func reportDelivery(
    _ client: OpaquePointer?, _ message: UnsafePointer<rd_kafka_message_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let message = message?.pointee, let delivery = message._private else { return }
    Unmanaged<Delivery>.fromOpaque(delivery).takeRetainedValue().report(message.err)
}

private func reportRebalance(
    _ client: OpaquePointer?, _ event: rd_kafka_resp_err_t,
    _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let opaque else { return }
    observer(opaque).rebalanced(client, event, partitions.map(PartitionID.all) ?? [])
}

/// A queue of librdkafka's that says when it was empty and no longer is.
///
/// Its owner calls ``close()`` before the client is destroyed, or that blocks for ever.
final class EventQueue: @unchecked Sendable {  // rd_kafka_queue_t is thread-safe; the rest is immutable.
    let queue: OpaquePointer
    private let wake: Unmanaged<Wake>

    final class Wake: Sendable {
        let call: @Sendable () -> Void
        init(_ call: @escaping @Sendable () -> Void) { self.call = call }
    }

    /// - Parameter onEvent: Called on librdkafka's threads under its locks: it must not call librdkafka.
    init(_ queue: OpaquePointer, onEvent: @escaping @Sendable () -> Void) {
        self.queue = queue
        wake = Unmanaged.passRetained(Wake(onEvent))
        rd_kafka_queue_cb_event_enable(
            queue, { _, opaque in Unmanaged<Wake>.fromOpaque(opaque!).takeUnretainedValue().call() },
            wake.toOpaque())
    }

    func close() {
        // Takes the queue's lock, so that no call is under way afterwards and none will come.
        rd_kafka_queue_cb_event_enable(queue, nil, nil)
        wake.release()
        rd_kafka_queue_destroy(queue)
    }
}
