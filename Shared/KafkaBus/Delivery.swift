import CLibRDKafka
import Foundation

/// What one call waits for: the broker's word on each of its messages. Resumes the caller once, at the end.
final class Delivery: @unchecked Sendable {  // All mutable state is under `lock`.
    private let lock = NSLock()
    private var outstanding: Int
    private var failure: rd_kafka_resp_err_t?
    private let finish: @Sendable (rd_kafka_resp_err_t?) -> Void

    /// - Parameter finish: Called once with the first failure, on the thread of the last report.
    init(of count: Int, finish: @escaping @Sendable (rd_kafka_resp_err_t?) -> Void) {
        precondition(count >= 1)
        outstanding = count
        self.finish = finish
    }

    func report(_ result: rd_kafka_resp_err_t, count: Int = 1) {
        let (isDone, failure) = lock.withLock {
            outstanding -= count
            if result != RD_KAFKA_RESP_ERR_NO_ERROR, self.failure == nil { self.failure = result }
            return (outstanding == 0, self.failure)
        }
        if isDone { finish(failure) }
    }
}

/// Bounds what is on its way to the broker. Whoever finds it full waits in line.
final class PublishWindow: @unchecked Sendable {  // All mutable state is under `lock`.
    static let messagesMax = 20_000
    static let bytesMax = 33_554_432

    struct Cost: Sendable {
        var messages = 0
        var bytes = 0
    }

    private let lock = NSLock()
    private var used = Cost()
    private var line: [(cost: Cost, enter: CheckedContinuation<Void, Never>)] = []

    func enter(_ cost: Cost) async {
        await withCheckedContinuation { continuation in
            let canEnter = lock.withLock {
                guard line.isEmpty, hasRoom(for: cost) else {
                    line.append((cost, continuation))
                    return false
                }
                add(cost)
                return true
            }
            if canEnter { continuation.resume() }
        }
    }

    func leave(_ cost: Cost) {
        let entering = lock.withLock {
            used.messages -= cost.messages
            used.bytes -= cost.bytes
            var entering: [CheckedContinuation<Void, Never>] = []
            while let first = line.first, hasRoom(for: first.cost) {
                add(first.cost)
                entering.append(first.enter)
                line.removeFirst()
            }
            return entering
        }
        for continuation in entering { continuation.resume() }
    }

    /// An empty window takes anything, so that one message larger than all of it does not wait for ever.
    private func hasRoom(for cost: Cost) -> Bool {
        used.messages == 0
            || used.messages + cost.messages <= Self.messagesMax && used.bytes + cost.bytes <= Self.bytesMax
    }

    private func add(_ cost: Cost) {
        used.messages += cost.messages
        used.bytes += cost.bytes
    }
}
