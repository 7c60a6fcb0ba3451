import AlertCore
import Persistence

extension RESTServices {
    /// What people sent us that was no answer: ours, the platform does not show it.
    var inboundMessageRoutes: [RESTRoute] {
        [
            .get("unmatched-messages", permission: .administerSystem) { call in
                let paging = try call.query.paging()
                return try await database.reading { connection in
                    let found = try InboundMessages(connection).unanswering(
                        offset: paging.offset, limit: paging.limit)
                    return .ok(call.page(found.messages.map(\.wire), total: found.total, paging))
                }
            }
        ]
    }
}

extension UnansweringMessage {
    fileprivate var wire: JSONValue {
        .fields([
            "channel": .string(message.channel), "sender": .string(message.sender),
            "receivedAt": .string(receivedAt.iso), "text": .string(message.text),
            "outcome": .string(message.outcome.rawValue), "reason": .string(message.outcome.reason),
            "alert": alertNumber.map { .integer($0) }, "reply": .text(message.reply),
        ])
    }
}

extension InboundMessage.Outcome {
    /// Why it was no answer, for people to read.
    var reason: String {
        switch self {
        case .recorded, .repeated, .late: "it was an answer"
        case .notUnderstood: "it says none of the answers that its alert has"
        case .unmatched: "there is no alert that it could be an answer to"
        case .unknownSender: "nobody has a device with this number"
        case .providerWord: "the provider answers this word itself; after STOP it sends nothing more to the number"
        case .automatic: "a program wrote it"
        }
    }
}
