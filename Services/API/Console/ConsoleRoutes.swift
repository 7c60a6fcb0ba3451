import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Persistence

/// The pages for people, under `/console`.
struct ConsoleRoutes<Context: RequestContext>: Sendable {
    /// The longest form in bytes.
    static var formLimit: Int { 64 << 10 }

    let pages: ConsolePages
    let sessions: ConsoleSessions
    let services: EventServices
    let live: LiveAlerts
    let rest: InternalREST
    /// Without a slash at the end: what trigger URLs begin with.
    let publicURL: String
    let logger: Logger

    func add(to router: Router<Context>) {
        router.get("/") { _, _ in Response.redirect(to: "/console/alerts") }
        router.get("/console") { _, _ in Response.redirect(to: "/console/alerts") }
        router.get("/alerts") { _, _ in Response.redirect(to: "/console/alerts") }
        router.get("/alerts/{alert}") { _, context in
            // A number that somebody typed or wrote into a message.
            Response.redirect(to: "/console/alerts/\(context.parameters.get("alert") ?? "")")
        }
        router.get("/console/static/{file}", use: file)
        router.get("/console/sign-in", use: signInPage)
        router.post("/console/sign-in", use: signIn)
        post("/console/sign-out", to: router, evenWhenHeld: true) { _, _, _, _ in
            var response = Response.redirect(to: "/console/sign-in")
            response.setCookie(sessions.end())
            return response
        }
        addPassword(to: router)
        addAlerts(to: router)
        addActivity(to: router)
        addDeliveries(to: router)
        addDeadLetters(to: router)
        addAudit(to: router)
        addWorkflows(to: router)
        addIntegrations(to: router)
        addOutbound(to: router)
        addVersions(to: router)
        addWebhooks(to: router)
        addOnCall(to: router)
    }

    /// A page for those who have signed in; others are sent to sign in, or to choose another password, and come back
    /// afterwards.
    func get(
        _ path: RouterPath, to router: Router<Context>, evenWhenHeld: Bool = false,
        _ handler: @escaping @Sendable (Request, Context, ConsoleSession) async throws -> Response
    ) {
        router.get(path) { request, context in
            guard let session = try await sessions.heldSession(of: request) else {
                return Response.redirect(to: WebAddress.make("/console/sign-in", [("next", request.uri.string)]))
            }
            guard evenWhenHeld || !session.isHeld else {
                return Response.redirect(to: WebAddress.make(PasswordForm.path, [("next", request.uri.string)]))
            }
            return try await handler(request, context, session)
        }
    }

    /// A form of those who have signed in; one that no page of the session has made is refused.
    /// - Parameter limit: Bytes of the form.
    func post(
        _ path: RouterPath, to router: Router<Context>, limit: Int = Self.formLimit, evenWhenHeld: Bool = false,
        _ handler: @escaping @Sendable (Request, Context, ConsoleSession, QueryParameters) async throws -> Response
    ) {
        router.post(path) { request, context in
            guard let session = try await sessions.heldSession(of: request) else {
                return Response.redirect(to: "/console/sign-in")
            }
            guard evenWhenHeld || !session.isHeld else { return Response.redirect(to: PasswordForm.path) }
            let form = try await Self.form(of: request, limit: limit)
            guard constantTimeEquals(form["csrf"] ?? "", session.csrf) else { throw Self.strangeForm }
            return try await handler(request, context, session, form)
        }
    }

    static func form(of request: Request, limit: Int = Self.formLimit) async throws -> QueryParameters {
        do {
            return QueryParameters(String(buffer: try await request.body.collect(upTo: limit)))
        } catch is NIOTooManyBytesError {
            throw RestError(413, "The form is too long.", subcode: "request.body_too_large")
        }
    }

    static var strangeForm: RestError {
        RestError(
            403, "The form did not come from a page of this session. Go back, reload the page and try again.",
            subcode: "console.csrf")
    }

    @Sendable
    private func file(_ request: Request, _ context: Context) throws -> Response {
        guard let file = pages.assets.file(context.parameters.get("file") ?? "") else {
            throw RestError.notFound("There is no such file.")
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: file.type, .cacheControl: "public, max-age=31536000, immutable",
                .xContentTypeOptions: "nosniff",
            ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    /// How times look to somebody.
    func format(for session: ConsoleSession) -> TimeFormat {
        TimeFormat(now: services.now(), timezone: session.person.timezone)
    }

    /// The value of a parameter of the path.
    func parameter(_ name: String, _ context: Context) -> String {
        let value = context.parameters.get(name) ?? ""
        return value.removingPercentEncoding ?? value
    }
}

// MARK: - Signing in

extension ConsoleRoutes {
    private struct SignInPage {
        let csrf: String
        let next: String
        let login: String
        let problem: String?
    }

    @Sendable
    private func signInPage(_ request: Request, _ context: Context) async throws -> Response {
        let next = WebAddress.safeReturn(QueryParameters(request.uri.query ?? "")["next"])
        if try await sessions.session(of: request) != nil { return Response.redirect(to: next) }
        return try signInPage(next: next, login: "", problem: nil, status: .ok)
    }

    private func signInPage(
        next: String, login: String, problem: String?, status: HTTPResponse.Status
    ) throws -> Response {
        let (cookie, csrf) = sessions.beginForm()
        var response = try pages.page(
            SignInPage(csrf: csrf, next: next, login: login, problem: problem), with: "sign-in", for: nil,
            status: status)
        response.setCookie(cookie)
        return response
    }

    @Sendable
    private func signIn(_ request: Request, _ context: Context) async throws -> Response {
        let form = try await Self.form(of: request)
        let next = WebAddress.safeReturn(form["next"])
        let login = form["login"] ?? ""
        guard sessions.isFormOurs(request, csrf: form["csrf"]) else {
            return try signInPage(
                next: next, login: login, problem: "The page was too old. Please try again.", status: .forbidden)
        }
        do {
            // An API key is for programs: its secret opens no session of a person.
            let isKey = login.lowercased().hasPrefix(APIKey.prefix)
            let caller = try await services.authenticator.authenticate(
                login: isKey ? "" : login, password: form["password"] ?? "")
            if !ConsoleSessions.admits(caller.person) { try caller.require(.readConfiguration) }
            var response = Response.redirect(to: next)
            response.setCookie(try sessions.begin(for: caller.person))
            return response
        } catch let error as RestError where error.code < 500 {
            return try signInPage(
                next: next, login: login, problem: error.message, status: .init(code: error.code))
        }
    }
}
