import Foundation

/// The deliveries that one partition's owner has in memory, or has finished with while that is not written yet. A
/// message for one of them is a repetition.
final class DeliveriesInHand: @unchecked Sendable {  // everything mutable under `lock` only
    private let lock = NSLock()
    private var active: Set<String> = []
    private var unwritten: [String: Int] = [:]

    func contains(_ id: String) -> Bool { lock.withLock { active.contains(id) || unwritten[id] != nil } }

    /// - Returns: Whether it was not in hand before.
    func take(_ id: String) -> Bool {
        lock.withLock { unwritten[id] == nil && active.insert(id).inserted }
    }

    /// Nothing more is done with it here.
    func release(_ id: String) { lock.withLock { _ = active.remove(id) } }

    /// A record of it is on its way to the database.
    func recording(_ id: String) { lock.withLock { unwritten[id, default: 0] += 1 } }

    /// The records of these deliveries, one for each mention, are in the database.
    func written(_ ids: [String]) {
        lock.withLock {
            for id in ids {
                let left = (unwritten[id] ?? 1) - 1
                unwritten[id] = left > 0 ? left : nil
            }
        }
    }
}
