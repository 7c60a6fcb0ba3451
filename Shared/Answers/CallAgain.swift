import AlertCore
import Messaging
import Persistence

/// A further call, because nobody took the one before: work that becomes due.
public struct CallAgain: Codable, Equatable, Sendable {
    public static let dueKind = "call"

    /// The notification's id.
    public var notification: String
    /// The id of the provider that makes the call.
    public var provider: String
    /// 1 for the second call.
    public var attempt: Int

    public init(notification: String, provider: String, attempt: Int) {
        self.notification = notification
        self.provider = provider
        self.attempt = attempt
    }
}

extension AnswerDesk {
    /// Keeps that nobody took a call, and schedules the next one when there is to be one; once for each call.
    /// - Parameter reason: In words, as in "busy".
    /// - Returns: Whether it was the last one; `nil` when this was known already.
    public func unanswered(
        _ row: PhoneCallRow, _ question: Question, reason: String
    ) async throws -> Bool? {
        let options = question.alert.details.voicemailOptions
        let isWanted = question.isOpen && !question.isSettled && row.attempt < options.retry
        let at = now()
        let due = at.advanced(by: .seconds(options.every))
        let again = CallAgain(notification: row.notification, provider: row.provider, attempt: row.attempt + 1)
        let partition = try await partitions.partition(ofStamped: question.alert.id)
        let payload = try JSON.encode(again)
        let isNews = try await database.retrying { connection -> Bool in
            let calls = PhoneCalls(connection)
            guard try calls.get(provider: row.provider, id: row.id)?.outcome ?? .underWay == .underWay else {
                return false
            }
            var ended = row
            ended.outcome = .unanswered
            ended.call.phase = .over
            try calls.put(ended, at: at)
            if isWanted {
                try DueWork(connection).schedule(
                    row.notification, kind: CallAgain.dueKind, partition: partition, payload: payload, at: due)
            }
            return true
        }
        guard isNews else { return nil }
        let next = isWanted ? "; the next one in \(options.every) s" : "; there is no further one"
        try await remark(
            "call.unanswered", reason: "Call \(row.attempt + 1) of \(options.retry + 1): \(reason)\(next)",
            id: "\(row.provider)/\(row.id)", on: question)
        return !isWanted
    }
}
