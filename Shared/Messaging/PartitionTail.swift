import Foundation

/// The last messages of a partition that this process has published, for readers in the same process: they need not ask
/// the database for each. What is not here any more, or came from elsewhere, they find there.
final class PartitionTail: @unchecked Sendable {  // everything mutable under `lock` only
    enum Found {
        case messages([Message])
        /// There is nothing from that offset on, as far as is known.
        case nothing
        /// The database has to be asked.
        case unknown
    }

    /// How many messages are kept, and how many bytes of bodies.
    private static let countLimit = 500
    private static let byteLimit = 512 * 1024
    /// How many batches may wait for one before them.
    private static let aheadLimit = 64

    private let lock = NSLock()
    /// Without gaps, up to `end`.
    private var messages: [Message] = []
    private var bytes = 0
    /// From where on everything has come through here, though it may have been let go.
    private var start: Int64 = 0
    /// The offset of the next message; `nil` before the first was seen.
    private var end: Int64?
    /// Batches that were committed, by their first offsets, while those before them have not come here yet.
    private var ahead: [Int64: [Message]] = [:]
    private var readers: [ObjectIdentifier: Signal] = [:]

    /// - Parameter signal: Given whenever there may be something new.
    func join(_ signal: Signal) { lock.withLock { readers[ObjectIdentifier(signal)] = signal } }

    func leave(_ signal: Signal) { lock.withLock { _ = readers.removeValue(forKey: ObjectIdentifier(signal)) } }

    /// Adds messages that are durable, in the order of their offsets, without gaps.
    func add(_ batch: [Message]) {
        guard let first = batch.first else { return }
        let waiting = lock.withLock {
            // Offsets that are given again: the table was put back to what it was before.
            if end.map({ first.offset < $0 && first.offset >= start }) ?? true { restart(at: first.offset) }
            if let end, first.offset >= end { ahead[first.offset] = batch }
            if ahead.count > Self.aheadLimit, let least = ahead.keys.min() { restart(at: least) }
            takeAhead()
            return readers.values
        }
        waiting.forEach { $0.notify() }
    }

    func read(from offset: Int64, max: Int) -> Found {
        lock.withLock {
            guard let end else { return .unknown }
            if offset == end { return .nothing }
            guard let first = messages.first?.offset, offset >= first, offset < end else { return .unknown }
            return .messages(Array(messages[Int(offset - first)...].prefix(max)))
        }
    }

    /// The database has given everything up to `offset`, or has nothing from there on.
    func noteRead(upTo offset: Int64, isEmpty: Bool) {
        lock.withLock {
            guard end.map({ offset > $0 && !isEmpty }) ?? true else { return }
            restart(at: offset)
            takeAhead()
        }
    }

    func forget() {
        lock.withLock {
            restart(at: 0)
            ahead = [:]
            end = nil
        }
    }

    private func restart(at offset: Int64) {
        messages = []
        bytes = 0
        start = offset
        end = offset
        ahead = ahead.filter { $0.key >= offset }
    }

    private func takeAhead() {
        while let next = end, let batch = ahead.removeValue(forKey: next) {
            messages += batch
            bytes += batch.reduce(0) { $0 + $1.body.utf8.count }
            end = next + Int64(batch.count)
        }
        guard messages.count > Self.countLimit || bytes > Self.byteLimit else { return }
        // Half of it at once: an array gives its first elements back by moving all others.
        let excess = messages.count - Self.countLimit / 2
        var dropped = 0
        while dropped < messages.count, dropped < excess || bytes > Self.byteLimit / 2 {
            bytes -= messages[dropped].body.utf8.count
            dropped += 1
        }
        messages.removeFirst(dropped)
    }
}
