import Messaging
import Testing

/// What a reader makes of a broker's log: it reads on, passes over, or finds that the log is another one.
struct LogPlaceTests {
    /// Reads messages whose time is `time`, and says which are wanted.
    private func read(_ offsets: Range<Int64>, time: Int64 = 1, by place: inout LogPlace) -> [LogPlace.Verdict] {
        offsets.map { place.take($0, MessageMark(offset: $0, time: time)) }
    }

    @Test func whatFollowsTheCheckpointIsWanted() {
        var place = LogPlace()
        #expect(place.start(at: 5, after: nil) == 5)
        #expect(place.isHeld)
        place.begin(at: 5, isCut: false)
        place.goOn()
        #expect(read(5..<8, by: &place) == [.wanted, .wanted, .wanted])
        #expect(place.nextOffset == 8 && place.mark(before: 7) == "6@1")
        #expect(place.take(6, MessageMark(offset: 6, time: 1)) == .passedOver)
    }

    @Test func theMessageBeforeTheCheckpointIsReadToKnowTheLogAgain() {
        var place = LogPlace()
        #expect(place.start(at: 5, after: "4@1") == 4)
        place.begin(at: 4, isCut: false)
        place.goOn()
        #expect(read(4..<6, by: &place) == [.passedOver, .wanted])
    }

    @Test(arguments: [(Int64(5), "4@1", Int64(0)), (30_005, "30004@1", 20_004)])
    func anotherMessageThereIsAnotherLog(checkpoint: Int64, mark: String, end: Int64) {
        var place = LogPlace()
        let beginning = place.start(at: checkpoint, after: mark)
        place.begin(at: beginning, isCut: false)
        place.goOn()
        let cut = LogCut(end: end, position: checkpoint)
        #expect(place.take(beginning, MessageMark(offset: beginning, time: 2)) == .otherLog(cut))
        #expect(place.isHeld && place.nextOffset == end)
        place.begin(at: end, isCut: false)
        place.goOn()
        #expect(place.take(end, MessageMark(offset: end, time: 2)) == .wanted, "offsets count anew from there")
    }

    /// After a lost connection, what was handed out last has to come again, and then what was not handed out.
    @Test func inDoubtTheLastOneIsReadAgain() {
        var place = LogPlace()
        _ = place.start(at: 0, after: nil)
        place.goOn()
        _ = read(0..<6, by: &place)
        place.commit(next: 4)
        #expect(place.doubt() == 5)
        place.begin(at: 5, isCut: false)
        place.goOn()
        #expect(read(5..<8, by: &place) == [.passedOver, .wanted, .wanted])
    }

    @Test func aLogThatEndsEarlierIsReadFromItsEnd() {
        var place = LogPlace()
        _ = place.start(at: 0, after: nil)
        place.goOn()
        _ = read(0..<6, by: &place)
        #expect(place.doubt() == 5)
        #expect(place.missed() == 5)
        place.begin(at: 2, isCut: true)
        place.goOn()
        #expect(read(2..<4, time: 2, by: &place) == [.wanted, .wanted])
        #expect(place.mark(before: 6) == "3@2")
    }
}
