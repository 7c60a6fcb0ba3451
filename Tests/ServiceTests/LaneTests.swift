import AlertCore
import TestSupport
import Testing

@testable import WebhookDispatcher

/// What a lane does with its deliveries: order per alert, nothing behind a slow target.
@Suite(.inTurn)
struct LaneTests {
    let now = Timestamp(milliseconds: 1_790_000_000_000)

    func work(
        _ id: String, alert: String, sequence: Int64 = 1, isRetry: Bool = false,
        parkedFor: WebhookDelivery.Parking.Reason? = nil
    ) -> LaneWork {
        LaneWork(
            request: WebhookDelivery.Request(
                id: id, integration: NamedReference(id: "i", name: "I"), trigger: .status, alert: alert, alertNumber: 1,
                sequence: sequence, payload: "{}", correlation: "r"),
            offset: isRetry ? nil : sequence, state: .init(phase: isRetry ? .parked : .unknown), version: 0,
            admittedAt: now, isRetry: isRetry, isWaiting: isRetry, parkedFor: parkedFor)
    }

    func summary(_ steps: [Lane.Step]) -> [String] {
        steps.map { step in
            switch step {
            case .attempt(let work): "attempt \(work.request.id)"
            case .park(let work, let parking): "park \(work.request.id) \(parking.reason.rawValue)"
            case .postpone(let work, _): "postpone \(work.request.id)"
            }
        }
    }

    func next(_ lane: inout Lane, _ time: Timestamp, _ obstacle: WebhookDelivery.Parking? = nil) -> [String] {
        summary(lane.next(obstacle: obstacle, at: time))
    }

    @Test func keepsTheOrderOfAnAlertAndLetsOthersPass() {
        var lane = Lane(waiting: [:])
        for entry in [work("a1", alert: "a"), work("a2", alert: "a", sequence: 2), work("b1", alert: "b")] {
            lane.add(entry)
        }
        #expect(next(&lane, now) == ["attempt a1", "attempt b1"])
        #expect(next(&lane, now) == [])
        _ = lane.end("a1", succeeded: true, at: now)
        #expect(next(&lane, now) == ["attempt a2"])
    }

    @Test func parksBehindWhatWaits() throws {
        var lane = Lane(waiting: ["a": 1])
        lane.add(work("a2", alert: "a", sequence: 2))
        lane.add(work("b1", alert: "b"))
        #expect(next(&lane, now) == ["park a2 behind", "attempt b1"])
        #expect(lane.waiting == ["a": 2])
        lane.add(work("a1", alert: "a", isRetry: true))
        #expect(next(&lane, now) == ["attempt a1"])
        let ended = lane.end("a1", succeeded: true, at: now)
        let othersWait = lane.release(try #require(ended))
        #expect(othersWait)
        #expect(lane.waiting == ["a": 1])
    }

    @Test func parksWhatIsSlowAndGoesOnWithIt() {
        var lane = Lane(waiting: [:])
        lane.add(work("a1", alert: "a"))
        lane.add(work("a2", alert: "a", sequence: 2))
        _ = lane.next(obstacle: nil, at: now)
        let later = now.advanced(by: .seconds(3))
        let steps = lane.overdue(admittedBefore: now, at: later, timeout: { _ in .seconds(30) })
        #expect(summary(steps) == ["park a1 slow", "park a2 behind"])
        #expect(lane.running["a1"] != nil && lane.running["a1"]?.offset == nil)
        #expect(lane.waiting == ["a": 2])
        if case .park(_, let parking) = steps[0] {
            #expect(parking.until == later.advanced(by: .seconds(35)))  // when the attempt must have ended
        }
        let again = lane.overdue(admittedBefore: now, at: later, timeout: { _ in .seconds(30) })
        #expect(again.isEmpty)
    }

    /// Of several of one alert, only the first gets a time; so they cannot overtake each other.
    @Test func parksInOrder() {
        let obstacle = WebhookDelivery.Parking(reason: .disabled, detail: "410", until: now)
        var lane = Lane(waiting: [:])
        for number in 1...3 { lane.add(work("a\(number)", alert: "a", sequence: Int64(number))) }
        #expect(next(&lane, now, obstacle) == ["park a1 disabled", "park a2 behind", "park a3 behind"])
        #expect(lane.waiting == ["a": 3])
    }

    @Test func stopsWhereAllPlacesHang() {
        var lane = Lane(waiting: [:])
        for number in 0..<DeliverySettings.usualConcurrency { lane.add(work("w\(number)", alert: "w\(number)")) }
        lane.add(work("next", alert: "n"))
        #expect(next(&lane, now).count == DeliverySettings.usualConcurrency)
        #expect(lane.queue.works.map(\.request.id) == ["next"])
        _ = lane.overdue(admittedBefore: now.advanced(by: .seconds(-1)), at: now, timeout: { _ in .seconds(30) })
        _ = lane.overdue(admittedBefore: now, at: now.advanced(by: .seconds(3)), timeout: { _ in .seconds(30) })
        lane.add(work("late", alert: "l"))
        #expect(next(&lane, now) == ["park late busy"])
    }

    @Test func opensTheCircuitAndProbes() {
        var lane = Lane(waiting: [:])
        for number in 0..<CircuitBreaker.failureLimit {
            lane.add(work("f\(number)", alert: "f\(number)"))
            _ = lane.next(obstacle: nil, at: now)
            _ = lane.end("f\(number)", succeeded: false, at: now)
        }
        lane.add(work("last", alert: "last"))
        _ = lane.next(obstacle: nil, at: now)
        let now = now.advanced(by: CircuitBreaker.failureTime)
        _ = lane.end("last", succeeded: false, at: now)
        lane.add(work("x", alert: "x"))
        #expect(next(&lane, now) == ["park x circuitOpen"])
        let after = now.advanced(by: CircuitBreaker.firstPause)
        lane.add(work("x", alert: "x", isRetry: true))
        lane.add(work("y", alert: "y", isRetry: true))
        #expect(next(&lane, after) == ["attempt x", "park y circuitOpen"])
        _ = lane.end("x", succeeded: true, at: after)
        lane.add(work("y", alert: "y", isRetry: true))
        #expect(next(&lane, after) == ["attempt y"])
    }

    @Test func parksEverythingWhileThereIsNoTarget() {
        var lane = Lane(waiting: [:])
        lane.add(work("a", alert: "a"))
        let obstacle = WebhookDelivery.Parking(reason: .disabled, detail: "410", until: now)
        #expect(next(&lane, now, obstacle) == ["park a disabled"])
    }
}
