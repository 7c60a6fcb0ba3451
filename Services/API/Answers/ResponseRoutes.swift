import AlertCore
import Answers
import Persistence

// Answers of those who have signed in, by REST and in the console.
extension EventServices {
    private static var responseCommentLimit: Int { 2000 }

    var responseRoutes: [RESTRoute] {
        [.post("events/{event}/responses", permission: .comment) { try await respond($0) }]
    }

    private func respond(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let wanted = try fields.requiredName("response", or: nil)
        let comment = try fields.text("comment", limit: Self.responseCommentLimit)
        let row = try await alert(call.parameter("event"))
        let (option, isNew) = try await respond(wanted, comment: comment, to: row, by: call.caller, source: "API")
        return .saved(
            [
                "event": EventRepresentation(row: row).reference, "response": .string(option.text),
                "option": [
                    "id": .string(option.id), "number": .integer(Int64(option.number)), "text": .string(option.text),
                ],
                "recipient": PersonReference(call.caller.person).representation, "source": "API",
            ], isNew: isNew)
    }

    /// Somebody who was asked may always answer; others, if they may change alerts.
    /// - Parameter wanted: An option's id, number or text.
    /// - Throws: `RestError`; 409 when the alert has ended, with when and by whom.
    func respond(
        _ wanted: String, comment: String?, to row: AlertRow, by caller: Caller, source: String
    ) async throws -> (ResponseOption, isNew: Bool) {
        let options = row.details.responseOptions
        let option =
            options.first { $0.id == wanted || String($0.number) == wanted }
            ?? options.first { $0.text.lowercased() == wanted.lowercased() }
        guard let option else {
            let valid = options.map { "\($0.number) \($0.text)" }.joined(separator: ", ")
            throw RestError.invalidValue(
                "response", valid.isEmpty ? "the alert has no answers." : "it must be of \(valid).")
        }
        let person = caller.person
        let isAsked = try await database.reading { connection in
            try Notifications(connection).ofAlert(row.id).contains {
                $0.plan.recipient.id == person.id && !$0.plan.isOneWay
            }
        }
        if !isAsked { try caller.require(.handleAlerts) }
        let desk = AnswerDesk(database: database, bus: gateway.bus, directory: cache, now: now)
        let words = comment.flatMap { $0.isEmpty ? nil : $0 }
        switch try await desk.give(option, comment: words, to: row, by: person, source: source) {
        case .recorded: return (option, true)
        case .repeated: return (option, false)
        case .late(let end):
            throw RestError.conflict(
                AnswerPhrases(language: "en").ended(
                    alert: row.details.number, ago: now().since(end.at), by: end.by?.readableName),
                subcode: "alert.terminated")
        }
    }
}
