/// What goes wrong at present, and how often.
final class Faults: @unchecked Sendable {  // one thread
    enum OfTransaction { case none, failsBefore, failsAfter }
    enum OfPublish { case none, lost, partly, unacknowledged }

    /// Shares of all calls, from 0 to 1.
    struct Rates {
        var commitBefore = 0.0
        var commitAfter = 0.0
        var read = 0.0
        var publishLost = 0.0
        var publishPartly = 0.0
        var publishUnacknowledged = 0.0
        /// Of batches that become visible late.
        var late = 0.0
        /// Of passages through a gate at which the process dies.
        var target = 0.0
        var provider = 0.0
    }

    var rates = Rates()
    var isDatabaseDown = false
    var isFetchStalled = false
    /// How often each has happened.
    private(set) var counts: [String: Int] = [:]

    func count(_ name: String) { counts[name, default: 0] += 1 }

    func ofTransaction(_ chance: Chance) -> OfTransaction {
        if chance.happens(rates.commitBefore) { return counted("commit failed before", .failsBefore) }
        if chance.happens(rates.commitAfter) { return counted("commit failed after", .failsAfter) }
        return .none
    }

    func ofRead(_ chance: Chance) -> Bool { chance.happens(rates.read) && counted("read failed", true) }

    func ofPublish(_ chance: Chance) -> OfPublish {
        if chance.happens(rates.publishLost) { return counted("publish lost", .lost) }
        if chance.happens(rates.publishPartly) { return counted("publish partly", .partly) }
        if chance.happens(rates.publishUnacknowledged) { return counted("publish unacknowledged", .unacknowledged) }
        return .none
    }

    /// How late messages become visible to consumers.
    func delay(_ chance: Chance) -> Duration {
        guard chance.happens(rates.late) else { return chance.milliseconds(0...5) }
        count("late messages")
        return chance.milliseconds(100...20_000)
    }

    /// All is well from now on.
    func end() {
        rates = Rates()
        (isDatabaseDown, isFetchStalled) = (false, false)
    }

    private func counted<T>(_ name: String, _ fault: T) -> T {
        count(name)
        return fault
    }
}
