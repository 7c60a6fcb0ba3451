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
        var busy = Set(running.values.map(\.request.alert))
        for work in queue {
            let alert = work.request.alert
            if let obstacle {
                steps.append(park(work, obstacle))
            } else if !work.isRetry, waiting[alert, default: 0] > 0 {
                steps.append(park(work, .behind))
            } else if let until = breaker.refusedUntil(at: now) {
                steps.append(park(work, .circuitOpen(until: until)))
            } else if isStuck {
                steps.append(park(work, .busy(until: now.advanced(by: .seconds(10)))))
            } else if busy.contains(alert) || running.count >= Self.concurrency {
                kept.append(work)
                busy.insert(alert)
            } else if case .refused(let until) = breaker.ask(at: now) {
                steps.append(park(work, .circuitOpen(until: until)))
            } else {
                running[work.request.id] = work
                busy.insert(alert)
                steps.append(.attempt(work))
            }
        }
        queue = kept
        return steps
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
    mutating func overdue(admittedBefore limit: Timestamp, at now: Timestamp, timeout: Duration) -> [Step] {
        var steps: [Step] = []
        for (id, work) in running where work.offset != nil && work.admittedAt <= limit {
            // Should this process die, somebody else goes on when the attempt must have ended.
            let until = now.advanced(by: timeout + .seconds(5))
            var parked = work
            steps.append(park(work, .slow(until: until)))
            parked.offset = nil
            parked.isWaiting = true
            running[id] = parked
        }
        let late = queue.filter { $0.admittedAt <= limit }
        queue.removeAll { $0.admittedAt <= limit }
        steps += late.map { park($0, .busy(until: now.advanced(by: .seconds(2)))) }
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

    private mutating func park(_ work: LaneWork, _ parking: WebhookDelivery.Parking) -> Step {
        hold(work)
        return .park(work, parking)
    }
}

extension WebhookDelivery.Parking {
    static let behind = Self(reason: .behind, detail: "an earlier delivery of this alert waits", until: nil)

    static func circuitOpen(until: Timestamp) -> Self {
        Self(
            reason: .circuitOpen, detail: "the target has failed \(CircuitBreaker.failureLimit) times in a row",
            until: until)
    }

    static func slow(until: Timestamp) -> Self {
        Self(reason: .slow, detail: "the target has not answered yet; the attempt goes on", until: until)
    }

    static func busy(until: Timestamp) -> Self {
        Self(reason: .busy, detail: "\(Lane.concurrency) attempts of this integration are under way", until: until)
    }
}
