import AlertCore
import Messaging
import Persistence

/// One delivery while it is in memory.
struct LaneWork: Sendable {
    let request: WebhookDelivery.Request
    /// Of its message; `nil` once the message is done with, and for what came from due work.
    var offset: Int64?
    var state: WebhookDelivery.State
    var version: Version
    let admittedAt: Timestamp
    /// Whether it came from due work: it is the first of its alert, and goes ahead of those that wait.
    let isRetry: Bool
    /// Whether it is counted among those that wait for its alert.
    var isWaiting: Bool
}

/// All that one integration has to do, in order per alert. Pure: the dispatcher acts on what it says.
struct Lane: Sendable {
    /// How many attempts of one integration run at the same time.
    static let concurrency = 16

    /// What is to happen to a delivery.
    enum Step: Sendable {
        case attempt(LaneWork)
        case park(LaneWork, WebhookDelivery.Parking)
    }

    private(set) var queue: [LaneWork] = []
    private(set) var running: [String: LaneWork] = [:]
    /// How many deliveries wait, durably, by alert: later ones of these alerts have to wait behind them.
    private(set) var waiting: [String: Int]
    private(set) var breaker = CircuitBreaker()

    init(waiting: [String: Int]) { self.waiting = waiting }

    mutating func add(_ work: LaneWork) { queue.append(work) }

    /// What can go on now.
    /// - Parameter obstacle: Why nothing of this integration can be sent at present.
    mutating func next(obstacle: WebhookDelivery.Parking?, at now: Timestamp) -> [Step] {
        var steps: [Step] = []
        var kept: [LaneWork] = []
        // Alerts with a delivery that is ahead of those that follow.
        var ahead = Set(running.values.map(\.request.alert))
        for work in queue {
            let alert = work.request.alert
            if let obstacle = obstacle ?? stop(at: now) {
                steps.append(park(work, obstacle, isFirst: !ahead.contains(alert)))
            } else if isBehind(work) {
                steps.append(park(work, .behind, isFirst: false))
            } else if ahead.contains(alert) || running.count >= Self.concurrency {
                kept.append(work)
            } else if case .refused(let until) = breaker.ask(at: now) {
                steps.append(park(work, .circuitOpen(until: until), isFirst: true))
            } else {
                running[work.request.id] = work
                steps.append(.attempt(work))
            }
            ahead.insert(alert)
        }
        queue = kept
        return steps
    }

    /// Why nothing can be sent for the moment: the circuit is open, or all places are taken by attempts whose target
    /// has not answered for long.
    private func stop(at now: Timestamp) -> WebhookDelivery.Parking? {
        if let until = breaker.refusedUntil(at: now) { return .circuitOpen(until: until) }
        return isStuck ? .busy(until: now.advanced(by: .seconds(10))) : nil
    }

    /// Whether something of the same alert waits before it. What came from due work is the first of its alert.
    private func isBehind(_ work: LaneWork) -> Bool {
        !work.isRetry && waiting[work.request.alert, default: 0] > 0
    }

    /// Whether all places are taken by attempts whose target has not answered for long.
    private var isStuck: Bool {
        running.count >= Self.concurrency && running.values.allSatisfy { $0.offset == nil }
    }

    /// Takes an attempt's work out. `nil` when it is not running.
    mutating func end(_ id: String, succeeded: Bool, at now: Timestamp) -> LaneWork? {
        guard let work = running.removeValue(forKey: id) else { return nil }
        if succeeded { breaker.succeeded() } else { breaker.failed(at: now) }
        return work
    }

    /// What has been in memory for too long: parked, so that its message is done with. What is running goes on.
    mutating func overdue(
        admittedBefore limit: Timestamp, at now: Timestamp, timeout: (WebhookDelivery.Request) -> Duration
    ) -> [Step] {
        var steps: [Step] = []
        for (id, work) in running where work.offset != nil && work.admittedAt <= limit {
            // Should this process die, somebody else goes on when the attempt must have ended.
            let until = now.advanced(by: timeout(work.request) + .seconds(5))
            var parked = work
            hold(work)
            steps.append(.park(work, .slow(until: until)))
            parked.offset = nil
            parked.isWaiting = true
            running[id] = parked
        }
        var ahead = Set(running.values.map(\.request.alert))
        for work in queue where work.admittedAt <= limit {
            let isFirst = ahead.insert(work.request.alert).inserted
            steps.append(park(work, .busy(until: now.advanced(by: .seconds(2))), isFirst: isFirst))
        }
        queue.removeAll { $0.admittedAt <= limit }
        return steps
    }

    /// The running work has moved on: its state as it was recorded.
    mutating func update(_ work: LaneWork) {
        if running[work.request.id] != nil { running[work.request.id] = work }
    }

    /// The delivery waits no longer.
    /// - Returns: Whether others of its alert do.
    mutating func release(_ work: LaneWork) -> Bool {
        let alert = work.request.alert
        if work.isWaiting { waiting[alert, default: 0] -= 1 }
        if waiting[alert, default: 0] <= 0 { waiting[alert] = nil }
        return waiting[alert] != nil
    }

    /// The delivery waits from now on, if it did not before.
    mutating func hold(_ work: LaneWork) {
        if !work.isWaiting { waiting[work.request.alert, default: 0] += 1 }
    }

    /// Only the first of an alert gets a time of its own: the others go when it is through.
    private mutating func park(_ work: LaneWork, _ parking: WebhookDelivery.Parking, isFirst: Bool) -> Step {
        let isBehind = isBehind(work) || !isFirst
        hold(work)
        return .park(work, isBehind ? .behind : parking)
    }
}

extension WebhookDelivery.Parking {
    static let behind = Self(reason: .behind, detail: "an earlier delivery of this alert waits", until: nil)

    static func circuitOpen(until: Timestamp) -> Self {
        Self(
            reason: .circuitOpen,
            detail: "the target has failed for more than \(CircuitBreaker.failureTime.milliseconds / 1000) s",
            until: until)
    }

    static func slow(until: Timestamp) -> Self {
        Self(reason: .slow, detail: "the target has not answered yet; the attempt goes on", until: until)
    }

    static func busy(until: Timestamp) -> Self {
        Self(reason: .busy, detail: "\(Lane.concurrency) attempts of this integration are under way", until: until)
    }
}
