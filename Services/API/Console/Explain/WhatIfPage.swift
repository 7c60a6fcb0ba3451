import AlertCore
import Hummingbird
import Persistence

/// An alert that might be: who would be notified, on what, when, in which order, and who would not and why.
struct WhatIfPage: Sendable {
    var part: FormView.Part
    let proposals: [Proposals]
    let result: ExplainView?
    let moment: String
    var problem: String?

    init(
        _ query: QueryParameters, result: ExplainView?, moment: String, _ directory: DirectoryView,
        for session: ConsoleSession
    ) {
        let values = FormValues(typed: query)
        let forms = directory.forms.values.sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
        part = FormView.Part(
            nil,
            [
                FormField.text(
                    "recipients", "To whom", values.text("recipients", nil), limit: 4000, list: "recipient-names",
                    hint: "People, groups or devices, with commas between them."
                ).wide,
                .select(
                    "priority", "Priority", query["priority"] ?? "MEDIUM",
                    Priority.allCases.map { ($0.rawValue, $0.title) }),
                .time(
                    "at", "When", values.text("at", nil),
                    hint: "Empty for now; in the time zone \(session.person.timezone)."),
                .select(
                    "form", "As an alert of the form", values.text("form", nil),
                    [("", "No form")] + forms.map { ($0.id, $0.name) }),
                .number(
                    "minutes", "Nobody answers for how many minutes", values.text("minutes", nil), in: 1...10_080,
                    hint: "Empty for as long as the alert lasts."),
                .check(
                    "overrideDeviceRestrictions", "Ignore timeframes and delays of devices",
                    query["overrideDeviceRestrictions"] == "true"),
                .check("escalationOverride", "All of a group at once", query["escalationOverride"] == "true"),
            ])
        proposals = [directory.recipientProposals(for: session.caller)]
        self.result = result
        self.moment = moment
    }

    /// The body for the API; `nil` when nothing has been asked yet.
    /// - Throws: 400 for what is no time or no number.
    static func body(_ query: QueryParameters, zone: ZonedTime) throws(RestError) -> JSONValue? {
        let recipients = query.filled("recipients")
        let form = query.filled("form")
        guard recipients != nil || form != nil else {
            if query["priority"] != nil { throw .missingField("recipients") }
            return nil
        }
        var fields: [String: JSONValue?] = [
            "recipients": recipients, "form": form, "priority": query.filled("priority"),
            "minutes": try query.whole("minutes"),
        ]
        if query["overrideDeviceRestrictions"] == "true" { fields["overrideDeviceRestrictions"] = true }
        if query["escalationOverride"] == "true" { fields["escalationOverride"] = true }
        if query.filled("at") != nil { fields["at"] = .string(try query.time("at", in: zone).iso) }
        return .fields(fields)
    }
}

extension ConsoleRoutes {
    func addWhatIf(to router: Router<Context>) {
        get("/console/what-if", to: router) { request, _, session in
            let query = QueryParameters(request.uri.query ?? "")
            do {
                return try await whatIf(query, session)
            } catch let error as RestError where error.isForTheForm {
                return try await whatIf(query, session, problem: error)
            }
        }
    }

    private func whatIf(
        _ query: QueryParameters, _ session: ConsoleSession, problem: RestError? = nil
    ) async throws -> Response {
        let directory = try await services.cache.current()
        let zone = ZonedTime(session.person.timezone)
        var result: ExplainView?
        var moment = ""
        if problem == nil, let body = try WhatIfPage.body(query, zone: zone) {
            let answer = try await rest.call(.post, "events/simulate", body: body, by: session.caller).body ?? .null
            let begin = answer["at"]?.string.flatMap { Timestamp(iso: $0) } ?? services.now()
            moment = "\(zone.short(begin)) \(session.person.timezone)"
            result = ExplainView(answer, begin: begin, directory, format: format(for: session))
        }
        var page = WhatIfPage(query, result: result, moment: moment, directory, for: session)
        if let problem { page.problem = page.part.tell(of: problem) }
        return try pages.page(
            page, with: "what-if", for: session, at: .more, status: .init(code: problem?.code ?? 200))
    }
}
