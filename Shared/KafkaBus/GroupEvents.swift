import CLibRDKafka
import Foundation
import Logging

/// What the group has told a consumer, in its order, for the membership's thread to act upon. librdkafka
/// waits with its next step until it has been given its assignment; nothing says that this has to happen
/// within the callback.
final class GroupEvents: KafkaObserver, @unchecked Sendable {  // All mutable state is under `lock`.
    enum Event {
        case assigned([PartitionID])
        case revoked([PartitionID])
        /// When one is back, it may have lost the ends of its logs.
        case lostAllBrokers
        /// The client can do nothing any more.
        case failed(KafkaError)
    }

    let logger: Logger
    private let lock = NSLock()
    private var events: [Event] = []
    private var isLeaving = false

    init(logger: Logger) { self.logger = logger }

    func take() -> [Event] {
        lock.withLock {
            defer { events = [] }
            return events
        }
    }

    /// From now on nobody takes events: what the group wants back, it gets at once.
    func leave() { lock.withLock { isLeaving = true } }

    func lostAllBrokers() { lock.withLock { events.append(.lostAllBrokers) } }

    func failed(fatally error: KafkaError) {
        let code = error.code == .fenced ? error.code : .refused
        lock.withLock { events.append(.failed(KafkaError(code, error.detail))) }
    }

    func rebalanced(_ client: OpaquePointer, _ event: rd_kafka_resp_err_t, _ partitions: [PartitionID]) {
        let isAssignment = event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
        let isLeaving = lock.withLock {
            if !self.isLeaving { events.append(isAssignment ? .assigned(partitions) : .revoked(partitions)) }
            return self.isLeaving
        }
        if isLeaving { rd_kafka_assign(client, nil) }
    }
}
