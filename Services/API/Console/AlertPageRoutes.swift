import AlertCore
import Foundation
import Hummingbird
import Persistence

// The pages of alerts.
extension ConsoleRoutes {
    /// The longest comment that a form takes, in characters, as its text box says.
    static var commentLimit: Int { 2000 }

    private struct EndPage {
        let id: String
        let number: String
        let subject: String
        let csrf: String
    }

    func addAlerts(to router: Router<Context>) {
        get("/console/alerts", to: router) { request, _, session in try await alerts(request, session) }
        get("/console/alerts/{alert}", to: router) { _, context, session in
            try await alert(parameter("alert", context), session)
        }
        get("/console/alerts/{alert}/end", to: router) { _, context, session in
            try session.caller.requireHandlingAlerts()
            let row = try await services.alert(parameter("alert", context))
            let page = EndPage(
                id: row.id, number: String(row.details.number), subject: row.details.subject, csrf: session.csrf)
            return try pages.page(page, with: "alert-end", for: session, at: .alerts)
        }
        get("/console/alerts/{alert}/files/{file}", to: router) { _, context, _ in
            let file = try await services.file(parameter("file", context), ofEvent: parameter("alert", context))
            var response = try file.response(trace: UUID().uuidString)
            for field in ConsolePages.securityHeaders() { response.headers[field.name] = field.value }
            return response
        }
        act("comment", on: router) { row, session, form in
            let text = (form["comment"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else { throw RestError.missingField("comment") }
            guard text.count <= Self.commentLimit else {
                throw RestError.invalidValue("comment", "it may have at most \(Self.commentLimit) characters.")
            }
            _ = try await services.comment(text, on: row, by: session.person)
        }
        act("respond", on: router) { row, session, form in
            let comment = (form["comment"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
            _ = try await services.respond(
                form["option"] ?? "", comment: String(comment.prefix(Self.commentLimit)), to: row, by: session.caller,
                source: "WEB")
        }
        act("suspend", on: router) { row, session, _ in
            try session.caller.requireHandlingAlerts()
            try await services.suspend(row, by: session.person)
        }
        act("resume", on: router) { row, session, _ in
            try session.caller.requireHandlingAlerts()
            try await services.resume(row, by: session.person)
        }
        act("end", on: router) { row, session, _ in
            try session.caller.requireHandlingAlerts()
            try await services.terminate(row, by: session.person)
        }
        router.get("/console/alerts/{alert}/live") { request, context in
            // No redirection: a browser's event stream would follow it to a page.
            guard let session = try await sessions.session(of: request) else {
                return Response(status: .unauthorized, headers: ConsolePages.securityHeaders())
            }
            return try await live.stream(of: parameter("alert", context), for: session)
        }
    }

    /// A button: does something to an alert and shows its page; what was refused is said there.
    private func act(
        _ name: String, on router: Router<Context>,
        _ action: @escaping @Sendable (AlertRow, ConsoleSession, QueryParameters) async throws -> Void
    ) {
        post("/console/alerts/{alert}/\(name)", to: router) { _, context, session, form in
            let row = try await services.alert(parameter("alert", context))
            do {
                try await action(row, session, form)
                return Response.redirect(to: "/console/alerts/\(row.id)")
            } catch let error as RestError where error.code == 400 || error.code == 409 || error.code == 503 {
                return try await alert(row.id, session, problem: error)
            }
        }
    }

    private func alert(_ id: String, _ session: ConsoleSession, problem: RestError? = nil) async throws -> Response {
        var page = try await live.page(of: id, for: session)
        page.problem = problem?.message
        return try pages.page(
            page, with: "alert", for: session, at: .alerts, status: .init(code: problem?.code ?? 200))
    }

    private func alerts(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let parameters = QueryParameters(request.uri.query ?? "")
        let offset = try parameters.paging().offset
        let status = EventQuery.validStatuses.first { $0 == parameters["status"] }
        let search = (parameters["search"] ?? "").trimmingCharacters(in: .whitespaces)
        var query = EventQuery()
        query.statuses = status.map { [$0] } ?? []
        query.needsAllTerms = true
        do {
            query.terms = try EventQuery.terms(search)
        } catch {
            let page = AlertsPage(
                (0, []), status: status, search: search, offset: 0, format: format(for: session),
                problem: error.message)
            return try pages.page(page, with: "alerts", for: session, at: .alerts, status: .badRequest)
        }
        let directory = try await services.cache.current()
        let found = try await services.database.reading { [query] connection in
            try query.page(offset: offset, limit: AlertsPage.pageSize, directory: directory, in: connection)
        }
        var page = AlertsPage(found, status: status, search: search, offset: offset, format: format(for: session))
        page.maySend = session.caller.may(.sendRequests)
        return try pages.page(page, with: "alerts", for: session, at: .alerts)
    }
}
