import AlertCore
import TestSupport
import Testing

@testable import WebhookDispatcher

/// How a lane finds what can go: the same as by going through all that waits, without doing so.
@Suite(.inTurn)
struct LaneQueueTests {
    private let lanes = LaneTests()

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// The alerts of what comes, in order; with a `!`, it came from due work.
        let arrivals: [String]
        var settings = LaneSettings(concurrency: 2)
        /// What ends and how, one after the other: `+0` the first that came, delivered; `-1` the second, failed.
        let ends: [String]
        /// The places of what is attempted, and of what is parked behind others, as each of the calls says.
        let then: [String]
    }

    @Test(arguments: [
        Case(
            testDescription: "the earliest that may go, goes", arrivals: ["a", "a", "b", "c", "a"],
            ends: ["+0", "+2", "+1", "+3"], then: ["0 2", "1", "3", "4", ""]),
        Case(
            testDescription: "others pass an alert that has its turn", arrivals: ["a", "a", "a", "b", "c"],
            ends: ["+3", "+4"], then: ["0 3", "4", ""]),
        Case(
            testDescription: "what failed has those of its alert behind it", arrivals: ["a", "b", "a", "c", "a"],
            ends: ["-0", "+1"], then: ["0 1", "|2 3 |4", ""]),
        Case(
            testDescription: "without an order, one place is as good as another", arrivals: ["a", "a", "a"],
            settings: LaneSettings(concurrency: 2, isOrdered: false), ends: ["-1", "+0"], then: ["0 1", "2", ""]),
        Case(
            testDescription: "what comes from due work goes ahead of others of its alert",
            arrivals: ["!a", "!b", "b", "c"], ends: ["+0", "+1"], then: ["0 1 |2", "3", ""]),
        Case(
            testDescription: "what comes from due work does not fill the memory",
            arrivals: ["a", "!b", "!c", "!d"], settings: LaneSettings(concurrency: 1), ends: ["+0", "+1"],
            then: ["0 |3", "1", "2"]),
    ])
    func takes(_ row: Case) throws {
        var lane = Lane(waiting: [:])
        lane.adopt(row.settings, at: lanes.now)
        for (place, alert) in row.arrivals.enumerated() {
            let isRetry = alert.hasPrefix("!")
            let work = lanes.work(
                "\(place)", alert: String(alert.trimmingPrefix("!")), sequence: Int64(place), isRetry: isRetry)
            if isRetry { lane.hold(lanes.work("", alert: work.request.alert)) }
            lane.add(work)
        }
        var said = [brief(lane.next(obstacle: nil, at: lanes.now))]
        for end in row.ends {
            let ended = lane.end(String(end.dropFirst()), succeeded: true, at: lanes.now)
            let work = try #require(ended)
            if end.hasPrefix("+") { _ = lane.release(work) } else { lane.hold(work) }
            said.append(brief(lane.next(obstacle: nil, at: lanes.now)))
        }
        #expect(said == row.then)
    }

    private func brief(_ steps: [Lane.Step]) -> String {
        steps.map { step in
            switch step {
            case .attempt(let work): work.request.id
            case .park(let work, _), .postpone(let work, _): "|\(work.request.id)"
            }
        }.joined(separator: " ")
    }

    /// Whatever happens in whatever order, the lane says what walking through the queue says.
    @Test(arguments: 0..<150)
    func saysWhatAWalkSays(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var (lane, plain) = (Lane(waiting: [:]), WalkingLane())
        var parked: [String: LaneWork] = [:]
        func settle(_ work: LaneWork, fails: Bool) {
            if fails {
                lane.hold(work)
                plain.hold(work)
                var back = lanes.work(
                    work.request.id, alert: work.request.alert, sequence: work.request.sequence, isRetry: true)
                back.parkedFor = .retry
                parked[work.request.alert] = back
            } else {
                _ = lane.release(work)
                plain.release(work)
            }
        }
        for number in 0..<300 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let work = lanes.work(
                    "w\(number)", alert: "a\(number / 60)-\(Int.random(in: 0..<12, using: &generator))",
                    sequence: Int64(number))
                lane.add(work)
                plain.add(work)
            case 5..<8:
                guard let id = lane.running.keys.sorted().randomElement(using: &generator) else { continue }
                let ended = lane.end(id, succeeded: true, at: lanes.now)
                let work = try #require(ended)
                _ = plain.end(id, at: lanes.now)
                settle(work, fails: Bool.random(using: &generator) && parked[work.request.alert] == nil)
            case 8:
                guard let alert = parked.keys.sorted().randomElement(using: &generator),
                    !(plain.queue + plain.running.values).contains(where: { $0.request.alert == alert }),
                    let work = parked.removeValue(forKey: alert)
                else { continue }
                lane.add(work)
                plain.add(work)
            default:
                let settings = LaneSettings(
                    concurrency: Int.random(in: 3..<6, using: &generator),
                    isOrdered: Int.random(in: 0..<4, using: &generator) > 0)
                lane.adopt(settings, at: lanes.now)
                plain.settings = settings
            }
            let isOut = Int.random(in: 0..<40, using: &generator) == 0
            let obstacle = isOut ? WebhookDelivery.Parking(reason: .disabled, detail: "410", until: lanes.now) : nil
            let said = lanes.summary(lane.next(obstacle: obstacle, at: lanes.now))
            #expect(said == plain.next(obstacle: obstacle, at: lanes.now))
            #expect(lane.queue.works.map(\.request.id) == plain.queue.map(\.request.id))
            #expect(lane.waiting == plain.waiting)
        }
    }

    /// Twice as many that wait cost an attempt no more: counted in deliveries that are looked at, for all attempts of a
    /// queue that is worked off.
    @Test func anAttemptCostsNoMoreInALongQueue() {
        func looksPerAttempt(_ length: Int) -> Double {
            var lane = Lane(waiting: [:])
            for number in 0..<length {
                lane.add(lanes.work("w\(number)", alert: "a\(number % (length / 4))", sequence: Int64(number)))
            }
            var steps = lane.next(obstacle: nil, at: lanes.now)
            var attempts = 0
            while !steps.isEmpty {
                var next: [Lane.Step] = []
                for case .attempt(let work) in steps {
                    attempts += 1
                    _ = lane.end(work.request.id, succeeded: true, at: lanes.now)
                    next += lane.next(obstacle: nil, at: lanes.now)
                }
                steps = next
            }
            #expect(attempts == length && lane.queue.isEmpty)
            return Double(lane.queue.looks) / Double(length)
        }
        let (short, long) = (looksPerAttempt(200), looksPerAttempt(6400))
        // 32 times as long: five levels more of the heap.
        #expect(long <= short + 12, "\(short) looks per attempt at 200, \(long) at 6,400")
    }
}
