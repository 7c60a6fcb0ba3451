import AlertCore

/// What providers call messages, and what they say of them later.
public struct NotificationReceipts {
    /// For how long a provider's word is waited for.
    private static let kept = Duration.seconds(7 * 86_400)
    private static let sweepLimit = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// - Parameter partition: The number of the log partition of the notification's stream.
    public func add(
        _ receipt: String, of notification: String, by provider: String, partition: Int, at now: Timestamp
    ) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO notification_receipts (provider, receipt, notification_id, partition_number, recorded_at)
            VALUES (\(provider), \(receipt), \(notification), \(partition), \(now.milliseconds))
            ON CONFLICT (provider, receipt) DO NOTHING
            """)
        try connection.execute(
            """
            DELETE FROM notification_receipts WHERE (provider, receipt) IN (
            SELECT provider, receipt FROM notification_receipts
            WHERE recorded_at < \(now.advanced(by: .zero - Self.kept).milliseconds) ORDER BY recorded_at
            LIMIT \(Self.sweepLimit) \(connection.dialect.skippingLocked))
            """)
    }

    /// The notification that a provider's receipt is of.
    public func find(_ receipt: String, by provider: String) throws(StoreError) -> (id: String, partition: Int)? {
        try connection.execute(
            """
            SELECT notification_id, partition_number FROM notification_receipts
            WHERE provider = \(provider) AND receipt = \(receipt)
            """
        ).first.map { ($0.text(0), Int($0.integer(1))) }
    }
}

/// A provider's later word about a message that it has taken.
public enum ProviderWord: Sendable, Equatable {
    /// It has reached the device.
    case delivered(detail: String)
    /// It has not, and will not.
    case failed(reason: String)
}

/// Where a provider's later word is recorded, whichever process it comes to. The notifier does what follows from it: it
/// tells the alert, or goes on with the next provider.
public struct NotificationWords: Sendable {
    /// The kind of the due work that notifications are.
    public static let dueKind = "notification"
    /// That of a word which the notifier has yet to act on. A kind of its own, since the notifier lets go of the work
    /// of a notification when it has reported its end, which can be while the word comes.
    public static let wordKind = "notification-word"

    let database: any SQLDatabase
    let now: Clock

    public init(database: any SQLDatabase, now: @escaping Clock) {
        self.database = database
        self.now = now
    }

    /// Records the word once, however often it comes.
    /// - Parameters:
    ///   - receipt: What the channel returned when it sent the message.
    ///   - provider: A provider's id.
    /// - Returns: Whether there is such a message.
    /// - Throws: `StoreError`.
    @discardableResult
    public func record(_ word: ProviderWord, about receipt: String, from provider: String) async throws -> Bool {
        try await database.retrying { [now] connection in
            guard let (id, partition) = try NotificationReceipts(connection).find(receipt, by: provider) else {
                return false
            }
            try Self.record(word, notification: id, partition: partition, in: connection, at: now())
            return true
        }
    }

    /// The same for a message that is known by the notification's id.
    @discardableResult
    public func record(_ word: ProviderWord, aboutNotification id: String) async throws -> Bool {
        try await database.retrying { [now] connection in
            let stream = "\(Notification.category)-\(id)"
            guard let first = try EventLog(connection).read(streams: [stream]).first else { return false }
            try Self.record(
                word, notification: id, partition: first.partitionNumber, in: connection, at: now())
            return true
        }
    }

    private static func record(
        _ word: ProviderWord, notification id: String, partition: Int, in connection: any SQLConnection,
        at now: Timestamp
    ) throws {
        let command: Notification.Command =
            switch word {
            case .delivered(let detail): .confirm(word: detail)
            case .failed(let reason): .refuse(reason: reason)
            }
        let correlation = try Notifications(connection).get([id]).first?.plan.correlation ?? id
        let outcomes = try EventLog(connection).execute(
            [
                AddressedCommand<Notification>(
                    command, on: id, by: Origin(actor: "<provider>", causation: id, correlation: correlation))
            ], in: LogPartition(Notification.category, partition), at: now)
        try Notifications(connection).apply(outcomes, at: now)
        guard outcomes.contains(where: { !$0.events.isEmpty }) else { return }
        try DueWork(connection).schedule(id, kind: wordKind, partition: partition, payload: "{}", at: now)
    }
}

extension RecordedEvent {
    /// Of its log partition.
    public var partitionNumber: Int { partition.split(separator: "/").last.flatMap { Int($0) } ?? 0 }
}
