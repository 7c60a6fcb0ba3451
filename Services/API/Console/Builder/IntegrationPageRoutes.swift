import AlertCore
import Foundation
import Hummingbird
import Persistence

// The builder of inbound integrations.
extension ConsoleRoutes {
    /// Bytes of a form with a script.
    static var scriptFormLimit: Int { 4 << 20 }
    private static var recentLimit: Int { 5 }

    func addIntegrations(to router: Router<Context>) {
        get("/console/workflows/{plan}/inbound/new", to: router) { _, context, session in
            try session.caller.require(.writeConfiguration)
            let (plan, directory) = try await plan(parameter("plan", context))
            var input = IntegrationPage.Input()
            input.form = directory.forms(of: plan.id).first?.id ?? ""
            input.script = SampleText.script
            input.user = session.person.targetName
            return try await builder(nil, of: plan, input, directory, session)
        }
        post("/console/workflows/{plan}/inbound/new", to: router, limit: Self.scriptFormLimit) {
            _, context, session, form in
            let (plan, directory) = try await plan(parameter("plan", context))
            let input = IntegrationPage.Input(form)
            do {
                let id = try await save(nil, in: plan.id, input, session)
                return Response.redirect(to: "/console/integrations/\(id)?saved=true")
            } catch let error as RestError where error.isForTheForm {
                return try await builder(nil, of: plan, input, directory, session, problem: error)
            }
        }
        get("/console/integrations/{integration}", to: router) { request, context, session in
            let (integration, plan, directory) = try await inbound(parameter("integration", context))
            let query = QueryParameters(request.uri.query ?? "")
            var input = IntegrationPage.Input(integration, directory)
            input.testBody = try await sampleBody(integration, directory)
            return try await builder(
                integration, of: plan, input, directory, session,
                notice: query["saved"] == nil ? nil : "Saved, and in use for every request from now on.",
                line: query["line"].flatMap { Int($0) })
        }
        post("/console/integrations/{integration}", to: router, limit: Self.scriptFormLimit) {
            _, context, session, form in
            try session.caller.require(.writeConfiguration)
            let (integration, plan, directory) = try await inbound(parameter("integration", context))
            let input = IntegrationPage.Input(form)
            do {
                switch form["action"] {
                case "try": return try await attempt(integration, plan, input, directory, session)
                case "send":
                    let id = try await send(input, to: integration, RunWish(attempt: .test), session)
                    return Response.redirect(to: "/console/activity/\(id)")
                default:
                    _ = try await save(integration, in: plan.id, input, session)
                    return Response.redirect(to: "/console/integrations/\(integration.id)?saved=true")
                }
            } catch let error as RestError where error.isForTheForm {
                return try await builder(integration, of: plan, input, directory, session, problem: error)
            }
        }
    }

    /// - Throws: 404.
    func inbound(_ id: String) async throws -> (Integration, Plan, DirectoryView) {
        let directory = try await services.cache.current()
        guard let integration = directory.integrations[id.lowercased()], integration.integrationType == .inbound,
            let plan = directory.plans[integration.plan]
        else { throw RestError.notFound("There is no inbound integration \(id).") }
        return (integration, plan, directory)
    }

    private func plan(_ id: String) async throws -> (Plan, DirectoryView) {
        let directory = try await services.cache.current()
        guard let plan = directory.plans[id] else { throw RestError.notFound("There is no workflow \(id).") }
        return (plan, directory)
    }

    private func builder(
        _ integration: Integration?, of plan: Plan, _ input: IntegrationPage.Input, _ directory: DirectoryView,
        _ session: ConsoleSession, problem: RestError? = nil, notice: String? = nil, line: Int? = nil,
        result: (Activity, RunView)? = nil
    ) async throws -> Response {
        let trigger = try integration.map { try triggerText($0, input, directory, session) }
        var page = IntegrationPage(
            integration, of: plan, input, trigger: trigger, directory: directory, for: session)
        page.warning = problem?.message
        page.notice = notice
        page.result = result?.1
        page.markedLine = (line ?? result?.0.problem?.line).map(String.init)
        if let integration {
            let recent = try await services.database.reading { connection in
                try Activities(connection).list(
                    Activities.Filter(integration: integration.id), offset: 0, limit: Self.recentLimit)
            }
            page.recent = recent.rows.map { ActivitiesPage.Row($0, format(for: session), directory) }
            page.hasRecent = !page.recent.isEmpty
        }
        return try pages.page(
            page, with: "integration", for: session, at: .workflows, status: .init(code: problem?.code ?? 200))
    }

    /// The URL has its key for those who may configure.
    func triggerURL(
        of integration: Integration, for session: ConsoleSession
    ) throws -> (url: String, isKeyShown: Bool) {
        let url = publicURL + integration.triggerPath
        let takesKey = integration.authenticationType == .url || integration.authenticationType == .any
        guard takesKey, session.caller.may(.writeConfiguration), let sealed = integration.sealedKey else {
            return (url, !takesKey)
        }
        let key = try rest.services.secrets.open(sealed, for: .integrationKey(integration.id))
        return ("\(url)?apiKey=\(key)", true)
    }

    private func triggerText(
        _ integration: Integration, _ input: IntegrationPage.Input, _ directory: DirectoryView,
        _ session: ConsoleSession
    ) throws -> IntegrationPage.Trigger {
        let (url, isKeyShown) = try triggerURL(of: integration, for: session)
        let form = integration.form.flatMap { directory.forms[$0] }
        let body = input.testBody.isEmpty ? SampleText.body(for: form, directory) : input.testBody
        return IntegrationPage.Trigger(
            url: url, curl: SampleText.curl(url, integration.authenticationType, body: body), isKeyShown: isKeyShown)
    }

    /// The newest request's body, or one made up from the form.
    private func sampleBody(_ integration: Integration, _ directory: DirectoryView) async throws -> String {
        let newest = try await services.database.reading { connection in
            try Activities(connection).list(Activities.Filter(integration: integration.id), offset: 0, limit: 1)
        }.rows.first
        if let body = newest?.body, !body.isEmpty { return body }
        return SampleText.body(for: integration.form.flatMap { directory.forms[$0] }, directory)
    }

    /// - Returns: The integration's id.
    private func save(
        _ integration: Integration?, in plan: String, _ input: IntegrationPage.Input, _ session: ConsoleSession
    ) async throws -> String {
        var fields: [String: JSONValue?] = [
            "id": .text(integration?.id), "name": .string(input.name), "integrationType": "INBOUND_WEBHOOK",
            "operation": .string(input.operation), "authenticationType": .string(input.authentication),
            "form": input.form.isEmpty ? nil : .string(input.form),
            "authenticatingUser": input.user.isEmpty ? nil : .string(input.user),
            "deployed": .bool(input.isDeployed),
        ]
        if integration == nil { fields["createdBy"] = "IB" }
        if integration?.scriptStep == nil, input.operation != Integration.Operation.createAlert.rawValue {
            fields["script"] = .string(Data(input.script.utf8).base64EncodedString())
        }
        let answer = try await rest.call(
            .post, "plans/{plan}/integrations", ["plan": plan], body: .fields(fields), by: session.caller)
        return answer.body?["id"]?.string ?? ""
    }

    /// A dry run of what is typed, saved or not; the page shows what came of it.
    private func attempt(
        _ integration: Integration, _ plan: Plan, _ input: IntegrationPage.Input, _ directory: DirectoryView,
        _ session: ConsoleSession
    ) async throws -> Response {
        var wish = RunWish(attempt: .dryRun)
        let hasScript = integration.operation != .createAlert || integration.scriptStep != nil
        if hasScript { wish.draft = input.script }
        let id = try await send(input, to: integration, wish, session)
        guard let activity = try await services.runs.outcome(of: id), activity.status != .running else {
            return Response.redirect(to: "/console/activity/\(id)")
        }
        return try await builder(
            integration, of: plan, input, directory, session,
            result: (activity, RunView(activity, script: hasScript ? input.script : nil)))
    }

    private func send(
        _ input: IntegrationPage.Input, to integration: Integration, _ wish: RunWish, _ session: ConsoleSession
    ) async throws -> String {
        let request = TestRequest(headers: try input.headers(), body: input.testBody)
        let id = try await services.runs.send(request, to: integration.id, wish, by: session.person)
        if wish.attempt != .dryRun { _ = try await services.runs.outcome(of: id) }
        return id
    }
}
