import AlertCore
import Persistence

// Answers of somebody who has signed in: in the console, or by REST.
extension AnswerDesk {
    /// Gives an answer for a person: to the newest notification that the person had of the alert, or, without one, to
    /// the alert itself. Recorded once, like any other.
    /// - Throws: `RestError`.
    public func give(
        _ option: ResponseOption, comment: String?, to alert: AlertRow, by person: Person, source: String
    ) async throws -> Outcome {
        let question = try await database.reading { connection in
            try Notifications(connection).ofAlert(alert.id).filter { $0.plan.recipient.id == person.id }
                .max { ($0.updatedAt, $0.plan.id) < ($1.updatedAt, $1.plan.id) }
                .map { try Question($0.plan, alert, in: connection) }
        }
        if let question { return try await give(option, comment: comment, to: question, source: source) }
        let id = DerivedID.uuid("response", alert.id, person.id, option.id)
        if let at = try await standing(of: id, on: alert.id).at { return .repeated(at: at) }
        let response = AlertResponse(
            id: id, by: PersonReference(person), device: "", option: option.id,
            comment: option.allowComments ? comment : nil, source: source)
        do {
            try await gateway.send(
                .respond(response), to: alert.id, by: person.targetName, correlation: alert.details.requestId)
        } catch let error as RestError where error.code == 409 {
            // It was too late before: the alert has that already.
        }
        let after = try await standing(of: id, on: alert.id)
        if after.at != nil { return .recorded }
        guard let end = after.end else { throw Self.pending }
        return .late(end)
    }

    /// When an answer was recorded, and how the alert ended.
    private func standing(of response: String, on alert: String) async throws -> (at: Timestamp?, end: Question.End?) {
        try await database.reading { connection in
            var (found, end): (Timestamp?, Question.End?)
            for recorded in try EventLog(connection).read(streams: ["\(Alert.category)-\(alert)"]) {
                switch try EventCodec<Alert.Event>.decode(recorded.data) {
                case .responded(let given, _, let at) where given.id == response: found = at
                case .terminated(let person, _, let at): end = Question.End(at: at, by: person)
                default: break
                }
            }
            return (found, end)
        }
    }

    static var pending: RestError {
        RestError(
            503, "What became of the answer is not known yet.", subcode: "alert.command.pending",
            headers: ["Retry-After": "5"])
    }
}
