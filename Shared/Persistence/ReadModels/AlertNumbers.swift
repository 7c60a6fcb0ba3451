import Foundation

/// Numbers for alerts, each fixed under a key before the alert is made, so that whatever is repeated after a crash
/// gets the same one. Takes numbers in blocks, so that processes do not wait for each other: gaps are normal.
public final class AlertNumbers: @unchecked Sendable {  // `block` is touched under `lock` only
    private static let blockSize: Int64 = 100

    private let database: any SQLDatabase
    private let lock = NSLock()
    private var block: Range<Int64> = 0..<0

    public init(database: any SQLDatabase) { self.database = database }

    /// The number reserved under `key`, now or earlier. Durable when it returns.
    public func reserve(_ key: String) async throws -> Int64 {
        let candidate = try await next()
        return try await database.retrying { connection in
            let inserted = try connection.execute(
                """
                INSERT INTO alert_numbers (reservation, number) VALUES (\(key), \(candidate))
                ON CONFLICT (reservation) DO NOTHING RETURNING number
                """)
            if !inserted.isEmpty { return candidate }
            return try connection.execute("SELECT number FROM alert_numbers WHERE reservation = \(key)")[0].integer(0)
        }
    }

    /// Reserves numbers that ``next()`` gave, each under its key, in one transaction.
    /// - Returns: The keys under which another number is reserved; those of the others are durable.
    public func fix(_ numbers: [(key: String, number: Int64)]) async throws -> Set<String> {
        try await database.retrying { connection in
            for (key, number) in numbers {
                try connection.execute(
                    """
                    INSERT INTO alert_numbers (reservation, number) VALUES (\(key), \(number))
                    ON CONFLICT (reservation) DO NOTHING
                    """)
            }
            let keys = numbers.map(\.key)
            let rows = try connection.execute(
                "SELECT reservation, number FROM alert_numbers WHERE reservation IN \(list: keys)")
            let reserved = Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.integer(1)) })
            return Set(numbers.filter { reserved[$0.key] != $0.number }.map(\.key))
        }
    }

    /// Those of the keys under which a number is reserved.
    public static func reserved(_ keys: [String], in connection: any SQLConnection) throws(StoreError) -> Set<String> {
        Set(
            try connection.execute("SELECT reservation FROM alert_numbers WHERE reservation IN \(list: keys)")
                .map { $0.text(0) })
    }

    /// A number that nothing else gets. Lost when it is not reserved.
    public func next() async throws -> Int64 {
        while true {
            if let number = lock.withLock({ block.popFirst() }) { return number }
            let end = try await database.retrying { connection in
                try connection.execute(
                    "UPDATE alert_number_head SET next_number = next_number + \(Self.blockSize) RETURNING next_number"
                )[0].integer(0)
            }
            lock.withLock { if block.isEmpty { block = (end - Self.blockSize)..<end } }
        }
    }
}
