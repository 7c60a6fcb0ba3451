import AlertCore
import Crypto
import Foundation

/// The keys with which people's data in the log is sealed, within one transaction.
public struct PersonKeys {
    /// How many are read at once.
    private static let chunk = 500

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public struct Row: Sendable, Equatable {
        public let person: String
        /// Empty when it is destroyed.
        public let sealedKey: String
        public let createdAt: Timestamp
        public let destroyedAt: Timestamp?

        public init(person: String, sealedKey: String, createdAt: Timestamp, destroyedAt: Timestamp?) {
            self.person = person
            self.sealedKey = sealedKey
            self.createdAt = createdAt
            self.destroyedAt = destroyedAt
        }

        init(_ row: SQLRow) {
            self.init(
                person: row.text(0), sealedKey: row.text(1), createdAt: Timestamp(milliseconds: row.integer(2)),
                destroyedAt: row.optionalInteger(3).map { Timestamp(milliseconds: $0) })
        }
    }

    private static let select: SQL = "SELECT person_id, sealed_key, created_at, destroyed_at FROM person_keys"

    /// Those that there are.
    public func get(_ people: [String]) throws(StoreError) -> [Row] {
        var rows: [Row] = []
        for start in stride(from: 0, to: people.count, by: Self.chunk) {
            let part = people[start..<min(start + Self.chunk, people.count)]
            rows += try connection.execute("\(Self.select) WHERE person_id IN \(list: part)").map(Row.init)
        }
        return rows
    }

    /// Up to `limit` of them after a person's, in the order of the people's ids.
    public func list(after person: String, limit: Int) throws(StoreError) -> [Row] {
        try connection.execute(
            "\(Self.select) WHERE person_id > \(person) ORDER BY person_id LIMIT \(limit)"
        ).map(Row.init)
    }

    /// One that is there already stays as it is.
    public func add(_ row: Row) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO person_keys (person_id, sealed_key, created_at, destroyed_at)
            VALUES (\(row.person), \(row.sealedKey), \(row.createdAt.milliseconds),
            \((row.destroyedAt?.milliseconds).sqlValue))
            ON CONFLICT (person_id) DO NOTHING
            """)
    }

    /// Another sealed text of the same key.
    public func reseal(_ person: String, as sealed: String) throws(StoreError) {
        try connection.execute(
            """
            UPDATE person_keys SET sealed_key = \(sealed) WHERE person_id = \(person) AND destroyed_at IS NULL
            """)
    }

    /// Whatever was sealed with it cannot be read from now on, and nothing new is. Done again, it changes nothing.
    public func destroy(_ person: String, at now: Timestamp) throws(StoreError) {
        try add(Row(person: person, sealedKey: "", createdAt: now, destroyedAt: now))
        try connection.execute(
            """
            UPDATE person_keys SET sealed_key = '', destroyed_at = \(now.milliseconds)
            WHERE person_id = \(person) AND destroyed_at IS NULL
            """)
    }
}
