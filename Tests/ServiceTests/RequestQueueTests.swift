import AlertCore
import Messaging
import Testing

@testable import Ingest

@Suite(.inTurn)
struct RequestQueueTests {
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

        queue.release(Self.request("a0", of: "a"))
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
        let taken = queue.takeExcess(after: .milliseconds(500))
        let excess = taken.map(\.entry.message.requestId)
        #expect(taken.allSatisfy { $0.returnsAfter == RequestQueue.longest })
        #expect(excess == ["a\(RequestQueue.limit)", "a\(RequestQueue.limit + 1)", "a\(RequestQueue.limit + 2)"])
        #expect(
            !queue.contains(excess[0]) && queue.contains("b") && queue.takeExcess(after: .milliseconds(500)).isEmpty)
    }

    /// What an integration gets through in ten seconds may wait, and the rest comes back when that is through.
    @Test func moreMayWaitForAnIntegrationThatIsQuick() {
        var queue = RequestQueue()
        for number in 0..<2000 { queue.add(Self.entry("a\(number)", of: "a")) }
        for number in 0..<50 {
            _ = queue.startNext()
            queue.release(Self.request("a\(number)", of: "a"))
        }
        let excess = queue.takeExcess(after: .milliseconds(500))
        #expect(excess.count == 950 && excess.first?.entry.message.requestId == "a1050")
        #expect(excess.allSatisfy { $0.returnsAfter == .seconds(10) })
        // It stands still for a while: fewer may wait, and longer.
        for _ in 0..<30 { _ = queue.takeExcess(after: .milliseconds(500)) }
        queue.add(Self.entry("last", of: "a"))
        let last = queue.takeExcess(after: .milliseconds(500))
        #expect(last.map(\.entry.message.requestId) == ["last"] && last[0].returnsAfter == RequestQueue.longest)
    }

    @Test func manyGoThroughInTheirOrder() {
        var queue = RequestQueue()
        let ids = (0..<1000).map { "a\($0)" }
        ids.forEach { queue.add(Self.entry($0, of: "a")) }
        var seen: [String] = []
        while seen.count < ids.count {
            let next = Self.started(&queue)
            seen += next
            next.forEach { queue.release(Self.request($0, of: "a")) }
        }
        #expect(seen == ids && queue.startNext() == nil)
    }
}
