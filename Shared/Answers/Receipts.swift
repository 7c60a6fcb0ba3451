import AlertCore

/// What a provider says later about a message that it took: it reached the device, or it did not.
public struct Receipts: Sendable {
    let desk: AnswerDesk

    public init(desk: AnswerDesk) { self.desk = desk }

    /// - Parameter word: The provider's, as in "delivered".
    public func confirm(_ question: Question, word: String) async throws {
        try await desk.remark(
            "notification.confirmed", reason: "\(question.plan.device.name): \(word)",
            id: "\(question.plan.id)/confirmed", on: question)
    }

    /// - Parameter reason: As in "undelivered, error 30003".
    public func refuse(_ question: Question, reason: String) async throws {
        try await desk.remark(
            "notification.refused", reason: "\(question.plan.device.name): \(reason)",
            id: "\(question.plan.id)/refused/\(reason)", on: question)
    }
}
