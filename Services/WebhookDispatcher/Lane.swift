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

    /// What waits in memory for its turn.
    private(set) var queue = LaneQueue()
    private(set) var running: [String: LaneWork] = [:]
    /// How many deliveries wait, durably, by alert: later ones of these alerts have to wait behind them.
    private(set) var waiting: [String: Int]
    private(set) var breaker = CircuitBreaker()
    private(set) var recovery: Recovery?
    /// The newest configuration by which something was requested that came; `nil` once it has been looked at.
    private(set) var newestConfiguration: Int64?
    var failures: FailureSpan
    private var settings = LaneSettings()
    private var bucket: TokenBucket?
    private var arrivals = RateMeter()
    private var returnTimes = ReturnTimes()
    private var pace = AttemptPace()
    /// Of what waits for no other reason than that the others are not through. Some seconds at most: what the target is
    /// capable of can change.
    private var turns = ReturnTimes(longest: .seconds(10))
    /// How many attempts are under way of those that go one after the other.
    private var busy: [String: Int] = [:]
    /// How many attempts have been under way for long.
    private var slowCount = 0
    /// Alerts of which something waits durably since others of theirs came into the queue.
    private var overtaken: Set<String> = []

    init(waiting: [String: Int], failingSince: Timestamp? = nil) {
        self.waiting = waiting
        failures = FailureSpan(since: failingSince)
    }

    mutating func add(_ work: LaneWork) {
        queue.append(work)
        if !work.isRetry { arrivals.count(at: work.admittedAt) }
        if let configuration = work.request.configuration {
            newestConfiguration = max(newestConfiguration ?? configuration, configuration)
        }
    }

    /// A configuration of that version, or of a newer one, has been looked at.
    mutating func hasSeen(configuration: Int64) {
        if newestConfiguration == configuration { newestConfiguration = nil }
    }

    /// From now on.
    mutating func adopt(_ settings: LaneSettings, at now: Timestamp) {
        if settings != self.settings {
            self.settings = settings
            queue.arriveAnew()
            busy = running.values.reduce(into: [:]) { $0[order($1), default: 0] += 1 }
        }
        guard let rate = settings.perSecond else { return bucket = nil }
        if bucket == nil { bucket = TokenBucket(perSecond: rate, at: now) }
        bucket?.change(perSecond: rate, at: now)
    }

    /// What can go on now, in the order of arrival.
    /// - Parameter obstacle: Why nothing of this integration can be sent at present.
    mutating func next(obstacle: WebhookDelivery.Parking?, at now: Timestamp) -> [Step] {
        if recovery?.isOver(at: now) == true { recovery = nil }
        if let obstacle = obstacle ?? stop(at: now) { return holdBackAll(obstacle, at: now).map(\.step) }
        var steps = parkOvertaken()
        let areSorted = steps.isEmpty
        steps += startReady(at: now)
        if !areSorted { steps.sort { $0.place < $1.place } }
        return steps.map(\.step) + placeArrived(at: now)
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
        pace.ended(at: now)
        if work.isSlow { slowCount -= 1 }
        let order = order(work)
        let left = busy[order, default: 1] - 1
        busy[order] = left > 0 ? left : nil
        if left <= 0 { queue.free(order) }
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
            if !work.isSlow { slowCount += 1 }
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
        var ahead = Set(busy.keys)
        let late = queue.takeAll { $0.admittedAt <= limit }
        for entry in late {
            let isFirst = ahead.insert(order(entry.work)).inserted
            steps.append(holdBack(entry.work, crowded(at: now), isFirst: isFirst, at: now))
        }
        for line in Set(late.map { order($0.work) }) where busy[line] == nil { queue.free(line) }
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
        guard !work.isWaiting else { return }
        let alert = work.request.alert
        waiting[alert, default: 0] += 1
        if settings.isOrdered, queue.hasLine(alert) { overtaken.insert(alert) }
    }
}

// MARK: - Through the queue

extension Lane {
    /// What is to happen to a delivery, with its place in the order of arrival.
    private typealias PlacedStep = (place: Int, step: Step)

    /// Parks what stands in the queue behind something that waits durably since.
    private mutating func parkOvertaken() -> [PlacedStep] {
        guard !overtaken.isEmpty else { return [] }
        var steps: [PlacedStep] = []
        for alert in overtaken where waiting[alert, default: 0] > 0 {
            for entry in queue.take(from: alert, where: { !$0.isRetry }) {
                steps.append((entry.place, park(entry.work, .behind, isFirst: false)))
            }
            if busy[alert] == nil { queue.free(alert) }
        }
        overtaken = []
        return steps
    }

    /// Starts what stands at the head of a line, as long as the limits allow.
    private mutating func startReady(at now: Timestamp) -> [PlacedStep] {
        var steps: [PlacedStep] = []
        while queue.firstReady() != nil, mayStart(at: now), let entry = queue.takeFirstReady() {
            steps.append((entry.place, start(entry.work, at: now)))
            // A probe: whatever came after it waits for what becomes of it.
            if let obstacle = stop(at: now) {
                return steps + holdBackAll(obstacle, after: entry.place, at: now)
            }
        }
        return steps
    }

    /// Starts what has come since the last time, or gives it its place in the queue.
    private mutating func placeArrived(at now: Timestamp) -> [Step] {
        var steps: [Step] = []
        var parked: Set<String> = []
        for entry in queue.takeArrived() {
            let (work, order) = (entry.work, order(entry.work))
            let isFree = busy[order] == nil
            let isFirst = isFree && !queue.hasLine(order) && !parked.contains(order)
            if let obstacle = stop(at: now) {
                steps.append(holdBack(work, obstacle, isFirst: isFirst, at: now))
            } else if isBehind(work) {
                steps.append(park(work, .behind, isFirst: false))
            } else if isFirst, mayStart(at: now) {
                steps.append(start(work, at: now))
                continue
            } else if isFirst, work.isRetry, queue.count >= enough(at: now) {
                // What has its time on record already does not fill the memory.
                steps.append(holdBack(work, crowded(at: now), isFirst: true, at: now))
            } else {
                queue.stand(entry, in: order, isFree: isFree)
                continue
            }
            parked.insert(order)
        }
        return steps
    }

    /// Parks all that stands in the queue, or what came after a place.
    private mutating func holdBackAll(
        _ obstacle: WebhookDelivery.Parking, after place: Int = -1, at now: Timestamp
    ) -> [PlacedStep] {
        var ahead = Set(busy.keys)
        return queue.takeAll(after: place).map { entry in
            let line = order(entry.work)
            let isFirst = ahead.insert(line).inserted && !queue.hasLine(line)
            return (entry.place, holdBack(entry.work, obstacle, isFirst: isFirst, at: now))
        }
    }

    private mutating func start(_ work: LaneWork, at now: Timestamp) -> Step {
        // Allowed, as there is nothing to stop it: this tells the breaker of the probe.
        _ = breaker.ask(at: now)
        _ = bucket?.take(at: now)
        recovery?.began(at: now)
        running[work.request.id] = work
        if work.isSlow { slowCount += 1 }
        busy[order(work), default: 0] += 1
        return .attempt(work)
    }

    /// Whether the limits let another attempt begin.
    private mutating func mayStart(at now: Timestamp) -> Bool { running.count < places && wait(at: now) <= .zero }
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
        wait(at: now) > .zero ? .throttled(until: now) : busy(until: now)
    }

    /// What is to be in memory, so that the lane does not run empty before more is due: about a second's worth.
    private func enough(at now: Timestamp) -> Int {
        max(2 * settings.concurrency, Int(min(pace.perSecond(at: now), 1000)))
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
        running.count >= places && running.count == slowCount
    }

    /// Parks a delivery, or only postpones one that is parked for the same reason already.
    private mutating func holdBack(
        _ work: LaneWork, _ parking: WebhookDelivery.Parking, isFirst: Bool, at now: Timestamp
    ) -> Step {
        guard isFirst, !isBehind(work) else { return park(work, parking, isFirst: isFirst) }
        var parking = parking
        if let until = parking.until, [.circuitOpen, .throttled].contains(parking.reason) {
            parking.until = returnTimes.next(notBefore: max(until, now), perSecond: returnRate(at: now))
        } else if parking.reason == .busy, parking.until == now {
            // A little faster than they go: the lane is not to run empty.
            let rate = max(1.25 * pace.perSecond(at: now), Double(settings.concurrency))
            parking.until = turns.next(notBefore: now.advanced(by: .milliseconds(250)), perSecond: min(rate, 1000))
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
