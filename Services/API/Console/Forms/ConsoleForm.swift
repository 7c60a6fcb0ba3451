import AlertCore
import Hummingbird

/// One form of the console: what it is about, what it shows, and what it does.
struct ConsoleForm<Subject: Sendable>: Sendable {
    /// Who sends, and from where.
    struct Call: Sendable {
        let session: ConsoleSession
        let query: QueryParameters
        /// A parameter of the path.
        let parameter: @Sendable (String) -> String
    }

    let place: ConsolePages.Place
    /// Fields of the API by the names that the form shows them under, where these differ.
    var names: [String: String] = [:]
    /// - Throws: 403 and 404.
    let subject: @Sendable (Call) async throws -> Subject
    let page: @Sendable (Subject, FormValues, ConsoleSession) -> FormPage
    /// Does it, and says which page comes then.
    let send: @Sendable (Subject, QueryParameters, ConsoleSession) async throws -> String
}

extension ConsoleRoutes {
    /// Adds the page of a form, and what takes it: a mistake shows the form again, with what was typed.
    func add<Subject>(_ form: ConsoleForm<Subject>, at path: RouterPath, to router: Router<Context>) {
        get(path, to: router) { request, context, session in
            let subject = try await form.subject(call(request, context, session))
            return try pages.form(
                form.page(subject, FormValues(typed: nil), session), for: session, at: form.place)
        }
        post(path, to: router) { request, context, session, typed in
            let subject = try await form.subject(call(request, context, session))
            do {
                return Response.redirect(to: try await form.send(subject, typed, session))
            } catch let error as RestError where error.isForTheForm {
                var page = form.page(subject, FormValues(typed: typed), session)
                page.form.tell(of: error, names: form.names)
                return try pages.form(page, for: session, at: form.place, problem: error)
            }
        }
    }

    /// Adds a page that asks whether something is to go, and what takes it away.
    func addRemoval<Subject>(
        at path: RouterPath, place: ConsolePages.Place, to router: Router<Context>,
        subject: @escaping @Sendable (ConsoleForm<Subject>.Call) async throws -> Subject,
        page: @escaping @Sendable (Subject, ConsoleSession) -> ConfirmPage,
        remove: @escaping @Sendable (Subject, ConsoleSession) async throws -> String
    ) {
        get(path, to: router) { request, context, session in
            let subject = try await subject(call(request, context, session))
            return try pages.page(page(subject, session), with: "confirm", for: session, at: place)
        }
        post(path, to: router) { request, context, session, _ in
            let subject = try await subject(call(request, context, session))
            do {
                return Response.redirect(to: try await remove(subject, session))
            } catch let error as RestError where error.isForTheForm {
                var page = page(subject, session)
                page.problem = error.message
                return try pages.page(
                    page, with: "confirm", for: session, at: place, status: .init(code: error.code))
            }
        }
    }

    private func call<Subject>(
        _ request: Request, _ context: Context, _ session: ConsoleSession
    ) -> ConsoleForm<Subject>.Call {
        ConsoleForm<Subject>.Call(session: session, query: QueryParameters(request.uri.query ?? "")) { name in
            parameter(name, context)
        }
    }
}
