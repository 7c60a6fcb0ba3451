import AlertCore
import Answers
import Hummingbird
import Persistence

// What became of messages and calls, as the provider says later.
extension ProviderRoutes {
    @Sendable
    func status(_ call: Call) async throws -> Response {
        let done = Response(status: .noContent)
        guard let notification = call.query["n"], let question = try await desk.question(notification) else {
            return done
        }
        if let status = call.form["MessageStatus"] ?? call.form["SmsStatus"] {
            try await message(status, call, question)
        } else if let status = call.form["CallStatus"] {
            try await ended(status, call, question)
        }
        return done
    }

    private func message(_ status: String, _ call: Call, _ question: Question) async throws {
        switch status {
        case "delivered", "read": try await receipts.confirm(question, word: status)
        case "undelivered", "failed", "canceled":
            let code = call.form["ErrorCode"].map { ", error \($0.prefix(10))" } ?? ""
            try await receipts.refuse(question, reason: "\(status)\(code)")
        default: break  // on its way
        }
    }

    private func ended(_ status: String, _ call: Call, _ question: Question) async throws {
        let row = try await row(call, question)
        guard row.outcome == .underWay else { return }
        let reason: String
        switch status {
        case "busy", "no-answer", "failed", "canceled": reason = status
        // Somebody took it, and hung up before the message was told.
        case "completed": reason = "hung up before the message"
        default: return  // it goes on
        }
        if try await desk.unanswered(row, question, reason: reason) == true {
            try await receipts.refuse(question, reason: reason)
        }
    }
}
