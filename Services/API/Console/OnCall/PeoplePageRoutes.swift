import AlertCore
import Foundation
import Hummingbird
import Persistence

// The pages of people.
extension ConsoleRoutes {
    func addPeople(to router: Router<Context>) {
        get("/console/people", to: router) { request, _, session in try await people(request, session) }
        get("/console/me", to: router) { _, _, session in
            Response.redirect(to: "/console/people/\(session.person.id)")
        }
        get("/console/people/{person}", to: router) { request, context, session in
            let query = QueryParameters(request.uri.query ?? "")
            return try await person(parameter("person", context), session, notice: Self.notice(query))
        }
        add(personForm(isNew: true), at: "/console/people/new", to: router)
        add(personForm(isNew: false), at: "/console/people/{person}/edit", to: router)
        add(phoneForm, at: "/console/people/{person}/phone", to: router)
        add(propertiesForm, at: "/console/people/{person}/properties", to: router)
        addRemoval(at: "/console/people/{person}/delete", place: .people, to: router) { call in
            try await changeablePerson(call.parameter("person"), call.session).0
        } page: { person, session in
            ConfirmPage(
                title: "Delete \(person.displayName)?",
                text: "Devices and absences go, too, and the person leaves all groups. Alerts of the past stay as they "
                    + "are. This cannot be undone.", action: "/console/people/\(person.id)/delete",
                csrf: session.csrf, submit: "Delete", back: "/console/people/\(person.id)")
        } remove: { person, session in
            _ = try await rest.call(.delete, "people/{person}", ["person": person.id], by: session.caller)
            return "/console/people"
        }
    }

    /// What a page says first after something was done.
    static func notice(_ query: QueryParameters) -> String? {
        switch query["done"] {
        case "saved": "Saved."
        case "added": "Added. Now add a device, so that alerts reach this person."
        case "deleted": "Deleted."
        case "password": "The password has been changed."
        case "subscribed": "This browser is notified from now on."
        default: nil
        }
    }

    /// - Throws: 404.
    func knownPerson(_ idOrName: String) async throws -> (Person, DirectoryView) {
        let directory = try await services.cache.current()
        guard let person = directory.person(idOrName) else {
            throw RestError.notFound("There is no person \(idOrName).")
        }
        return (person, directory)
    }

    /// - Throws: 404, and 403 for somebody whom the signed-in person does not administer.
    func changeablePerson(
        _ idOrName: String, _ session: ConsoleSession
    ) async throws -> (Person, DirectoryView) {
        let (person, directory) = try await knownPerson(idOrName)
        try session.caller.requireAdministering(person)
        return (person, directory)
    }

    private func people(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let query = QueryParameters(request.uri.query ?? "")
        var answer: JSONValue?
        var problem: RestError?
        do {
            answer = try await rest.call(.get, "people", query: PeoplePage.query(query), by: session.caller).body
        } catch let error as RestError where error.code == 400 {
            problem = error
        }
        let ids = answer?["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        let total = answer?["total"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        var page = PeoplePage(
            ids, total: total, query: query, try await services.cache.current(), for: session)
        page.problem = problem?.message
        return try pages.page(
            page, with: "people", for: session, at: .people, status: .init(code: problem?.code ?? 200))
    }

    func person(
        _ idOrName: String, _ session: ConsoleSession, notice: String? = nil, problem: RestError? = nil
    ) async throws -> Response {
        let (person, directory) = try await knownPerson(idOrName)
        var page = PersonPage(person, directory, for: session, format: format(for: session))
        page.show(
            DutyRow.rows(
                of: person, days: PersonPage.dutyDays, directory, for: session, format: format(for: session)))
        if page.isOwn { page.pushKey = try await pushKey(for: session) }
        page.notice = notice
        page.warning = problem?.message
        return try pages.page(
            page, with: "person", for: session, at: page.isOwn ? .me : .people,
            status: .init(code: problem?.code ?? 200))
    }

    private func personForm(isNew: Bool) -> ConsoleForm<(Person?, DirectoryView)> {
        ConsoleForm(
            place: .people,
            subject: { call in
                guard isNew else {
                    let (person, directory) = try await changeablePerson(call.parameter("person"), call.session)
                    return (person, directory)
                }
                try call.session.caller.requireMakingPeople()
                return (nil, try await services.cache.current())
            },
            page: { subject, values, session in
                PersonForm(person: subject.0, directory: subject.1).page(values, for: session)
            },
            send: { subject, typed, session in
                let body = try PersonForm(person: subject.0, directory: subject.1).body(typed)
                let path = subject.0.map { ["person": $0.id] } ?? [:]
                let answer = try await rest.call(
                    .post, path.isEmpty ? "people" : "people/{person}", path, body: body, by: session.caller)
                let id = answer.body?["id"]?.string ?? ""
                return "/console/people/\(id)?done=\(isNew ? "added" : "saved")"
            })
    }
}
