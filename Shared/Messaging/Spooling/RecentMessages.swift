import Foundation

/// What this process has published last, and what a broker may lose or keep to itself when it goes away: kept for some
/// seconds, to be sent again.
final class RecentMessages: @unchecked Sendable {  // everything mutable under `lock` only
    /// Longer than it takes a group to notice a loss.
    static let age = Duration.seconds(60)
    private static let countLimit = 20_000
    private static let bytesLimit = 16_777_216

    struct Sent: Sendable {
        let topic: Topic
        /// `<topic>/<number>`.
        let partition: String
        let message: OutgoingMessage
        fileprivate let at: ContinuousClock.Instant
        fileprivate let bytes: Int
    }

    private let lock = NSLock()
    private var sent: [Sent] = []
    private var first = 0
    private var bytes = 0

    /// - Parameter partition: Of a message.
    func add(_ messages: [OutgoingMessage], to topic: Topic, partition: (OutgoingMessage) -> String) {
        let now = ContinuousClock.now
        let new = messages.map { message in
            Sent(
                topic: topic, partition: partition(message), message: message, at: now,
                bytes: message.key.utf8.count + message.body.utf8.count)
        }
        lock.withLock {
            sent += new
            bytes += new.reduce(0) { $0 + $1.bytes }
            while first < sent.count,
                bytes > Self.bytesLimit || sent.count - first > Self.countLimit || sent[first].at < now - Self.age
            {
                bytes -= sent[first].bytes
                first += 1
            }
            if first > sent.count / 2 {
                sent.removeFirst(first)
                first = 0
            }
        }
    }

    /// What is there, in its order; it is gone afterwards.
    /// - Parameter partitions: `nil` for all.
    func take(of partitions: Set<String>? = nil) -> [Sent] {
        lock.withLock {
            let all = sent[first...]
            let taken = all.filter { partitions?.contains($0.partition) ?? true }
            sent = all.filter { !(partitions?.contains($0.partition) ?? true) }
            first = 0
            bytes = sent.reduce(0) { $0 + $1.bytes }
            return taken
        }
    }
}
