import AlertCore
import Hummingbird
import Persistence

/// What is not tried again by itself: messages that could not be understood, and deliveries whose schedule is used up.
struct DeadLettersPage: Sendable {
    struct Letter: Sendable {
        let id: String
        let topic: String
        let partition: String
        let offset: String
        let key: String
        let reason: String
        let at: String
        let body: String
        /// When and by whom it was published again.
        let redriven: String?
    }

    static let pageSize = 200
    static let path = "/console/dead-letters"

    let limit = DeadLettersPage.pageSize
    let letters: [Letter]
    /// How many are not published again yet.
    let open: Int
    let hasOpen: Bool
    let isAsking: Bool
    let mayRedrive: Bool
    let csrf: String
    /// Deliveries that are exhausted.
    let exhausted: Int
    let exhaustedHref = WebAddress.make(DeliveriesPage.path, [("status", "EXHAUSTED")])

    init(
        _ letters: [DeadLetter], open: Int, exhausted: Int, isAsking: Bool, for session: ConsoleSession,
        format: TimeFormat
    ) {
        self.letters = letters.map { letter in
            Letter(
                id: letter.id, topic: letter.topic, partition: String(letter.partition),
                offset: String(letter.offset), key: letter.key, reason: letter.reason,
                at: format.full(letter.recordedAt), body: letter.body,
                redriven: letter.redriven.map { "\(format.full($0.at)) by \($0.by)" })
        }
        self.open = open
        hasOpen = open > 0
        mayRedrive = session.caller.may(.administerSystem)
        self.isAsking = isAsking && mayRedrive && open > 0
        csrf = session.csrf
        self.exhausted = exhausted
    }
}

// The page of dead letters.
extension ConsoleRoutes {
    func addDeadLetters(to router: Router<Context>) {
        get("/console/dead-letters", to: router) { request, _, session in
            let isAsking = QueryParameters(request.uri.query ?? "")["ask"] == "true"
            let (letters, open, exhausted) = try await services.database.reading { connection in
                let store = DeadLetters(connection)
                var filter = DeliveryFilter()
                filter.statuses = [.exhausted]
                return (
                    try store.all(limit: DeadLettersPage.pageSize),
                    try store.list(topic: nil, isRedriven: false, offset: 0, limit: 1).total,
                    try WebhookDeliveries(connection).counts(filter)[.exhausted] ?? 0
                )
            }
            let page = DeadLettersPage(
                letters, open: open, exhausted: exhausted, isAsking: isAsking, for: session,
                format: format(for: session))
            return try pages.page(page, with: "dead-letters", for: session, at: .deadLetters)
        }
        post("/console/dead-letters/redrive", to: router) { _, _, session, form in
            try session.caller.require(.administerSystem)
            let letters = try await services.database.reading { connection in
                let store = DeadLetters(connection)
                guard let id = form["id"], !id.isEmpty else {
                    return try store.list(topic: nil, isRedriven: false, offset: 0, limit: EventServices.letterLimit)
                        .rows
                }
                guard let letter = try store.get(id) else { throw RestError.notFound("There is no dead letter \(id).") }
                return [letter]
            }
            try await services.redrive(letters, by: session.person)
            return Response.redirect(to: DeadLettersPage.path)
        }
    }
}
