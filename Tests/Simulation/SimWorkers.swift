/// Who works on which partition, whoever has given it: what is seen between the services and their bus.
final class SimWorkers: @unchecked Sendable {  // one thread
    struct Worker {
        let process: SimProcess
        let number: Int
    }

    private let history: History
    private let executor = VirtualExecutor.shared
    private var open: [String: [Worker]] = [:]
    private var count = 0

    init(history: History) { self.history = history }

    /// Somebody begins to work on a partition.
    /// - Parameter place: As the broker calls it.
    /// - Returns: The work's number.
    func begin(_ group: String, _ place: String, _ process: SimProcess) -> Int {
        count += 1
        let key = "\(group) \(place)"
        let others = open[key, default: []].filter { !$0.process.isDead }
        for before in others {
            history.note("\(process.run) works on \(key) while \(before.process.run) may still do so")
            history.overlaps.append(
                .init(
                    group: group, place: place, process: before.process.run, feed: before.number, from: executor.now,
                    to: .max))
        }
        open[key] = others + [Worker(process: process, number: count)]
        history.given.append(.init(group: group, place: place, process: process.run, at: executor.now))
        return count
    }

    func end(_ number: Int, of group: String, _ place: String) {
        open["\(group) \(place)"]?.removeAll { $0.number == number }
        endOverlaps { $0.feed == number }
    }

    func died(_ process: SimProcess) { endOverlaps { $0.process == process.run } }

    private func endOverlaps(_ isMeant: (History.Overlap) -> Bool) {
        for index in history.overlaps.indices
        where history.overlaps[index].to == .max && isMeant(history.overlaps[index]) {
            history.overlaps[index].to = executor.now
        }
    }
}
