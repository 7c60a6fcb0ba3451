import Foundation
import Messaging

/// How many messages are on their way: by each provider, and in all. Shared by the partitions of a process, so that a
/// provider that hangs takes its own places only.
final class ProviderLanes: @unchecked Sendable {  // `counts` and `total` under `lock` only
    private let perProvider: Int
    private let inAll: Int
    private let lock = NSLock()
    private let room = Signal()
    private var counts: [String: Int] = [:]
    private var total = 0

    init(perProvider: Int = 32, inAll: Int = 256) {
        self.perProvider = perProvider
        self.inAll = inAll
    }

    /// Takes a place, if there is one.
    func take(_ provider: String) -> Bool {
        lock.withLock {
            guard total < inAll, counts[provider, default: 0] < perProvider else { return false }
            counts[provider, default: 0] += 1
            total += 1
            return true
        }
    }

    func giveBack(_ provider: String) {
        lock.withLock {
            counts[provider, default: 1] -= 1
            if counts[provider] == 0 { counts[provider] = nil }
            total -= 1
        }
        room.notify()
    }

    /// Waits until half of a provider's places are free, but no longer than 200 ms: those of others may be.
    func waitForRoom(_ provider: String) async {
        let deadline = ContinuousClock.now + .milliseconds(200)
        while ContinuousClock.now < deadline, !Task.isCancelled {
            let isFree = lock.withLock { total < inAll && counts[provider, default: 0] <= perProvider / 2 }
            if isFree { return }
            await room.wait(upTo: .milliseconds(20))
        }
    }
}
