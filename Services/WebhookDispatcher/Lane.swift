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
    /// Whether its attempt has been under way for long.
    var isSlow = false
    /// Why it waited until now, as it is recorded.
    var parkedFor: WebhookDelivery.Parking.Reason?
}

/// All that one integration has to do, in order per alert unless its settings say otherwise. Pure: the dispatcher acts
/// on what it says. The circuit breaker and the rates live here, in memory: a lane that is made anew has none of it.
struct Lane: Sendable {
    /// What is to happen to a delivery.
    enum Step: Sendable {
        case attempt(LaneWork)
        case park(LaneWork, WebhookDelivery.Parking)
        /// It waits on for the reason that is recorded already: only its time changes.
        case postpone(LaneWork, until: Timestamp)
    }

    private(set) var queue: [LaneWork] = []
    private(set) var running: [String: LaneWork] = [:]
    /// How many deliveries wait, durably, by alert: later ones of these alerts have to wait behind them.
    private(set) var waiting: [String: Int]
    private(set) var breaker = CircuitBreaker()
    private(set) var recovery: Recovery?
    var failures: FailureSpan
    private var settings = LaneSettings()
    private var bucket: TokenBucket?
    private var arrivals = RateMeter()
    private var returnTimes = ReturnTimes()

    init(waiting: [String: Int], failingSince: Timestamp? = nil) {
        self.waiting = waiting
        failures = FailureSpan(since: failingSince)
    }

    mutating func add(_ work: LaneWork) {
        queue.append(work)
        if !work.isRetry { arrivals.count(at: work.admittedAt) }
    }

    /// From now on.
    mutating func adopt(_ settings: LaneSettings, at now: Timestamp) {
        guard settings != self.settings || (settings.perSecond != nil) != (bucket != nil) else { return }
        self.settings = settings
        guard let rate = settings.perSecond else { return bucket = nil }
        if bucket == nil { bucket = TokenBucket(perSecond: rate, at: now) }
        bucket?.change(perSecond: rate, at: now)
    }

    /// What can go on now.
    /// - Parameter obstacle: Why nothing of this integration can be sent at present.
    mutating func next(obstacle: WebhookDelivery.Parking?, at now: Timestamp) -> [Step] {
        if recovery?.isOver(at: now) == true { recovery = nil }
        var steps: [Step] = []
        var kept: [LaneWork] = []
        // What is ahead of those that follow in the same order.
        var ahead = Set(running.values.map(order))
        for work in queue {
            let isFirst = !ahead.contains(order(work))
            if let obstacle = obstacle ?? stop(at: now) {
                steps.append(holdBack(work, obstacle, isFirst: isFirst, at: now))
            } else if isBehind(work) {
                steps.append(park(work, .behind, isFirst: false))
            } else if !isFirst {
                kept.append(work)
            } else if running.count >= places || wait(at: now) > .zero {
                // What has its time on record already does not fill the memory.
                if work.isRetry, kept.count >= 2 * settings.concurrency {
                    steps.append(holdBack(work, crowded(at: now), isFirst: true, at: now))
                } else {
                    kept.append(work)
                }
            } else {
                // Allowed, as there is nothing to stop it: this tells the breaker of the probe.
                _ = breaker.ask(at: now)
                _ = bucket?.take(at: now)
                recovery?.began(at: now)
                running[work.request.id] = work
                steps.append(.attempt(work))
            }
            ahead.insert(order(work))
        }
        queue = kept
        return steps
    }

    /// How long until something in memory can go that only waits for its turn by the rate; `nil` when nothing does.
    mutating func pause(at now: Timestamp) -> Duration? {
        guard !queue.isEmpty, running.count < places else { return nil }
        let wait = wait(at: now)
        return wait > .zero ? wait : nil
    }

    /// Takes an attempt's work out. `nil` when it is not running.
    /// - Parameter succeeded: Whether the target works, as far as this attempt shows.
    mutating func end(_ id: String, succeeded: Bool, at now: Timestamp) -> LaneWork? {
        guard let work = running.removeValue(forKey: id) else { return nil }
        if !succeeded {
            breaker.failed(at: now)
        } else if breaker.succeeded() {
            recovery = Recovery(steady: arrivals.perSecond(at: now), at: now)
        } else {
            recovery?.succeeded()
        }
        return work
    }

    /// What has been in memory for too long: parked, so that its message is done with. What is running goes on.
    mutating func overdue(
        admittedBefore limit: Timestamp, at now: Timestamp, timeout: (WebhookDelivery.Request) -> Duration
    ) -> [Step] {
        var steps: [Step] = []
        for (id, work) in running where work.admittedAt <= limit {
            running[id]?.isSlow = true
            guard work.offset != nil else { continue }
            // Should this process die, somebody else goes on when the attempt must have ended.
            let longest = work.request.script == nil ? settings.timeout ?? timeout(work.request) : timeout(work.request)
            let until = now.advanced(by: longest + .seconds(5))
            var parked = work
            hold(work)
            steps.append(.park(work, .slow(until: until)))
            parked.offset = nil
            parked.isWaiting = true
            parked.isSlow = true
            running[id] = parked
        }
        var ahead = Set(running.values.map(order))
        for work in queue where work.admittedAt <= limit {
            let isFirst = ahead.insert(order(work)).inserted
            steps.append(holdBack(work, crowded(at: now), isFirst: isFirst, at: now))
        }
        queue.removeAll { $0.admittedAt <= limit }
        return steps
    }

    /// The running work has moved on: its state as it was recorded.
    mutating func update(_ work: LaneWork) {
        guard let before = running[work.request.id] else { return }
        running[work.request.id] = work
        running[work.request.id]?.isSlow = before.isSlow
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
}

// MARK: - Limits

extension Lane {
    /// Deliveries with the same go one after the other.
    private func order(_ work: LaneWork) -> String { settings.isOrdered ? work.request.alert : work.request.id }

    private var places: Int { min(settings.concurrency, recovery?.concurrency ?? .max) }

    /// Until the rates let the next attempt begin.
    private mutating func wait(at now: Timestamp) -> Duration {
        let recovering = recovery?.wait(steady: arrivals.perSecond(at: now), at: now) ?? .zero
        return max(recovering, bucket?.wait(at: now) ?? .zero)
    }

    /// Why nothing can be sent for the moment: the circuit is open, or all places are taken by attempts whose target
    /// has not answered for long.
    private func stop(at now: Timestamp) -> WebhookDelivery.Parking? {
        if let until = breaker.refusedUntil(at: now) { return .circuitOpen(until: until) }
        return isStuck ? busy(until: now.advanced(by: .seconds(10))) : nil
    }

    /// Why the next one has to wait although nothing is broken.
    private mutating func crowded(at now: Timestamp) -> WebhookDelivery.Parking {
        wait(at: now) > .zero ? .throttled(until: now) : busy(until: now.advanced(by: .seconds(2)))
    }

    private func busy(until: Timestamp) -> WebhookDelivery.Parking {
        WebhookDelivery.Parking(
            reason: .busy, detail: "\(running.count) attempts of this integration are under way", until: until)
    }

    /// Whether something of the same alert waits before it. What came from due work is the first of its alert.
    private func isBehind(_ work: LaneWork) -> Bool {
        settings.isOrdered && !work.isRetry && waiting[work.request.alert, default: 0] > 0
    }

    /// Whether all places are taken by attempts whose target has not answered for long.
    private var isStuck: Bool {
        running.count >= places && running.values.allSatisfy(\.isSlow)
    }

    /// Parks a delivery, or only postpones one that is parked for the same reason already.
    private mutating func holdBack(
        _ work: LaneWork, _ parking: WebhookDelivery.Parking, isFirst: Bool, at now: Timestamp
    ) -> Step {
        guard isFirst, !isBehind(work) else { return park(work, parking, isFirst: isFirst) }
        var parking = parking
        if let until = parking.until, [.circuitOpen, .throttled].contains(parking.reason) {
            parking.until = returnTimes.next(notBefore: max(until, now), perSecond: returnRate(at: now))
        }
        guard work.isRetry, work.parkedFor == parking.reason, let until = parking.until else {
            return park(work, parking, isFirst: true)
        }
        return .postpone(work, until: until)
    }

    /// At which rate those that wait come back.
    private func returnRate(at now: Timestamp) -> Double {
        let steady = arrivals.perSecond(at: now)
        let rate = recovery == nil && breaker.refusedUntil(at: now) == nil ? nil : Recovery.returnRate(steady: steady)
        return min(rate ?? .infinity, settings.perSecond ?? .infinity, 1000)
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

    static func throttled(until: Timestamp) -> Self {
        Self(reason: .throttled, detail: "the integration's rate is used up", until: until)
    }
}
