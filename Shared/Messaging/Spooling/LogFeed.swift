import AlertCore
import Foundation
import Metrics
import Persistence

/// One partition of a topic that repeats a partition of the event log. Its offsets are the log's positions, which have
/// no gaps: so what the broker has lost is read from the log, what it repeats is passed over, and while there is no
/// broker, everything is read from the log.
final class LogFeed: ServedFeed, @unchecked Sendable {  // `state` under `lock` only
    /// How long the broker may bring nothing until the log is asked whether there is nothing.
    private static let idleTime = Duration.seconds(10)
    private static let hintInterval = Duration.seconds(5)
    private static let rewindLimit = 20_000

    private struct State {
        /// The next position; `nil` until the first message of a broker tells where we are.
        var next: Position?
        /// Came from the broker, behind a gap that is being filled.
        var buffer: [Message] = []
        /// Where to read at the broker after what has been handed out.
        var handedOut: Int64 = 0
        /// As far as the broker need not be read again.
        var hint: Int64 = 0
        var savedHint: Int64 = 0
        var hintedAt = ContinuousClock.now
        var lateSince: Position?
        var hasEnded = false
    }

    let topic: Topic
    let partition: Int
    let offsetsOf = "@log"

    private let inner: (any PartitionFeed)?
    private let log: LogPartition
    private let group: ConsumerGroup
    private let parts: SpoolParts
    private let onRelease: @Sendable () -> Void
    private let lock = NSLock()
    private let ended = Signal()
    private var state = State()

    /// - Parameter inner: The broker's feed.
    init(_ inner: any PartitionFeed, of category: String, for group: ConsumerGroup, parts: SpoolParts) {
        (topic, partition, self.inner) = (inner.topic, inner.partition, inner)
        log = LogPartition(category, inner.partition)
        self.group = group
        self.parts = parts
        onRelease = { inner.release() }
    }

    /// Without a broker.
    init(
        _ topic: Topic, _ partition: Int, of category: String, for group: ConsumerGroup, parts: SpoolParts,
        onRelease: @escaping @Sendable () -> Void
    ) {
        (self.topic, self.partition, inner) = (topic, partition, nil)
        log = LogPartition(category, partition)
        self.group = group
        self.parts = parts
        self.onRelease = onRelease
    }

    /// The checkpoint that the broker's offsets have; a hint beside ours.
    private var hintName: String { "\(topic.name)/\(partition)" }

    func start(at position: Position) async throws {
        let hint = try await parts.database.reading { [group, hintName] connection in
            try Checkpoint(group: group.name, partition: hintName, in: connection).next()
        }
        lock.withLock {
            // Who has read nothing yet begins with the first.
            state.next = position > 0 ? position : hint == 0 ? 1 : nil
            (state.hint, state.savedHint, state.handedOut, state.buffer) = (hint, hint, hint, [])
        }
        if let inner { return try await inner.start(at: hint) }
        guard position == 0, hint > 0 else { return }
        // Read by the broker's offsets so far: as little as is sure to hold what was not read.
        let first = try await self.position(recordedSince: Self.rewindStart(parts))
        lock.withLock { state.next = first }
    }

    func next(max: Int) async throws -> [Message]? {
        let hasEnded = { self.lock.withLock { self.state.hasEnded } }
        return try await parts.patiently(hintName, until: hasEnded, ended) { try await find(max) } ?? nil
    }

    private func find(_ max: Int) async throws -> [Message]? {
        while true {
            try Task.checkCancellation()
            if lock.withLock({ state.hasEnded }) { return nil }
            if let ready = takeReady(max) { return ready }
            if let gap = gap() {
                let filled = try await read(after: gap.lowerBound - 1, limit: min(max, gap.count))
                guard let last = filled.last else {
                    lock.withLock { state.next = gap.upperBound }
                    continue
                }
                lock.withLock { state.next = last.offset + 1 }
                return filled
            }
            guard let inner else {
                if let found = try await readOn(max) { return found }
                await ended.wait(upTo: parts.settings.pulse / 4)
                continue
            }
            try await saveHint()
            switch try await batch(of: inner, max: max) {
            case .ended: return nil
            case .cut(let cut): goBack(to: cut)
            case .messages(let messages): add(messages)
            case .idle: if let late = try await late(max) { return late }
            }
        }
    }

    func commit(next position: Position) {
        lock.withLock { state.hint = max(state.hint, state.handedOut) }
        guard let inner else { return }
        inner.commit(next: lock.withLock { state.hint })
    }

    func release() { onRelease() }

    func end() {
        lock.withLock { state.hasEnded = true }
        ended.notify()
    }

    // MARK: - From the broker

    private enum Batch: Sendable {
        case messages([Message])
        case cut(LogCut)
        case idle
        case ended
    }

    private func batch(of inner: any PartitionFeed, max: Int) async throws -> Batch {
        try await withThrowingTaskGroup(of: Batch.self) { tasks in
            tasks.addTask {
                do {
                    return try await inner.next(max: max).map(Batch.messages) ?? .ended
                } catch let cut as LogCut {
                    return .cut(cut)
                }
            }
            tasks.addTask {
                try await Task.sleep(for: Self.idleTime)
                return .idle
            }
            let first = try await tasks.next() ?? .idle
            tasks.cancelAll()
            guard case .idle = first else { return first }
            // The other one can have taken messages before it heard that it is not wanted any more.
            do {
                return try await tasks.next() ?? .idle
            } catch is CancellationError {
                try Task.checkCancellation()
                return .idle
            }
        }
    }

    /// What is lost shows as a gap; only the broker's offsets begin anew.
    private func goBack(to cut: LogCut) {
        Counter(label: "tocsin_broker_cuts_total", dimensions: [("topic", topic.name)]).increment()
        parts.logger.error(
            "the broker has lost messages", metadata: ["partition": "\(hintName)", "reason": "\(cut)"])
        lock.withLock {
            (state.handedOut, state.hint) = (cut.end, cut.end)
            state.savedHint = -1  // to be saved, although it is lower
        }
    }

    private func add(_ messages: [Message]) {
        lock.withLock { state.buffer += messages }
    }

    /// Those at the head of the buffer that are next; repetitions go.
    private func takeReady(_ max: Int) -> [Message]? {
        lock.withLock {
            var ready: [Message] = []
            var taken = 0
            for message in state.buffer.prefix(max) {
                guard let position = message.position else {
                    taken += 1  // No event of ours; were it one, its absence shows as a gap.
                    continue
                }
                let next = state.next ?? position
                guard position <= next else { break }
                taken += 1
                guard position == next else { continue }
                state.next = position + 1
                ready.append(message.at(position))
            }
            if let last = state.buffer.prefix(taken).last { state.handedOut = last.offset + 1 }
            state.buffer.removeFirst(taken)
            if ready.isEmpty, taken > 0 { state.hint = state.handedOut }
            return ready.isEmpty ? nil : ready
        }
    }

    /// The positions that the broker has left out.
    private func gap() -> Range<Position>? {
        let gap: Range<Position>? = lock.withLock {
            guard let first = state.buffer.first?.position, let next = state.next, next < first else { return nil }
            return next..<first
        }
        if let gap { note(gap) }
        return gap
    }

    private func note(_ gap: Range<Position>) {
        Counter(label: "tocsin_log_gap_events_total", dimensions: [("topic", topic.name)]).increment(by: gap.count)
        parts.logger.error(
            "the broker has lost messages: they are read from the event log",
            metadata: ["partition": "\(hintName)", "group": "\(group.name)", "positions": "\(gap)"])
    }

    private func saveHint() async throws {
        let hint: Int64? = lock.withLock {
            guard state.hint > state.savedHint, ContinuousClock.now - state.hintedAt > Self.hintInterval else {
                return nil
            }
            (state.savedHint, state.hintedAt) = (state.hint, .now)
            return state.hint
        }
        guard let hint else { return }
        try await parts.database.transaction { [group, hintName] connection in
            try Checkpoint(group: group.name, partition: hintName, in: connection).put(next: hint)
        }
    }

    // MARK: - From the log

    /// What was published, and has not come since the last time that this was asked.
    private func late(_ max: Int) async throws -> [Message]? {
        guard let next = lock.withLock({ state.next }) else { return nil }
        let published = try await parts.database.reading { [topic, log] connection in
            try Checkpoint(group: "relay-\(topic.name)", partition: log.description, in: connection).next()
        }
        let isLate = lock.withLock {
            defer { state.lateSince = next <= published ? next : nil }
            return next <= published && state.lateSince == next
        }
        guard isLate else { return nil }
        note(next..<(published + 1))
        let found = try await read(after: next - 1, limit: max)
        guard let last = found.last else { return nil }
        lock.withLock { state.next = last.offset + 1 }
        return found
    }

    private func readOn(_ max: Int) async throws -> [Message]? {
        let next = lock.withLock { state.next } ?? 1
        let found = try await read(after: next - 1, limit: max)
        guard let last = found.last else { return nil }
        lock.withLock { state.next = last.offset + 1 }
        return found
    }

    private func read(after position: Position, limit: Int) async throws -> [Message] {
        try await parts.database.reading { [log] connection in
            try EventLog(connection).read(log, after: position, limit: limit).map { recorded in
                let outgoing = try AlertEventMessage.outgoing(of: recorded)
                return Message(offset: recorded.position, key: outgoing.key, body: outgoing.body)
            }
        }
    }

    /// Goes back to what was recorded `time` before the broker was last seen, before the feed is started.
    func rewind(by time: Duration) async { await rewind(to: Self.rewindStart(parts, time)) }

    /// Goes back to what was recorded at that time, before the feed is started.
    func rewind(to time: Timestamp) async {
        do {
            let start = try await position(recordedSince: time)
            try await parts.database.transaction { [group, checkpointName] connection in
                let checkpoint = Checkpoint(group: group.name, partition: checkpointName, in: connection)
                if start < (try checkpoint.next()) { try checkpoint.put(next: start) }
            }
        } catch {
            parts.logger.warning(
                "a partition was not rewound", metadata: ["partition": "\(hintName)", "error": "\(error)"])
        }
    }

    private static func rewindStart(_ parts: SpoolParts, _ time: Duration = .seconds(60)) -> Timestamp {
        let seen = parts.watch.seenAt ?? parts.now()
        return Timestamp(milliseconds: max(0, seen.milliseconds - time.milliseconds))
    }

    /// The position of the first event since then, of the last ``rewindLimit`` ones.
    private func position(recordedSince start: Timestamp) async throws -> Position {
        try await parts.database.reading { [log] connection in
            try EventLog(connection).position(of: log, recordedSince: start, limit: Self.rewindLimit)
        }
    }
}

extension Message {
    /// In the log. A relay of an earlier version says it in the body only.
    fileprivate var position: Position? {
        if let header = headers[LogRelay.positionHeader] { return Position(header) }
        // What cannot be read is no event.
        guard let event = try? decode(AlertEventMessage.self) else { return nil }
        return event.id.split(separator: ":").last.flatMap { Position($0) }
    }

    fileprivate func at(_ position: Position) -> Message {
        Message(offset: position, key: key, body: body, headers: headers)
    }
}
