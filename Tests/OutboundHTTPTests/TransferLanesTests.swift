import Testing

@testable import OutboundHTTP

struct TransferLanesTests {
    @Test func oneLaneIsFirstInFirstOut() {
        var lanes = TransferLanes<Int>(activeLimit: 10, laneActiveLimit: 2)
        for number in 1...4 { lanes.append(number, to: "a") }
        #expect([lanes.next(), lanes.next(), lanes.next()] == [1, 2, nil])
        lanes.finish("a")
        #expect([lanes.next(), lanes.next()] == [3, nil])
        #expect(lanes.active == 2)
        #expect(lanes.waiting == 1)
    }

    @Test func lanesTakeTurns() {
        var lanes = TransferLanes<String>(activeLimit: 4, laneActiveLimit: 4)
        for name in ["a1", "a2", "a3", "a4"] { lanes.append(name, to: "a") }
        lanes.append("b1", to: "b")
        #expect((0..<5).map { _ in lanes.next() } == ["a1", "b1", "a2", "a3", nil])
        lanes.finish("b")
        #expect(lanes.next() == "a4")
    }

    @Test func whatIsRemovedDoesNotRun() {
        var lanes = TransferLanes<Int>(activeLimit: 1, laneActiveLimit: 1)
        for number in 1...5 { lanes.append(number, to: number == 5 ? "b" : "a") }
        #expect(lanes.next() == 1)
        #expect(lanes.removeWaiting { $0 % 2 == 0 || $0 == 5 }.sorted() == [2, 4, 5])
        lanes.finish("a")
        #expect(lanes.next() == 3)
        lanes.finish("a")
        #expect(lanes.next() == nil)
        lanes.append(6, to: "b")
        #expect(lanes.next() == 6)
    }
}
