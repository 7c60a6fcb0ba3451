import AlertCore
import Foundation
import Persistence

/// What is in the spool of one partition, for its consumer while no broker answers. Its offsets are the spool's.
final class SpoolFeed: ServedFeed, @unchecked Sendable {  // `state` under `lock` only
    private struct State {
        var next: Int64 = 0
        var committed: Int64 = 0
        var hasEnded = false
    }

    let topic: Topic
    let partition: Int
    let offsetsOf = "@spool"

    private let parts: SpoolParts
    private let onRelease: @Sendable () -> Void
    private let lock = NSLock()
    private let ended = Signal()
    private var state = State()

    init(_ topic: Topic, _ partition: Int, parts: SpoolParts, onRelease: @escaping @Sendable () -> Void) {
        self.topic = topic
        self.partition = partition
        self.parts = parts
        self.onRelease = onRelease
    }

    private var name: String { "\(topic.name)/\(partition)" }

    func start(at offset: Int64) async throws { lock.withLock { state.next = offset } }

    func next(max: Int) async throws -> [Message]? {
        while true {
            try Task.checkCancellation()
            let state = lock.withLock { self.state }
            if state.hasEnded { return nil }
            let hasEnded = { self.lock.withLock { self.state.hasEnded } }
            let rows = try await parts.patiently(name, until: hasEnded, ended) {
                try await self.read(from: state.next, committed: state.committed, max: max)
            }
            guard let found = rows else { return nil }
            if let last = found.last {
                lock.withLock { self.state.next = last.number + 1 }
                return found.map { row in
                    Message(offset: row.number, key: row.entry.key, body: row.entry.body, headers: row.entry.headers)
                }
            }
            await ended.wait(upTo: parts.settings.pulse / 4)
        }
    }

    /// What is done is removed with the next read, once every group has done it.
    func commit(next offset: Int64) { lock.withLock { state.committed = offset } }

    func release() { onRelease() }

    func end() {
        lock.withLock { state.hasEnded = true }
        ended.notify()
    }

    private func read(from number: Int64, committed: Int64, max: Int) async throws -> [Spool.Numbered] {
        guard committed > 0 else {
            return try await parts.database.reading { [name] in try Spool($0).read(name, from: number, limit: max) }
        }
        let found = try await parts.database.transaction { [name] connection in
            let spool = Spool(connection)
            try spool.remove(name, before: min(committed, try spool.firstWanted(of: name)))
            return try spool.read(name, from: number, limit: max)
        }
        lock.withLock { if state.committed == committed { state.committed = 0 } }
        return found
    }
}
