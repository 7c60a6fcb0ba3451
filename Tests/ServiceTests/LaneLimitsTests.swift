import AlertCore
import TestSupport
import Testing

@testable import WebhookDispatcher

/// The limits of a lane: rate, concurrency, order, and how it goes back to work after an outage.
@Suite(.inTurn)
struct LaneLimitsTests {
    private let lanes = LaneTests()
    private var now: Timestamp { lanes.now }

    private func after(_ milliseconds: Int64) -> Timestamp { now.advanced(by: .milliseconds(milliseconds)) }

    private func lane(_ settings: LaneSettings, _ works: [LaneWork]) -> Lane {
        var lane = Lane(waiting: [:])
        lane.adopt(settings, at: now)
        for work in works { lane.add(work) }
        return lane
    }

    @Test func runsNoMoreThanItMay() {
        var lane = lane(LaneSettings(concurrency: 2), (1...5).map { lanes.work("w\($0)", alert: "a\($0)") })
        #expect(lanes.next(&lane, now) == ["attempt w1", "attempt w2"])
        _ = lane.end("w1", succeeded: true, at: now)
        lane.adopt(LaneSettings(concurrency: 3), at: now)
        #expect(lanes.next(&lane, now) == ["attempt w3", "attempt w4"])
    }

    @Test func keepsItsRate() {
        var lane = lane(LaneSettings(perSecond: 2), (1...4).map { lanes.work("w\($0)", alert: "a\($0)") })
        #expect(lanes.next(&lane, now) == ["attempt w1"])
        #expect(lane.pause(at: now) == .milliseconds(500))
        #expect(lanes.next(&lane, after(499)) == [])
        #expect(lanes.next(&lane, after(500)) == ["attempt w2"])
        // What has been in memory for too long gets times of its own, one after the other.
        let steps = lane.overdue(admittedBefore: now, at: after(600), timeout: { _ in .seconds(30) })
        let until = steps.compactMap { step in
            if case .park(let work, let parking) = step, work.request.id > "w2" { parking } else { nil }
        }
        #expect(until.map(\.reason) == [.throttled, .throttled])
        #expect(until.map(\.until) == [after(600), after(1100)])
        #expect(lane.pause(at: after(600)) == nil)
        lane.adopt(LaneSettings(), at: after(600))
        for number in 5...9 { lane.add(lanes.work("w\(number)", alert: "a\(number)")) }
        #expect(lanes.next(&lane, after(600)).count == 5)
    }

    @Test func withoutAnOrderNothingWaitsForAnother() {
        let works = [lanes.work("a1", alert: "a"), lanes.work("a2", alert: "a", sequence: 2)]
        var ordered = lane(LaneSettings(), works)
        #expect(lanes.next(&ordered, now) == ["attempt a1"])
        var free = lane(LaneSettings(isOrdered: false), works)
        #expect(lanes.next(&free, now) == ["attempt a1", "attempt a2"])
        free.hold(works[0])
        free.add(lanes.work("a3", alert: "a", sequence: 3))
        #expect(lanes.next(&free, now) == ["attempt a3"])
        free.add(lanes.work("a4", alert: "a", sequence: 4))
        free.add(lanes.work("a5", alert: "a", sequence: 5))
        let obstacle = WebhookDelivery.Parking(reason: .disabled, detail: "410", until: now)
        // Each has a time of its own: none is released by another.
        #expect(lanes.next(&free, now, obstacle) == ["park a4 disabled", "park a5 disabled"])
    }

    /// Fails for long enough to open the circuit.
    private func broken(_ settings: LaneSettings = LaneSettings(), arrivals: Int = 0) -> (lane: Lane, at: Timestamp) {
        var lane = lane(settings, [])
        for number in 0..<CircuitBreaker.failureLimit {
            lane.add(lanes.work("f\(number)", alert: "f\(number)"))
            _ = lane.next(obstacle: nil, at: now)
            _ = lane.end("f\(number)", succeeded: false, at: now)
        }
        lane.add(lanes.work("last", alert: "last"))
        _ = lane.next(obstacle: nil, at: now)
        let opened = now.advanced(by: CircuitBreaker.failureTime)
        _ = lane.end("last", succeeded: false, at: opened)
        return (lane, opened)
    }

    /// One probe fails: of those that wait, nothing is written but a time, and only as many come back as are to go out.
    @Test func aFailedProbeParksNobodyAnew() {
        var (lane, opened) = broken()
        let heads = (1...50).map { number in
            lanes.work("h\(number)", alert: "h\(number)", isRetry: true, parkedFor: .circuitOpen)
        }
        let probing = opened.advanced(by: CircuitBreaker.firstPause)
        for head in heads { lane.add(head) }
        let steps = lane.next(obstacle: nil, at: probing)
        #expect(lanes.summary(steps).first == "attempt h1")
        let times = steps.dropFirst().compactMap { step -> Timestamp? in
            if case .postpone(_, let until) = step { until } else { nil }
        }
        #expect(times.count == 49)
        #expect(times.first == probing.advanced(by: CircuitBreaker.probePause))
        // One after the other, at the least rate of a recovery.
        for (earlier, later) in zip(times, times.dropFirst()) {
            #expect(later.since(earlier) >= .milliseconds(190))
        }
        _ = lane.end("h1", succeeded: false, at: probing)
        lane.add(heads[1])
        let again = lane.next(obstacle: nil, at: probing.advanced(by: CircuitBreaker.probePause))
        #expect(lanes.summary(again) == ["postpone h2"])
        // What waited for another reason until now has the new one recorded, once.
        lane.add(lanes.work("x", alert: "x", isRetry: true, parkedFor: .retry))
        #expect(lanes.next(&lane, probing.advanced(by: CircuitBreaker.probePause)) == ["park x circuitOpen"])
    }

    /// Ten a second come before, during and after an outage of two minutes, in which 1,200 pile up. Each comes again at
    /// the time that it was given. Counts attempts in each second.
    @Test func drainsWithoutAStorm() throws {
        let (tick, ticks): (Int64, Int64) = (50, 18_000)
        let outage = 60_000..<Int64(180_000)
        var lane = lane(LaneSettings(), [])
        var due: [Int64: [(id: String, reason: WebhookDelivery.Parking.Reason?)]] = [:]
        var attempts: [Int64: Int] = [:]
        var delivered = Set<String>()
        for moment in 0..<ticks {
            let clock = after(moment * tick)
            func comesBack(_ work: LaneWork, at until: Timestamp, for reason: WebhookDelivery.Parking.Reason?) {
                let then = max((until.since(now).milliseconds + tick - 1) / tick, moment + 1)
                due[then, default: []].append((work.request.id, reason))
            }
            if moment % 2 == 0 { lane.add(work("n\(moment)", at: clock)) }
            for (id, reason) in due.removeValue(forKey: moment) ?? [] {
                lane.add(work(id, at: clock, isRetry: true, parkedFor: reason))
            }
            var steps = lane.overdue(
                admittedBefore: clock.advanced(by: .seconds(-2)), at: clock, timeout: { _ in .seconds(30) })
            steps += lane.next(obstacle: nil, at: clock)
            while !steps.isEmpty {
                for step in steps {
                    switch step {
                    case .park(let work, let parking):
                        comesBack(work, at: try #require(parking.until), for: parking.reason)
                    case .postpone(let work, let until): comesBack(work, at: until, for: work.parkedFor)
                    case .attempt(let work):
                        attempts[moment * tick / 1000, default: 0] += 1
                        let isUp = !outage.contains(moment * tick)
                        _ = lane.end(work.request.id, succeeded: isUp, at: clock)
                        if isUp {
                            #expect(delivered.insert(work.request.id).inserted)
                            _ = lane.release(work)
                        } else {
                            lane.hold(work)
                            comesBack(work, at: clock.advanced(by: .seconds(60)), for: .retry)
                        }
                    }
                }
                steps = lane.next(obstacle: nil, at: clock)
            }
        }
        let peak = try #require(attempts.filter { $0.key >= 180 }.values.max())
        #expect(peak > 15 && peak <= 20, "\(peak) attempts within a second, at a steady rate of 10")
        let during = attempts.filter { (90..<180).contains($0.key) }.values.reduce(0, +)
        #expect(during < 10, "\(during) attempts while the circuit was open")
        let left = due.count
        #expect(left == 0)
        #expect(delivered.count == Int(ticks) / 2)
        #expect(lane.recovery == nil && lane.waiting.isEmpty)
    }

    /// A backlog comes back spread over the time that it takes at the pace of the target, not all at once.
    @Test func whatIsCrowdedOutComesBackAtThePaceOfTheTarget() {
        let start = lanes.now
        var lane = Lane(waiting: [:])
        lane.adopt(LaneSettings(concurrency: 4), at: start)
        // 40 a second for two seconds.
        for number in 0..<80 {
            let at = start.advanced(by: .milliseconds(25 * Int64(number)))
            lane.add(work("w\(number)", at: at))
            _ = lane.next(obstacle: nil, at: at)
            _ = lane.end("w\(number)", succeeded: true, at: at)
        }
        let now = start.advanced(by: .seconds(2))
        for number in 0..<300 { lane.add(work("r\(number)", at: now, isRetry: true, parkedFor: .busy)) }
        var times: [Int64] = []
        for case .postpone(_, let until) in lane.next(obstacle: nil, at: now) {
            times.append(until.since(now).milliseconds)
        }
        // Four are under way, about a second's worth stays in memory.
        #expect((240...270).contains(times.count), "\(times.count)")
        #expect(times == times.sorted() && Set(times).count == times.count)
        #expect(times.first! >= 250 && (4000...7000).contains(times.last!), "50 a second: \(times.last!) ms")
    }

    private func work(
        _ id: String, at: Timestamp, isRetry: Bool = false, parkedFor: WebhookDelivery.Parking.Reason? = nil
    ) -> LaneWork {
        LaneWork(
            request: lanes.work(id, alert: id).request, offset: isRetry ? nil : 1,
            state: .init(phase: isRetry ? .parked : .unknown), version: 0, admittedAt: at, isRetry: isRetry,
            isWaiting: isRetry, parkedFor: parkedFor)
    }
}
