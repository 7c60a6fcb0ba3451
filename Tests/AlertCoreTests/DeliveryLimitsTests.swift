import Testing

@testable import AlertCore

private let start = Timestamp(milliseconds: 1_790_000_000_000)

private func after(_ milliseconds: Int64) -> Timestamp { start.advanced(by: .milliseconds(milliseconds)) }

struct TokenBucketTests {
    /// How many begin within three seconds when somebody asks every millisecond.
    @Test(arguments: [(0.5, 2), (1, 4), (5, 16), (10, 31), (40, 124), (1000, 3100)])
    func keepsTheRate(_ rate: Double, _ expected: Int) {
        var bucket = TokenBucket(perSecond: rate, at: start)
        let taken = (0...3000).reduce(into: 0) { taken, millisecond in
            while bucket.take(at: after(Int64(millisecond))) { taken += 1 }
        }
        #expect(abs(taken - expected) <= 1, "\(taken)")
    }

    @Test func saysHowLongItTakes() {
        var bucket = TokenBucket(perSecond: 4, at: start)
        #expect(bucket.wait(at: start) == .zero)
        let taken = (bucket.take(at: start), bucket.take(at: start))
        #expect(taken == (true, false))
        #expect(bucket.wait(at: start) == .milliseconds(250))
        #expect(bucket.wait(at: after(100)) == .milliseconds(150))
        #expect(bucket.wait(at: after(250)) == .zero)
        let later = bucket.take(at: after(250))
        #expect(later)
        bucket.change(perSecond: 1, at: after(250))
        #expect(bucket.wait(at: after(250)) == .seconds(1))
        // A clock that goes back gives nothing and takes nothing.
        #expect(bucket.wait(at: start) == .seconds(1))
    }

    @Test func measuresWhatComes() {
        var meter = RateMeter()
        #expect(meter.perSecond(at: start) == 0)
        meter.count(at: start)
        #expect(meter.perSecond(at: start) == 0.1)  // one is no rate yet
        for second in 1..<300 { for _ in 0..<20 { meter.count(at: after(Int64(second) * 1000)) } }
        #expect(abs(meter.perSecond(at: after(299_000)) - 20) < 1)
        #expect(meter.perSecond(at: after(400_000)) == 0)
        for second in 400..<460 { meter.count(at: after(Int64(second) * 1000)) }
        #expect(abs(meter.perSecond(at: after(459_000)) - 1) < 0.2)
    }
}

struct RecoveryTests {
    /// The steady rate, and how many attempts a second there are at most.
    @Test(arguments: [(0.0, 5.0), (1, 5), (2.5, 5), (10, 18), (200, 360)])
    func isBoundedByTwiceTheSteadyRate(_ steady: Double, _ limit: Double) {
        #expect(Recovery.limit(steady: steady) == limit)
        #expect(Recovery.returnRate(steady: steady) == limit - steady)
        var recovery = Recovery(steady: steady, at: start)
        var begun: [Int64] = []
        for millisecond in 0..<Int64(5000) where recovery.wait(steady: steady, at: after(millisecond)) == .zero {
            recovery.began(at: after(millisecond))
            begun.append(millisecond)
        }
        for window in stride(from: Int64(0), to: 4000, by: 500) {
            let count = begun.count { (window..<window + 1000).contains($0) }
            #expect(Double(count) <= max(2 * steady, limit + 1), "\(count) within a second")
        }
        #expect(Double(begun.count) > limit * 4, "\(begun.count) in all: it does not use what it may")
    }

    @Test func beginsWithOneAndEndsWhenItIsCalm() {
        var recovery = Recovery(steady: 0, at: start)
        #expect(recovery.concurrency == 1)
        recovery.succeeded()
        recovery.succeeded()
        #expect(recovery.concurrency == 3)
        #expect(!recovery.isOver(at: after(29_999)) && recovery.isOver(at: after(30_000)))
        recovery.began(at: after(20_000))
        #expect(recovery.wait(steady: 0, at: after(20_000)) > .zero)  // kept back
        #expect(!recovery.isOver(at: after(30_000)) && recovery.isOver(at: after(50_000)))
    }

    @Test func givesTimesOneAfterTheOther() {
        var times = ReturnTimes()
        let given = (0..<4).map { _ in times.next(notBefore: start, perSecond: 5) }
        #expect(given == [start, after(200), after(400), after(600)])
        #expect(times.next(notBefore: after(10_000), perSecond: 5) == after(10_000))
        var last = start
        for _ in 0..<20_000 { last = max(last, times.next(notBefore: start, perSecond: 5)) }
        #expect(last <= after(3_600_000))
        var short = ReturnTimes(longest: .seconds(10))
        let shortLast = (0..<1000).map { _ in short.next(notBefore: start, perSecond: 5) }.max()
        #expect(shortLast == after(10_000))
    }

    @Test(arguments: [(perSecond: 4, seconds: 1), (20, 1), (320, 1), (320, 20)])
    func knowsThePaceOfAttempts(_ perSecond: Int, _ seconds: Int) {
        var pace = AttemptPace()
        #expect(pace.perSecond(at: start) == 0)
        for index in 0..<perSecond * seconds { pace.ended(at: after(Int64(index * 1000 / perSecond))) }
        let end = after(Int64(seconds) * 1000)
        #expect(abs(pace.perSecond(at: end) / Double(perSecond) - 1) < 0.25)
        #expect(pace.perSecond(at: end.advanced(by: .seconds(20))) < Double(perSecond) / 1000, "it is forgotten")
    }
}

struct FailureSpanTests {
    @Test func lastsFromTheFirstFailureToTheNextSuccess() {
        var span = FailureSpan()
        #expect(span.record(success: true, inServiceSince: nil, at: start) == nil)
        #expect(span.record(success: false, inServiceSince: nil, at: after(1)) == .began(at: after(1)))
        #expect(span.record(success: false, inServiceSince: nil, at: after(5)) == nil)
        #expect(span.since == after(1))
        #expect(!span.isOver(.seconds(1), at: after(1000)) && span.isOver(.seconds(1), at: after(1001)))
        #expect(!span.isOver(nil, at: after(1_000_000)))
        #expect(span.record(success: true, inServiceSince: nil, at: after(6)) == .ended)
        #expect(span.since == nil && !span.isOver(.zero, at: after(6)))
    }

    @Test func beginsAnewWhenSomebodyPutsItBackIntoService() {
        var span = FailureSpan(since: start)
        #expect(span.record(success: false, inServiceSince: after(-10), at: after(50)) == nil)
        #expect(span.record(success: false, inServiceSince: after(100), at: after(200)) == .began(at: after(200)))
        #expect(span.record(success: false, inServiceSince: after(100), at: after(300)) == nil)
        span.forget()
        #expect(span.since == nil)
    }
}
