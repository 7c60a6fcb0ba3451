import AlertCore
import Persistence
import TestSupport
import Testing

/// Keys of writes that may be repeated, on every database.
struct IdempotencyKeysTests {
    static let noon = Timestamp(milliseconds: 1_790_000_000_000)

    private static func take(
        _ key: String, of caller: String = "ann", for request: String = "r", after passed: Duration = .zero,
        in database: any SQLDatabase
    ) async throws -> IdempotencyKeys.Entry {
        try await database.transaction {
            try IdempotencyKeys($0).take(key, of: caller, for: request, at: noon.advanced(by: passed))
        }
    }

    @Test(arguments: Backend.available) func areTakenOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let first = try await Self.take("k", in: database)
            let second = try await Self.take("k", after: .seconds(1), in: database)
            let other = try await Self.take("k", for: "other", in: database)
            let ofSomebodyElse = try await Self.take("k", of: "ben", in: database)
            #expect(first == .taken && second == .underWay && other == .otherRequest && ofSomebodyElse == .taken)
        }
    }

    @Test(arguments: Backend.available) func haveTheAnswerForADay(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            _ = try await Self.take("k", in: database)
            try await database.transaction {
                try IdempotencyKeys($0).answer("k", of: "ann", status: 201, body: "sealed")
            }
            let hours = Duration.seconds(3600)
            let again = try await Self.take("k", after: hours * 23, in: database)
            let nextDay = try await Self.take("k", after: hours * 25, in: database)
            #expect(again == .answered(status: 201, body: "sealed") && nextDay == .taken)
        }
    }

    @Test(arguments: Backend.available) func withoutAnAnswerAreNeverCarriedOutAgain(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            _ = try await Self.take("k", in: database)
            let later = try await Self.take("k", after: .seconds(121), in: database)
            #expect(later == .unknown(begunAt: Self.noon))
        }
    }

    @Test(arguments: Backend.available) func thatAreGivenBackAreFree(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            _ = try await Self.take("k", in: database)
            try await database.transaction { try IdempotencyKeys($0).release("k", of: "ann") }
            let again = try await Self.take("k", for: "other", in: database)
            #expect(again == .taken)
        }
    }

    @Test(arguments: Backend.available) func areBoundedAndSweptOut(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.transaction { connection in
                let keys = IdempotencyKeys(connection)
                for number in 0..<IdempotencyKeys.limit {
                    _ = try connection.execute(
                        """
                        INSERT INTO idempotency_keys (caller, key, request, begun_at)
                        VALUES (\("ann"), \("k\(number)"), \("r"), \(Self.noon.milliseconds))
                        """)
                }
                let one = try keys.take("one too many", of: "ann", for: "r", at: Self.noon)
                #expect(one == .full)
            }
            let ofSomebodyElse = try await Self.take("k", of: "ben", in: database)
            let nextDay = try await Self.take("new", after: .seconds(90_000), in: database)
            // A hundred at a time are swept out.
            let left = try await database.reading {
                try $0.execute("SELECT COUNT(*) FROM idempotency_keys")[0].integer(0)
            }
            #expect(ofSomebodyElse == .taken && nextDay == .taken)
            #expect(left == Int64(IdempotencyKeys.limit) + 2 - 100)
        }
    }
}
