import AlertCore
import Persistence

/// What a provider says later about a message that it took: it reached the device, or it did not. The notifier does
/// what follows from it.
public struct Receipts: Sendable {
    private let words: NotificationWords

    public init(desk: AnswerDesk) { words = NotificationWords(database: desk.database, now: desk.now) }

    /// - Parameters:
    ///   - notification: Its id.
    ///   - word: The provider's, as in "delivered".
    public func confirm(_ notification: String, word: String) async throws {
        try await words.record(.delivered(detail: word), aboutNotification: notification)
    }

    /// - Parameter reason: As in "undelivered, error 30003".
    public func refuse(_ notification: String, reason: String) async throws {
        try await words.record(.failed(reason: reason), aboutNotification: notification)
    }
}
