import AlertCore
import Persistence
import TestSupport
import Testing

/// What waits for the broker, in its order.
@Suite struct SpoolTests {
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)
    private static let limits = Spool.Limits(messages: 1000, bytes: 100_000)
    private let partition = "alert-commands/3"

    private func entries(_ bodies: Range<Int>) -> [Spool.Entry] {
        bodies.map { Spool.Entry(key: "k", headers: ["n": "\($0)"], body: "\($0)") }
    }

    private func bodies(_ connection: any SQLConnection) throws -> [String] {
        try Spool(connection).read(partition, from: 0, limit: 1000).map(\.entry.body)
    }

    @Test(arguments: Backend.available)
    func whatIsPutBeforeTheOthersComesFirst(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await database.transaction { [self] connection in
            let spool = Spool(connection)
            try spool.prepend(entries(0..<2), to: partition, at: Self.now)
            #expect(try bodies(connection) == ["0", "1"])
            _ = try spool.append(entries(2..<9), to: partition, limits: Self.limits, at: Self.now)
            let third = try spool.read(partition, from: 0, limit: 3)[2].number
            try spool.remove(partition, before: third)
            try spool.prepend(entries(100..<150), to: partition, at: Self.now)
            try spool.prepend(entries(200..<201), to: partition, at: Self.now)
            _ = try spool.append(entries(300..<301), to: partition, limits: Self.limits, at: Self.now)
            let expected = [200..<201, 100..<150, 2..<9, 300..<301].flatMap { $0.map(String.init) }
            #expect(try bodies(connection) == expected)
            let numbers = try spool.read(partition, from: 0, limit: 1000).map(\.number)
            #expect(numbers == Array(numbers[0]..<numbers[0] + Int64(numbers.count)))
            #expect(numbers[0] > third, "no number that a reader may have had is given again")
            #expect(try spool.content().messages == [partition: expected.count])
        }
        await database.close()
    }
}
