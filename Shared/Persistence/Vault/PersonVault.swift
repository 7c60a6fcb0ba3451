import AlertCore
import Crypto
import Foundation

/// Seals what is personal in the log with a key for each person, and opens it again: see ``EventLog``.
///
/// A key is kept in memory for a minute at most, so that one that another process has destroyed is soon forgotten. One
/// that was made lately is not kept at all: its transaction may not have been committed, and what is sealed with a key
/// that was never stored is lost.
public final class PersonVault: @unchecked Sendable {  // `known` is guarded by `lock`
    /// How long a key is kept in memory.
    public static let lifetime = Duration.seconds(60)
    /// How old a change of a key has to be before it is relied on without asking: longer than a transaction can take.
    static let settling = Duration.seconds(300)
    /// How many keys are kept; past that, all are forgotten.
    private static let limit = 20_000

    /// What can be done with a person's texts.
    enum Key {
        case whole(SymmetricKey)
        /// They are gone.
        case destroyed
        /// The key was sealed with a secret key that this process does not have.
        case unreadable
    }

    private struct Entry {
        let key: Key
        let readAt: Timestamp
    }

    private let secrets: SecretBox
    private let now: Clock
    private let lock = NSLock()
    private var known: [String: Entry] = [:]

    public init(secrets: SecretBox, now: @escaping Clock) {
        self.secrets = secrets
        self.now = now
    }

    /// Forgets a person's key, or all of them: for who has destroyed or changed one.
    public func forget(_ person: String? = nil) {
        lock.withLock { if let person { known[person] = nil } else { known = [:] } }
    }

    /// The people's keys, as far as there are any.
    /// - Parameter isWriting: Whether those that there are not are made.
    func keys(
        of people: Set<String>, in connection: any SQLConnection, isWriting: Bool
    ) throws(StoreError) -> [String: Key] {
        let moment = now()
        var keys: [String: Key] = [:]
        lock.withLock {
            for person in people {
                guard let entry = known[person], moment.since(entry.readAt) < Self.lifetime else { continue }
                keys[person] = entry.key
            }
        }
        guard keys.count < people.count else { return keys }
        let missing = people.filter { keys[$0] == nil }.sorted()
        for (person, key) in try read(missing, in: connection, at: moment) { keys[person] = key }
        guard isWriting else { return keys }
        let new = missing.filter { keys[$0] == nil }
        guard !new.isEmpty else { return keys }
        for person in new { try PersonKeys(connection).add(make(for: person, at: moment)) }
        // Read again: another process may have made one at the same time.
        for (person, key) in try read(new, in: connection, at: moment) { keys[person] = key }
        return keys
    }

    private func read(
        _ people: [String], in connection: any SQLConnection, at moment: Timestamp
    ) throws(StoreError) -> [String: Key] {
        let rows = try PersonKeys(connection).get(people)
        let keys = Dictionary(uniqueKeysWithValues: rows.map { ($0.person, key(of: $0)) })
        let settled = rows.filter { moment.since($0.destroyedAt ?? $0.createdAt) >= Self.settling }
        lock.withLock {
            if known.count + settled.count > Self.limit { known = [:] }
            for row in settled { known[row.person] = keys[row.person].map { Entry(key: $0, readAt: moment) } }
        }
        return keys
    }

    private func key(of row: PersonKeys.Row) -> Key {
        guard row.destroyedAt == nil else { return .destroyed }
        // Sealed with a key that is not in the ring, or damaged: what it sealed stays sealed.
        guard let text = try? secrets.open(row.sealedKey, for: .personKey(row.person)),
            let bytes = Data(base64Encoded: text), bytes.count == 32
        else { return .unreadable }
        return .whole(SymmetricKey(data: bytes))
    }

    private func make(for person: String, at moment: Timestamp) -> PersonKeys.Row {
        let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedString() }
        return PersonKeys.Row(
            person: person, sealedKey: secrets.seal(key, for: .personKey(person)), createdAt: moment, destroyedAt: nil)
    }
}
