import AlertCore
import Foundation

/// When somebody was let in last. Beside the directory, whose every change is an event that all caches follow.
public struct SignIns {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func record(_ person: String, at time: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO sign_ins (person_id, last_login) VALUES (\(person), \(time.milliseconds))
            ON CONFLICT (person_id) DO UPDATE SET last_login = excluded.last_login
            WHERE sign_ins.last_login < excluded.last_login
            """)
    }

    /// Of these people, by id; nobody who has never been let in.
    public func last(of people: [String]) throws(StoreError) -> [String: Timestamp] {
        guard !people.isEmpty else { return [:] }
        return Self.times(
            try connection.execute("SELECT person_id, last_login FROM sign_ins WHERE person_id IN \(list: people)"))
    }

    /// Of everybody, by id.
    public func all() throws(StoreError) -> [String: Timestamp] {
        Self.times(try connection.execute("SELECT person_id, last_login FROM sign_ins"))
    }

    private static func times(_ rows: [SQLRow]) -> [String: Timestamp] {
        Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), Timestamp(milliseconds: $0.integer(1))) })
    }
}

extension Directory {
    /// In the same transaction.
    public var signIns: SignIns { SignIns(connection) }
}

/// Writes down who was let in: at most once in a while for one person, since clients sign in with each request.
public final class SignInRecorder: @unchecked Sendable {  // `recorded` is guarded by `lock`
    /// Later signing in within this time is not written down.
    public static let interval = Duration.seconds(300)
    /// People who are remembered; past that, all are forgotten and written down once more.
    private static let limit = 10_000

    private let database: any SQLDatabase
    private let lock = NSLock()
    private var recorded: [String: Timestamp] = [:]

    public init(database: any SQLDatabase) { self.database = database }

    func record(_ person: String, at now: Timestamp) async {
        let isDue = lock.withLock {
            if let last = recorded[person], now.since(last) < Self.interval { return false }
            if recorded.count >= Self.limit { recorded = [:] }
            recorded[person] = now
            return true
        }
        guard isDue else { return }
        // Nobody is kept out because the time of it could not be written; the next try is after the interval.
        try? await database.retrying(attempts: 2) { try SignIns($0).record(person, at: now) }
    }
}
