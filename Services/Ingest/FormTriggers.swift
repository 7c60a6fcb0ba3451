import AlertCore
import Endpoints
import Hummingbird
import Messaging
import Persistence

/// The ways to send to a form without an integration (spec §2.1).
enum FormDoor: CaseIterable, Sendable {
    /// 202 with the id of the request.
    case current
    /// 200 with the number of the alert, which is reserved before the answer.
    case legacy

    static let legacyVersions = ["2014-12-01", "2015-01-01", "2015-04-01"]

    var paths: [String] {
        switch self {
        case .current: ["/api/xm/1/forms/{form}/triggers"]
        case .legacy: Self.legacyVersions.map { "/reapi/\($0)/forms/{form}/triggers" }
        }
    }
}

/// Takes a request to a form, as whoever sends it. The body is checked whole before anything is kept.
struct FormTriggers<Context: RemoteAddressRequestContext>: Sendable {
    let routes: IngestRoutes<Context>
    let door: FormDoor

    func accept(_ request: Request, _ context: Context) async throws -> Response {
        let caller = try await caller(request, context)
        var (form, plan, view) = try await form(context.parameters.get("form") ?? "")
        try SenderRules.require(form, of: plan, for: caller)
        try routes.rates.admit(
            source: (form.id, "the form \(form.name)"), plan: (plan.id, plan.name), at: routes.now())
        let body = try await routes.body(of: request)
        let json = try IngestRoutes<Context>.json(body)
        if json["scenario"] != nil {
            // It may be younger than what is in memory.
            view = try await routes.unavailableIfItFails { try await routes.directory.refreshed() }
        }
        var message = try await routes.message(from: request, context, body, caller.person)
        message.form = form.id
        message.parameters = FormEncoding.parse(request.uri.query ?? "")
        try check(
            json, message,
            AlertDraft(
                view: view, plan: plan, form: form, integration: nil, submitter: caller.person, secrets: routes.secrets)
        )
        // What is refused takes no key.
        message = try await routes.unrepeated(message, request)
        switch door {
        case .current:
            try await routes.publish(message)
            return try IngestRoutes<Context>.answer(202, ["requestId": message.requestId])
        case .legacy:
            let reservation = AlertMaker.reservation(of: message.requestId, 0)
            let number = try await routes.unavailableIfItFails { try await routes.numbers.reserve(reservation) }
            try await routes.publish(message)
            return try IngestRoutes<Context>.answer(200, ["id": String(number)])
        }
    }

    /// Who calls is said by a call from within, and proven by a header otherwise.
    private func caller(_ request: Request, _ context: Context) async throws -> Caller {
        if let given = (context as? any InternalCallContext)?.internalCaller { return Caller(person: given.person) }
        return try await routes.authenticator.authenticate(authorization: request.headers[.authorization])
    }

    /// - Parameter idOrNumber: The form's UUID, or its number.
    private func form(_ idOrNumber: String) async throws -> (Form, Plan, DirectoryView) {
        let id = idOrNumber.lowercased()
        func find(_ view: DirectoryView) -> Form? {
            view.forms[id] ?? Int64(id).flatMap { number in view.forms.values.first { $0.number == number } }
        }
        let view = try await routes.view { find($0) != nil }
        guard let form = find(view), let plan = view.plans[form.plan] else {
            throw RestError(404, "There is no form \(idOrNumber).", subcode: "validation.common.not_found")
        }
        return (form, plan, view)
    }

    /// Makes the alert as the run will make it, and throws it away.
    private func check(_ json: JSONValue, _ message: InboundRequestMessage, _ draft: AlertDraft) throws(RestError) {
        var notes: [String] = []
        do {
            _ = try draft.details(
                json, recipients: message.parameters["recipients"], id: "", number: 0, requestId: message.requestId,
                notes: &notes)
        } catch let problem {
            throw IngestRoutes<Context>.refusal(problem)
        }
    }
}
