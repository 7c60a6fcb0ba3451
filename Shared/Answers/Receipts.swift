import AlertCore
import Persistence

/// What a provider says later about a message that it took: it reached the device, or it did not. The notifier tells
/// the alert, or goes on with the next provider.
public struct Receipts: Sendable {
    private let words: NotificationWords

    public init(desk: AnswerDesk) { words = NotificationWords(database: desk.database, now: desk.now) }

    /// - Parameter word: The provider's, as in "delivered".
    public func confirm(_ question: Question, word: String) async throws {
        try await words.record(.delivered(detail: word), aboutNotification: question.plan.id)
    }

    /// - Parameter reason: As in "undelivered, error 30003".
    public func refuse(_ question: Question, reason: String) async throws {
        try await words.record(.failed(reason: reason), aboutNotification: question.plan.id)
    }
}
