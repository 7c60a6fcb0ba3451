import AlertCore
import Hummingbird
import Persistence

// The pages of requests.
extension ConsoleRoutes {
    func addActivity(to router: Router<Context>) {
        addSelfAudit(to: router)
        get("/console/activity", to: router) { request, _, session in try await activities(request, session) }
        get("/console/activity/{request}", to: router) { _, context, session in
            try await activity(parameter("request", context).lowercased(), session)
        }
        post("/console/activity/{request}/rerun", to: router) { _, context, session, form in
            try session.caller.require(.writeConfiguration)
            let id = parameter("request", context).lowercased()
            do {
                return Response.redirect(to: "/console/activity/\(try await rerun(id, form, session))")
            } catch let error as RestError where error.code == 400 || error.code == 409 {
                return try await activity(id, session, problem: error)
            }
        }
    }

    private func activities(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let parameters = QueryParameters(request.uri.query ?? "")
        let offset = try parameters.paging().offset
        let integration = parameters.list("integration")?.first?.lowercased()
        let status = parameters["status"].flatMap(Activity.Status.init(rawValue:))
        let found = try await services.database.reading { connection in
            try Activities(connection).list(
                Activities.Filter(integration: integration, statuses: status.map { [$0] } ?? []), offset: offset,
                limit: ActivitiesPage.pageSize)
        }
        let page = ActivitiesPage(
            found, integration: integration, status: status, offset: offset, format: format(for: session),
            directory: try await services.cache.current())
        return try pages.page(page, with: "activities", for: session, at: .activity)
    }

    private func activity(_ id: String, _ session: ConsoleSession, problem: RestError? = nil) async throws -> Response {
        let directory = try await services.cache.current()
        let look = try await services.database.reading { try ActivityLook(id, directory, in: $0) }
        var page = ActivityPage(look, for: session, format: format(for: session), directory: directory)
        page.warning = problem?.message
        return try pages.page(
            page, with: "activity", for: session, at: .activity, status: .init(code: problem?.code ?? 200))
    }

    /// - Returns: The new request's id; what comes of it is usually known by then.
    private func rerun(_ id: String, _ form: QueryParameters, _ session: ConsoleSession) async throws -> String {
        guard let original = try await services.database.reading({ try Activities($0).get(id) }) else {
            throw RestError.notFound("There is no request \(id), or not any more.")
        }
        let isDry = form["action"] == "dry"
        var wish = RunWish(attempt: isDry ? .dryRun : .rerun)
        if let version = form["version"], !version.isEmpty {
            guard let number = Int(version) else { throw RestError.invalidValue("version", "it must be a number.") }
            wish.scriptVersion = number
        }
        wish.answersAsRecorded = isDry && form["recorded"] == "true"
        let requestId = try await services.runs.again(original, wish, by: session.person)
        _ = try await services.runs.outcome(of: requestId)
        return requestId
    }
}
