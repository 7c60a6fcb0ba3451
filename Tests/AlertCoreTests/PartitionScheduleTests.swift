import TestSupport
import Testing

@testable import AlertCore

struct PartitioningTests {
    /// Values of Apache Kafka's own tests (UtilsTest.testMurmur2).
    @Test(arguments: [
        ("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ])
    func agreesWithKafka(_ key: String, _ hash: Int) {
        let positive = hash & 0x7fff_ffff
        for count in [1, 4, 7, 64] { #expect(Partitioning.partition(of: key, count: count) == positive % count) }
    }
}

struct PartitionScheduleTests {
    static let schedule = PartitionSchedule([4, 6, 8])

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let key: String
        let generation: Int?
        let count: Int
    }

    @Test(arguments: [
        Case(testDescription: "a key without a generation", key: "a", generation: nil, count: 4),
        Case(testDescription: "the first generation", key: "a", generation: 0, count: 4),
        Case(testDescription: "a later one", key: "a", generation: 1, count: 6),
        Case(testDescription: "the newest", key: "a", generation: 2, count: 8),
        Case(testDescription: "one that nobody has raised counts as none", key: "a", generation: 3, count: 4),
    ])
    func goesByTheGeneration(_ row: Case) {
        for number in 0..<50 {
            let key = "\(row.key)\(number)"
            #expect(
                Self.schedule.partition(of: key, generation: row.generation)
                    == Partitioning.partition(of: key, count: row.count))
        }
    }

    @Test(
        arguments: [
            (16, nil), (9, nil), (256, nil), (8, "is 8, as many as there are."),
            (7, "is 7; there are 8, which cannot be lowered."), (0, "is 0; there are 8, which cannot be lowered."),
            (257, "is 257; 256 is the most."),
        ] as [(Int, String?)])
    func saysWhatItCannotBeRaisedTo(_ count: Int, _ refusal: String?) {
        #expect(Self.schedule.refusal(ofRaiseTo: count) == refusal)
    }

    /// Whatever is raised after an id was made, its partition stays.
    @Test func keepsThePartitionOfEachID() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let known = Int.random(in: 0..<6, using: &generator)
            var counts = [Int.random(in: 1...8, using: &generator)]
            while counts.count < 8 {
                counts.append(counts[counts.count - 1] + Int.random(in: 1...30, using: &generator))
            }
            let before = PartitionSchedule(Array(counts.prefix(known + 1)))
            let chance = (0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let time = Timestamp(milliseconds: Int64.random(in: 0..<(1 << 48), using: &generator))
            let id = DerivedID.stamped(
                at: time, generation: Int.random(in: 0...known, using: &generator), chance: chance)
            let old = DerivedID.uuid("old", "\(known)")
            for raises in known + 1...counts.count {
                let after = PartitionSchedule(Array(counts.prefix(raises)))
                #expect(after.partition(ofStamped: id) == before.partition(ofStamped: id))
                #expect(after.partition(ofStamped: old) == Partitioning.partition(of: old, count: counts[0]))
            }
        }
    }

    /// New ids are spread over all partitions that there are.
    @Test func usesNewPartitions() {
        let ids = (0..<400).map { number in
            DerivedID.stamped(
                at: Timestamp(milliseconds: 1_700_000_000_000), generation: 2,
                chance: [1, 2, 3, 4, 5, 6, UInt8(number >> 8), UInt8(number & 255)])
        }
        #expect(Set(ids.map { Self.schedule.partition(ofStamped: $0) }) == Set(0..<8))
    }
}

struct StampedIDTests {
    static let request = "018bcfe5-6800-7002-8102-030405060708"

    @Test func saysItsTimeAndGeneration() {
        let id = DerivedID.stamped(
            at: Timestamp(milliseconds: 1_700_000_000_000), generation: 2, chance: [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(id == Self.request)
        #expect(DerivedID.generation(of: id) == 2)
    }

    @Test(arguments: [0, 1, 255, 256, 4095])
    func readsWhatWasWritten(_ generation: Int) {
        let id = DerivedID.stamped(
            at: Timestamp(milliseconds: 5), generation: generation, chance: [UInt8](repeating: 255, count: 8))
        #expect(DerivedID.generation(of: id) == generation)
    }

    /// A golden value: alerts of a request that is run again after an upgrade have the ids that they had.
    @Test func derivesTheSameIDAgain() {
        let id = DerivedID.stamped(like: Self.request, generation: 2, "alert", Self.request, "0")
        #expect(id == "018bcfe5-6800-7002-8282-7aad54c789e2")
        #expect(DerivedID.stamped(like: Self.request, generation: 2, "alert", Self.request, "1") != id)
    }

    @Test(arguments: [
        "", "a-1", "018bcfe5-6800-8002-8102-030405060708", "018bcfe568007002810203040506070",
        "018BCFE5-6800-7002-8102-030405060708", "018bcfe5-6800-7002-8102-03040506070g",
    ])
    func othersHaveNone(_ id: String) {
        #expect(DerivedID.generation(of: id) == nil)
        #expect(DerivedID.stamped(like: id, generation: 0, "alert") == nil)
    }
}
