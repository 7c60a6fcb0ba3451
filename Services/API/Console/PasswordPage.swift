import AlertCore
import HTTPTypes
import Hummingbird
import Persistence

/// The form in which somebody chooses another password.
struct PasswordForm {
    static let path = "/console/password"

    /// Where the person wanted to go.
    let next: String

    func page(for session: ConsoleSession) -> FormPage {
        let own = "/console/people/\(session.person.id)"
        let form = FormView(
            to: Self.path, for: session, submit: "Change the password", cancel: session.isHeld ? nil : own,
            [
                .init(
                    nil,
                    [
                        FormField.secret("old", "Present password", autocomplete: "current-password", isRequired: true)
                            .wide,
                        .secret("password", "New password", isRequired: true, hint: "At least 8 characters."),
                        .secret("repeat", "New password again", isRequired: true),
                        .hidden("next", next),
                    ])
            ])
        return FormPage(
            title: session.isHeld ? "Choose another password" : "Change the password",
            crumbs: session.isHeld ? [] : [NamedValue(name: session.person.displayName, value: "", href: own)],
            lead: session.isHeld ? "\(session.person.displayName), your password has to be changed first." : nil,
            form: form)
    }

    /// - Throws: 400 for what is missing, was not typed the same twice, or is the present password.
    static func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        let old = typed["old"] ?? ""
        let new = typed["password"] ?? ""
        guard !old.isEmpty else { throw .missingField("old") }
        guard !new.isEmpty else { throw .missingField("password") }
        guard new != old else { throw .invalidValue("password", "it is the present one.") }
        guard constantTimeEquals(new, typed["repeat"] ?? "") else {
            throw .invalidValue("repeat", "it is not the same as the new password.")
        }
        return ["password": .string(new)]
    }
}

extension ConsoleRoutes {
    func addPassword(to router: Router<Context>) {
        get(RouterPath(PasswordForm.path), to: router, evenWhenHeld: true) { request, _, session in
            let next = QueryParameters(request.uri.query ?? "")["next"] ?? ""
            return try pages.form(PasswordForm(next: next).page(for: session), for: session, at: .me)
        }
        post(RouterPath(PasswordForm.path), to: router, evenWhenHeld: true) { _, _, session, typed in
            do {
                return try await changePassword(typed, session)
            } catch let error as RestError where error.isForTheForm || error.code == 429 {
                var page = PasswordForm(next: typed["next"] ?? "").page(for: session)
                page.form.tell(of: error)
                return try pages.form(page, for: session, at: .me, problem: error)
            }
        }
    }

    /// Other sessions of the person end with the password; this one goes on in a new cookie.
    private func changePassword(_ typed: QueryParameters, _ session: ConsoleSession) async throws -> Response {
        let body = try PasswordForm.body(typed)
        try await requirePassword(typed["old"] ?? "", of: session.person)
        let path = ["person": session.person.id]
        _ = try await rest.call(.post, "people/{person}", path, body: body, by: session.caller)
        guard let person = try await services.cache.refreshed().people[session.person.id] else {
            throw RestError.notFound("You are not there any more.")
        }
        let next = typed["next"] ?? ""
        var response = Response.redirect(
            to: next.isEmpty ? "/console/people/\(person.id)?done=password" : WebAddress.safeReturn(next))
        response.setCookie(try sessions.begin(for: person))
        return response
    }

    /// - Throws: 400 for another password, 429 after too many wrong ones.
    private func requirePassword(_ password: String, of person: Person) async throws {
        do {
            let caller = try await services.authenticator.authenticate(login: person.webLogin, password: password)
            guard caller.person.id != person.id else { return }
        } catch {
            guard error.code == 401 else { throw error }
        }
        throw RestError.invalidValue("old", "it is not the present password.")
    }
}
