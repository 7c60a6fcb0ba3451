import CLibRDKafka
import Foundation
import Messaging

/// One partition of a membership. Its messages wait in a queue of librdkafka's that no other partition
/// shares, and which fetches no more once 50,000 messages or 8 MB are in it: that is the back-pressure.
/// (Pausing and resuming the partition does the same with several bugs in librdkafka before 2.4.0.)
final class KafkaPartitionFeed: PartitionFeed, @unchecked Sendable {  // Mutable state is under the two locks.
    /// How many bytes of bodies one batch may have before it is handed out as it is.
    static let batchBytesMax = 8_388_608

    let id: PartitionID
    let topic: Topic
    var partition: Int { Int(id.partition) }

    private let inbox: MembershipInbox
    private let lock = NSLock()
    private var state = State()
    /// Held while messages are taken from `queue`, and by nobody who holds `lock`: librdkafka calls
    /// ``wake()`` with a lock of its own queue.
    private let queueLock = NSLock()
    private var queue: EventQueue?
    private var place = LogPlace()

    private struct State {
        var isStarted = false
        var isOver = false
        var isReleased = false
        var failure: KafkaError?
        /// To be told to the reader, once.
        var cut: LogCut?
        /// There may be messages that the reader has not seen.
        var isSignalled = false
        var reader: CheckedContinuation<Void, Never>?
        /// What ``commit(next:)`` was last given, until it is sent.
        var uncommitted: Int64?
    }

    /// - Parameter client: Must outlive the feed's ``detach()``.
    init(_ id: PartitionID, of topic: Topic, client: OpaquePointer, inbox: MembershipInbox) {
        self.id = id
        self.topic = topic
        self.inbox = inbox
        let queue = rd_kafka_queue_get_partition(client, id.topic, id.partition)!
        rd_kafka_queue_forward(queue, nil)  // Out of the consumer's common queue.
        self.queue = EventQueue(queue) { [weak self] in self?.wake() }
    }

    func start(at offset: Int64) async throws { try await start(at: offset, after: nil) }

    func start(at offset: Int64, after mark: String?) async throws {
        precondition(offset >= 0, "an offset is counted from 0")
        let beginning = queueLock.withLock { place.start(at: offset, after: mark) }
        lock.withLock { state.isStarted = true }
        inbox.post(.start(self, beginning))
    }

    func mark(before offset: Int64) -> String? { queueLock.withLock { place.mark(before: offset) } }

    func next(max: Int) async throws -> [Message]? {
        precondition(max >= 1)
        while true {
            try Task.checkCancellation()
            let (isOver, failure, cut) = lock.withLock {
                state.isSignalled = false
                defer { state.cut = nil }
                return (state.isOver, state.failure, state.cut)
            }
            if let cut { throw cut }
            if let failure { throw failure }
            if isOver { return nil }
            let batch = take(max: max)
            if !batch.isEmpty { return batch }
            await withTaskCancellationHandler {
                await signal()
            } onCancel: {
                wake()
            }
        }
    }

    func commit(next offset: Int64) {
        lock.withLock { state.uncommitted = offset }
        queueLock.withLock { place.commit(next: offset) }
    }

    func release() {
        lock.withLock { state.isReleased = true }
        inbox.post(.look)
    }

    private func signal() async {
        await withCheckedContinuation { continuation in
            let isReady = lock.withLock {
                precondition(state.reader == nil, "a feed has one reader")
                if state.isSignalled || state.isOver { return true }
                state.reader = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// Called by librdkafka too, under its locks: it must not call librdkafka.
    private func wake() {
        let reader = lock.withLock {
            state.isSignalled = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }
}

// What the membership's thread does with a feed.
extension KafkaPartitionFeed {
    /// Whether nobody works on the partition any more: released, or never begun.
    var isReleased: Bool { lock.withLock { state.isReleased || !state.isStarted } }
    var isOver: Bool { lock.withLock { state.isOver } }
    var isStarted: Bool { lock.withLock { state.isStarted } }
    /// Where to fetch from next.
    var position: Int64 { queueLock.withLock { place.nextOffset } }

    /// The broker may not be what it was: what was handed out last has to come again before anything else.
    /// - Returns: Its offset, or where to go on when nothing was handed out yet.
    func doubtWhatIsNext() -> Int64 { queueLock.withLock { place.doubt() } }

    /// Called before the first fetch, and when the log has turned out not to have what was to be fetched.
    /// - Parameter cut: The log ends before where the reader is: what comes has the offsets from its end on.
    func begin(at offset: Int64, after cut: LogCut? = nil) {
        queueLock.withLock { place.begin(at: offset, isCut: cut != nil) }
        guard let cut else { return }
        lock.withLock { state.cut = cut }
        wake()
    }

    /// From here on the queue has what was asked for last.
    func goOn() {
        queueLock.withLock { place.goOn() }
        wake()
    }

    /// The partition is no longer ours: the reader gets `nil`, or `failure`.
    func end(_ failure: KafkaError? = nil) {
        lock.withLock {
            state.isOver = true
            state.failure = state.failure ?? failure
        }
        wake()
    }

    func takeUncommitted() -> Int64? {
        lock.withLock {
            defer { state.uncommitted = nil }
            return state.uncommitted
        }
    }

    /// Lets go of the queue and of all messages in it, which would block the end of the client.
    func detach() {
        queueLock.withLock {
            guard let queue else { return }
            while let message = rd_kafka_consume_queue(queue.queue, 0) { rd_kafka_message_destroy(message) }
            queue.close()
            self.queue = nil
        }
    }
}

// From C to Swift.
extension KafkaPartitionFeed {
    /// What is in the queue now, up to `max`. Never waits.
    ///
    /// One message after the other: the batch functions skip offsets in librdkafka before 2.1.0.
    private func take(max: Int) -> [Message] {
        queueLock.withLock {
            var batch: [Message] = []
            var bytes = 0
            guard let queue, !place.isHeld else { return batch }
            while batch.count < max, bytes < Self.batchBytesMax,
                let pointer = rd_kafka_consume_queue(queue.queue, 0)
            {
                defer { rd_kafka_message_destroy(pointer) }
                let raw = pointer.pointee
                guard raw.err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET else {
                    // The log does not have what we ask for: begin anew where it goes on, or ends.
                    inbox.post(.start(self, place.missed()))
                    break
                }
                guard raw.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                    inbox.post(.report(self, KafkaError(raw.err, readDetail(of: pointer))))
                    continue
                }
                switch place.take(raw.offset, MessageMark(pointer)) {
                case .passedOver: continue
                case .otherLog(let cut):
                    readAgain(from: cut)
                    return batch
                case .wanted: break
                }
                bytes += raw.len
                batch.append(Message(pointer))
            }
            return batch
        }
    }

    private func readAgain(from cut: LogCut) {
        lock.withLock { state.cut = cut }
        inbox.post(.start(self, cut.end))
        wake()
    }

    private func readDetail(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> String {
        rd_kafka_message_errstr(message).map { String(cString: $0) } ?? text(message.pointee.err)
    }
}

extension Message {
    /// Copies what librdkafka has; bytes that are no UTF-8 are replaced, a missing key or body is empty.
    fileprivate init(_ pointer: UnsafeMutablePointer<rd_kafka_message_t>) {
        let raw = pointer.pointee
        self.init(
            offset: raw.offset,
            key: decoded(raw.key, raw.key_len),
            body: decoded(raw.payload, raw.len),
            headers: readHeaders(of: pointer))
    }
}

private func decoded(_ bytes: UnsafeRawPointer?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count), as: UTF8.self)
}

/// Where a name occurs more than once, the last one counts.
private func readHeaders(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> [String: String] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [:] }
    var headers: [String: String] = [:]
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    for index in 0..<rd_kafka_header_cnt(list) {
        guard rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name
        else { break }
        headers[String(cString: name)] = decoded(value, size)
    }
    return headers
}
