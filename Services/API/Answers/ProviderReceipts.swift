import AlertCore
import Answers
import Hummingbird
import Persistence

// What became of messages and calls, as the provider says later.
extension ProviderRoutes {
    @Sendable
    func status(_ call: Call) async throws -> Response {
        let done = Response(status: .noContent)
        guard let notification = call.query["n"] else { return done }
        if let status = call.form["MessageStatus"] ?? call.form["SmsStatus"] {
            try await message(status, call, notification)
        } else if let status = call.form["CallStatus"] {
            if let question = try await desk.question(notification) {
                try await ended(status, call, question)
            } else if Self.failures.contains(status) {
                try await receipts.refuse(notification, reason: status)
            }
        }
        return done
    }

    /// What a call ends with that nobody took.
    private static var failures: Set<String> { ["busy", "no-answer", "failed", "canceled"] }

    private func message(_ status: String, _ call: Call, _ notification: String) async throws {
        switch status {
        case "delivered", "read": try await receipts.confirm(notification, word: status)
        case "undelivered", "failed", "canceled":
            let code = call.form["ErrorCode"].map { ", error \($0.prefix(10))" } ?? ""
            try await receipts.refuse(notification, reason: "\(status)\(code)")
        default: break  // on its way
        }
    }

    private func ended(_ status: String, _ call: Call, _ question: Question) async throws {
        let row = try await row(call, question)
        guard row.outcome == .underWay else { return }
        let reason: String
        switch status {
        case _ where Self.failures.contains(status): reason = status
        // Somebody took it, and hung up before the message was told.
        case "completed": reason = "hung up before the message"
        default: return  // it goes on
        }
        if try await desk.unanswered(row, question, reason: reason) == true {
            try await receipts.refuse(question.plan.id, reason: reason)
        }
    }
}
