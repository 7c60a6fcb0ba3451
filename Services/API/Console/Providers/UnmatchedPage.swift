import AlertCore
import Hummingbird
import Persistence

// What people sent us that was no answer.
extension ConsoleRoutes {
    func addUnmatchedMessages(to router: Router<Context>) {
        get("/console/unmatched-messages", to: router) { request, _, session in
            try session.caller.require(.administerSystem)
            let offset = try QueryParameters(request.uri.query ?? "").paging().offset
            let found = try await services.database.reading { connection in
                try InboundMessages(connection).unanswering(offset: offset, limit: UnmatchedPage.pageSize)
            }
            let page = UnmatchedPage(found.messages, total: found.total, offset: offset, format: format(for: session))
            return try pages.page(page, with: "unmatched-messages", for: session, at: .more)
        }
    }
}

/// A page of the messages that were no answers, newest first.
struct UnmatchedPage: Sendable {
    static let pageSize = 50

    struct Row: Sendable {
        let at: String
        let channel: String
        let sender: String
        let text: String
        let reason: String
        /// The alert that it was about, if that is known.
        let alert: String?
    }

    let rows: [Row]
    let hasRows: Bool
    let limit = InboundMessages.textsKept
    let pager: Pager

    init(_ messages: [UnansweringMessage], total: Int, offset: Int, format: TimeFormat) {
        rows = messages.map { kept in
            Row(
                at: format.full(kept.receivedAt), channel: kept.message.channel == "EMAIL" ? "Email" : "SMS",
                sender: kept.message.sender, text: kept.message.text, reason: kept.message.outcome.reason,
                alert: kept.alertNumber.map(String.init))
        }
        hasRows = !rows.isEmpty
        pager = Pager(offset: offset, count: rows.count, limit: Self.pageSize, total: total) { offset in
            WebAddress.make("/console/unmatched-messages", [("offset", String(offset))])
        }
    }
}
