import AlertCore

@testable import WebhookDispatcher

/// What ``Lane`` does, said in the plainest way: for every step, all that waits is gone through from the front. Without
/// rates, a breaker and recovery.
struct WalkingLane {
    private(set) var queue: [LaneWork] = []
    private(set) var running: [String: LaneWork] = [:]
    private(set) var waiting: [String: Int] = [:]
    var settings = LaneSettings()
    private var pace = AttemptPace()

    mutating func add(_ work: LaneWork) { queue.append(work) }

    mutating func next(obstacle: WebhookDelivery.Parking?, at now: Timestamp) -> [String] {
        let enough = max(2 * settings.concurrency, Int(min(pace.perSecond(at: now), 1000)))
        var steps: [String] = []
        var kept: [LaneWork] = []
        var ahead = Set(running.values.map(order))
        for work in queue {
            let id = work.request.id
            let isFirst = !ahead.contains(order(work))
            ahead.insert(order(work))
            if let obstacle {
                let isBehind = isBehind(work) || !isFirst
                hold(work)
                steps.append("park \(id) \(isBehind ? .behind : obstacle.reason)")
            } else if isBehind(work) {
                hold(work)
                steps.append("park \(id) behind")
            } else if isFirst, running.count < settings.concurrency {
                running[id] = work
                steps.append("attempt \(id)")
            } else if isFirst, work.isRetry, kept.count >= enough {
                hold(work)
                steps.append("park \(id) busy")
            } else {
                kept.append(work)
            }
        }
        queue = kept
        return steps
    }

    mutating func end(_ id: String, at now: Timestamp) -> LaneWork? {
        pace.ended(at: now)
        return running.removeValue(forKey: id)
    }

    mutating func release(_ work: LaneWork) {
        let left = waiting[work.request.alert, default: 0] - (work.isWaiting ? 1 : 0)
        waiting[work.request.alert] = left > 0 ? left : nil
    }

    mutating func hold(_ work: LaneWork) {
        if !work.isWaiting { waiting[work.request.alert, default: 0] += 1 }
    }

    private func order(_ work: LaneWork) -> String { settings.isOrdered ? work.request.alert : work.request.id }

    private func isBehind(_ work: LaneWork) -> Bool {
        settings.isOrdered && !work.isRetry && waiting[work.request.alert, default: 0] > 0
    }
}
