import AlertCore
import Foundation
import Hummingbird
import Persistence

/// The ready-made configuration: a URL that makes alerts, and updates that are sent back (spec §1, A7 of the seeds).
struct WebhooksPage: Sendable {
    struct Update: Sendable {
        let field: String
        let title: String
        let isChosen: Bool
        let url: String
    }

    let csrf: String
    let name: String
    let description: String
    let sender: String
    let recipients: String
    let updates: [Update]
    var warning: String?

    init(_ form: QueryParameters, for session: ConsoleSession) {
        csrf = session.csrf
        name = form["name"] ?? ""
        description = form["description"] ?? ""
        sender = form["sender"] ?? ""
        recipients = form["recipients"] ?? session.person.targetName
        updates = WebhookUpdate.all.map { update in
            Update(
                field: update.field, title: update.title, isChosen: form[update.field] == "true",
                url: form["\(update.field)-url"] ?? "")
        }
    }
}

/// A kind of update that the configuration can send back.
struct WebhookUpdate: Sendable {
    let field: String
    let title: String
    let trigger: Trigger

    static let all = [
        WebhookUpdate(field: "status", title: "Alert status updates", trigger: .status),
        WebhookUpdate(field: "delivery", title: "Notification delivery updates", trigger: .deliveryStatus),
        WebhookUpdate(field: "response", title: "Response updates", trigger: .response),
    ]
}

/// What a configuration shows once it is there.
struct WebhooksReadyPage: Sendable {
    let plan: String
    let planId: String
    let integrationId: String
    let url: String
    let sample: String
    let curl: String
    let updates: [NamedValue]
    let hasUpdates: Bool
}

extension ConsoleRoutes {
    func addWebhooks(to router: Router<Context>) {
        get("/console/webhooks/new", to: router) { _, _, session in
            try session.caller.require(.writeConfiguration)
            let page = WebhooksPage(QueryParameters(""), for: session)
            return try pages.page(page, with: "webhooks", for: session, at: .workflows)
        }
        post("/console/webhooks/new", to: router) { _, _, session, form in
            do {
                let id = try await makeWebhooks(form, session)
                return Response.redirect(to: "/console/webhooks/\(id)")
            } catch let error as RestError where error.isForTheForm {
                var page = WebhooksPage(form, for: session)
                page.warning = error.message
                return try pages.page(
                    page, with: "webhooks", for: session, at: .workflows, status: .init(code: error.code))
            }
        }
        get("/console/webhooks/{integration}", to: router) { _, context, session in
            try session.caller.require(.writeConfiguration)
            let (integration, plan, directory) = try await inbound(parameter("integration", context))
            let form = integration.form.flatMap { directory.forms[$0] }
            let sample = SampleText.body(for: form, directory)
            let url = try triggerURL(of: integration, for: session).url
            let updates = WebhookUpdate.all.flatMap { update in
                directory.outboundIntegrations(form: form?.id ?? "", trigger: update.trigger).map {
                    let endpoint = $0.endpoint.flatMap { directory.endpoints[$0] }
                    return NamedValue(name: update.title, value: endpoint?.address(of: $0.path) ?? "")
                }
            }
            let page = WebhooksReadyPage(
                plan: plan.name, planId: plan.id, integrationId: integration.id, url: url, sample: sample,
                curl: SampleText.curl(url, integration.authenticationType, body: sample), updates: updates,
                hasUpdates: !updates.isEmpty)
            return try pages.page(page, with: "webhooks-ready", for: session, at: .workflows)
        }
    }

    /// Makes all of it in one transaction.
    /// - Returns: The inbound integration's id.
    private func makeWebhooks(_ form: QueryParameters, _ session: ConsoleSession) async throws -> String {
        let secrets = rest.services.secrets
        return try await rest.transaction(by: session.caller) { edit in
            try WebhooksConfiguration(form: form, edit: edit, secrets: secrets).make()
        }
    }
}

/// The workflow of the configuration.
struct WebhooksConfiguration {
    /// What a request says of the alert; `Message` becomes the body.
    private static let properties = ["Subject", "Message"]

    let form: QueryParameters
    let edit: DirectoryEdit
    let secrets: SecretBox

    /// - Returns: The inbound integration's id.
    func make() throws -> String {
        let name = try RequestFields(["name": form.filled("name") ?? .null]).requiredName("name", or: nil)
        let recipients = try form.names("recipients").map { try edit.recipient($0) }
        guard !recipients.isEmpty else { throw RestError.missingField("recipients") }
        let plan = Plan(
            id: edit.newID(), name: name, description: form["description"] ?? "", created: edit.now,
            creator: edit.call.caller.person.id)
        try edit.put(plan)
        let form = try makeForm(of: plan, recipients)
        for update in WebhookUpdate.all where self.form[update.field] == "true" {
            try makeUpdate(update, plan, form)
        }
        let fields: [String: JSONValue] = [
            "name": .string(name), "form": .string(form.id), "integrationType": "INBOUND_WEBHOOK",
            "operation": "CREATE_EVENT_SIMPLE", "authenticationType": "URL", "createdBy": "IB",
        ]
        return try put(fields, in: plan)
    }

    private func makeForm(of plan: Plan, _ recipients: [String]) throws -> Form {
        var form = try Form(
            id: edit.newID(), number: edit.directory.nextNumber(of: "form"), plan: plan.id, name: "Alert")
        form.recipients = recipients
        form.sections = [try edit.section(of: plan, properties: Self.properties)]
        form.emailTemplates = [
            Form.EmailTemplate(language: "en", subject: "${Subject}", body: "<p>${Message}</p>")
        ]
        form.responseOptions = [
            ResponseOption(id: edit.newID(), number: 1, text: "Acknowledge", action: .assignToUser),
            ResponseOption(id: edit.newID(), number: 2, text: "Escalate", action: .escalate),
            ResponseOption(id: edit.newID(), number: 3, text: "Close", action: .end),
        ]
        if let sender = self.form.filled("sender")?.string {
            form.senderOverrides = SenderOverrides(displayName: sender)
        }
        try edit.put(form)
        return form
    }

    /// One endpoint and one integration for an address.
    private func makeUpdate(_ update: WebhookUpdate, _ plan: Plan, _ form: Form) throws {
        let field = "\(update.field)-url"
        guard let url = self.form.filled(field)?.string else { throw RestError.missingField(update.title) }
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host else {
            throw RestError.invalidValue(update.title, "\(url) is no address such as https://tickets.example/hook.")
        }
        let origin = "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")"
        let rest = String(url.dropFirst(min(origin.count, url.count)))
        let endpoint = Endpoint(id: edit.newID(), plan: plan.id, name: update.title, url: origin)
        guard scheme == "http" || scheme == "https", url.hasPrefix(origin), !rest.contains("#") else {
            throw RestError.invalidValue(update.title, "\(url) is no address such as https://tickets.example/hook.")
        }
        try edit.put(endpoint)
        var fields: [String: JSONValue] = [
            "name": .string(update.title), "form": .string(form.id), "integrationType": "OUTBOUND_WEBHOOK",
            "operation": "SEND_WEBHOOK", "triggeredBy": .string(update.trigger.rawValue),
            "endpoint": .string(endpoint.id), "createdBy": "IB",
        ]
        if !rest.isEmpty { fields["path"] = .string(rest) }
        _ = try put(fields, in: plan)
    }

    private func put(_ fields: [String: JSONValue], in plan: Plan) throws -> String {
        let request = IntegrationRequest(fields: RequestFields(fields), plan: plan, edit: edit, secrets: secrets)
        let integration = try request.integration(nil)
        try edit.put(integration)
        return integration.id
    }
}
