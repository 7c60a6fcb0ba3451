import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

@testable import Messaging

/// What a process remembers of what it has published.
@Suite(.timeLimit(.minutes(2)))
struct PartitionTailTests {
    private static func batch(_ offsets: Range<Int64>, size: Int = 1) -> [Message] {
        offsets.map { Message(offset: $0, key: "k", body: String(repeating: "x", count: size)) }
    }

    /// - Returns: The offsets; empty when there is nothing; `nil` when the database has to be asked.
    private static func offsets(_ tail: PartitionTail, from offset: Int64, max: Int = 1000) -> [Int64]? {
        switch tail.read(from: offset, max: max) {
        case .messages(let messages): messages.map(\.offset)
        case .nothing: []
        case .unknown: nil
        }
    }

    @Test func givesWhatWasAddedInOrder() {
        let tail = PartitionTail()
        #expect(Self.offsets(tail, from: 0) == nil)
        tail.add(Self.batch(10..<13))
        #expect(Self.offsets(tail, from: 10) == [10, 11, 12])
        #expect(Self.offsets(tail, from: 11, max: 1) == [11])
        #expect(Self.offsets(tail, from: 13) == [])
        #expect(Self.offsets(tail, from: 9) == nil && Self.offsets(tail, from: 14) == nil)
    }

    /// Commits come back in any order; a reader never passes over one that is not there yet.
    @Test func waitsForBatchesBefore() {
        let tail = PartitionTail()
        tail.add(Self.batch(0..<2))
        tail.add(Self.batch(4..<6))
        #expect(Self.offsets(tail, from: 0) == [0, 1] && Self.offsets(tail, from: 2) == [])
        tail.add(Self.batch(2..<4))
        #expect(Self.offsets(tail, from: 1) == [1, 2, 3, 4, 5])
    }

    @Test func whatWasBeforeTheFirstIsInTheDatabaseOnly() {
        let tail = PartitionTail()
        tail.add(Self.batch(4..<6))
        tail.add(Self.batch(2..<4))
        #expect(Self.offsets(tail, from: 4) == [4, 5] && Self.offsets(tail, from: 2) == nil)
    }

    /// As after a database was put back to an earlier state.
    @Test func whatHasOffsetsAgainReplacesTheRest() {
        let tail = PartitionTail()
        tail.add(Self.batch(0..<6))
        tail.add(Self.batch(3..<4, size: 2))
        #expect(Self.offsets(tail, from: 2) == nil && Self.offsets(tail, from: 3) == [3])
        #expect(Self.offsets(tail, from: 4) == [] && Self.offsets(tail, from: 6) == nil)
        tail.noteRead(upTo: 6, isEmpty: true)
        #expect(Self.offsets(tail, from: 4) == [])
    }

    /// What another process has published is in the database only.
    @Test func goesOnBehindWhatTheDatabaseGave() {
        let tail = PartitionTail()
        tail.add(Self.batch(0..<2))
        tail.add(Self.batch(3..<4))
        tail.noteRead(upTo: 3, isEmpty: false)
        #expect(Self.offsets(tail, from: 0) == nil && Self.offsets(tail, from: 2) == nil)
        #expect(Self.offsets(tail, from: 3) == [3])
        tail.noteRead(upTo: 2, isEmpty: false)
        #expect(Self.offsets(tail, from: 3) == [3])
    }

    @Test func aBatchThatNeverComesHoldsUpOnlySome() {
        let tail = PartitionTail()
        tail.add(Self.batch(0..<1))
        for offset in 2..<80 { tail.add(Self.batch(Int64(offset)..<Int64(offset + 1))) }
        #expect(Self.offsets(tail, from: 1) == nil)
        #expect(Self.offsets(tail, from: 2) == Array(2..<80))
    }

    @Test func isBounded() {
        let tail = PartitionTail()
        for start in 0..<20 { tail.add(Self.batch(Int64(start * 100)..<Int64(start * 100 + 100))) }
        let kept = Self.offsets(tail, from: 1900) ?? []
        #expect(kept == Array(1900..<2000) && Self.offsets(tail, from: 1400) == nil)
        tail.add(Self.batch(2000..<2004, size: 300_000))
        #expect(Self.offsets(tail, from: 2002) == nil && Self.offsets(tail, from: 2004) == [])
    }

    /// Several groups read one partition, and another process publishes to it: each reader gets everything, in order.
    @Test func allReadersGetEverything() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        let bus = EmbeddedBus(database: database, partitionCount: 1)
        let other = EmbeddedBus(database: database, partitionCount: 1)
        var readers: [Reader] = []
        for group in ["a", "b", "c"] {
            readers.append(
                Reader(of: try await bus.subscribe(to: [.alertCommands], as: ConsumerGroup(group))))
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for task in 0..<4 {
                tasks.addTask {
                    for number in 0..<100 {
                        let message = OutgoingMessage(key: "\(task)", body: "\(number)")
                        try await (number % 10 == 3 && task == 0 ? other : bus).publish([message], to: .alertCommands)
                    }
                }
            }
            try await tasks.waitForAll()
        }
        for reader in readers {
            try await eventually("400 messages") { await reader.messages.count == 400 }
            #expect(await reader.messages.map(\.offset) == (0..<400).map(Int64.init))
            for task in 0..<4 {
                let bodies = await reader.messages.filter { $0.key == "\(task)" }.map(\.body)
                #expect(bodies == (0..<100).map(String.init))
            }
            await reader.close()
        }
        await bus.close()
        await other.close()
    }
}
