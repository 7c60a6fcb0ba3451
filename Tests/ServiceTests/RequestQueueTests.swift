import AlertCore
import Messaging
import Testing

@testable import Ingest

@Suite(.inTurn)
struct RequestQueueTests {
    private static let start = Timestamp(milliseconds: 1_000_000)

    private static func request(_ id: String, of integration: String) -> InboundRequestMessage {
        InboundRequestMessage(
            requestId: id, integration: integration, receivedAt: Timestamp(milliseconds: 0), method: "POST",
            headers: [:],
            parameters: [:], body: "", remoteAddress: "", person: "p")
    }

    private static func entry(_ id: String, of integration: String) -> RequestQueue.Entry {
        RequestQueue.Entry(message: request(id, of: integration), offset: nil)
    }

    private static func started(_ queue: inout RequestQueue) -> [String] {
        var ids: [String] = []
        while let next = queue.startNext() { ids.append(next.message.requestId) }
        return ids
    }

    @Test func integrationsTakeTurnsAndEachHasItsPlaces() {
        var queue = RequestQueue()
        for number in 0..<20 { queue.add(Self.entry("a\(number)", of: "a")) }
        for number in 0..<2 { queue.add(Self.entry("b\(number)", of: "b")) }
        let started = Self.started(&queue)
        #expect(started.prefix(4) == ["a0", "b0", "a1", "b1"])
        #expect(started.count == RequestQueue.places + 2)
        #expect(queue.contains("a8") && !queue.contains("a7"))

        queue.release(Self.request("a0", of: "a"), at: Self.start)
        #expect(Self.started(&queue) == ["a8"])
    }

    @Test func aRequestIsTakenOnce() {
        var queue = RequestQueue()
        for _ in 0..<2 { queue.add(Self.entry("a", of: "a")) }
        #expect(Self.started(&queue) == ["a"])
    }

    @Test func theLastOfTooManyArePutAside() {
        var queue = RequestQueue()
        for number in 0..<(RequestQueue.limit + 3) { queue.add(Self.entry("a\(number)", of: "a")) }
        queue.add(Self.entry("b", of: "b"))
        let taken = queue.takeExcess(at: Self.start)
        let excess = taken.map(\.entry.message.requestId)
        #expect(excess == ["a\(RequestQueue.limit)", "a\(RequestQueue.limit + 1)", "a\(RequestQueue.limit + 2)"])
        #expect(
            !queue.contains(excess[0]) && queue.contains("b") && queue.takeExcess(at: Self.start).isEmpty)
    }

    /// What is put aside comes back when those that wait are through, one after the other, somewhat faster.
    @Test(arguments: [100, 0])
    func whatIsPutAsideComesBackAtThePaceOfItsIntegration(perSecond: Int) {
        var queue = RequestQueue()
        let count = 10 * perSecond + RequestQueue.limit + 1400
        for number in 0..<count { queue.add(Self.entry("a\(number)", of: "a")) }
        for number in 0..<(10 * perSecond) {
            _ = queue.startNext()
            let time = Self.start.advanced(by: .milliseconds(number * 1000 / max(1, perSecond)))
            queue.release(Self.request("a\(number)", of: "a"), at: time)
        }
        let now = Self.start.advanced(by: .seconds(10))
        let times = queue.takeExcess(at: now).map { $0.returnsAt.since(now).milliseconds }
        #expect(times.count == 1400)
        if perSecond > 0 {
            #expect(times == times.sorted())
            #expect(abs(times[0] - 4000) < 500 && abs(times[1399] - 13_333) < 1500)
        } else {
            #expect(times.allSatisfy { (30_000...60_000).contains($0) })
        }
    }

    @Test func manyGoThroughInTheirOrder() {
        var queue = RequestQueue()
        let ids = (0..<1000).map { "a\($0)" }
        ids.forEach { queue.add(Self.entry($0, of: "a")) }
        var seen: [String] = []
        while seen.count < ids.count {
            let next = Self.started(&queue)
            seen += next
            next.forEach { queue.release(Self.request($0, of: "a"), at: Self.start) }
        }
        #expect(seen == ids && queue.startNext() == nil)
    }
}
