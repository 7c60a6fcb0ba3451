import AlertCore
import Endpoints
import Foundation
import Persistence

// A try of an outbound integration: one webhook with a sample, at once, and nothing else.
extension RESTServices {
    /// Attempts that the server's own setting bounds take this long at most here.
    private static var usualTimeout: Duration { .seconds(30) }

    /// Sends what a delivery would, with the same signature and by the same guarded client, and says all of it. No
    /// delivery is recorded, nothing is retried, and no service state changes, whatever the answer.
    func testIntegration(_ call: RESTCall) async throws -> RESTAnswer {
        guard let client = webhookClient else {
            throw RestError(
                501, "Webhooks cannot be tried from within a script.", subcode: "integration.test.unavailable")
        }
        let view = try await cache.refreshed()
        let (integration, plan) = try outbound(call, in: view)
        let moment = now()
        let sample = try sample(of: integration, in: plan, view, for: call.caller.person, at: moment)
        let target: WebhookTarget
        do {
            target = try WebhookTarget(integration, in: view, secrets: secrets, at: moment)
        } catch {
            throw RestError.conflict(
                "The integration cannot send: \(error.detail).", subcode: "integration.test.target")
        }
        let body = try JSON.encode(sample.payload.body)
        let delivery = DerivedID.uuid("webhook-test", call.trace)
        let started = ContinuousClock.now
        let exchange = await client.exchange(
            target.call(id: delivery, body: Array(body.utf8), at: moment, usualTimeout: Self.usualTimeout),
            with: target.endpoint)
        let isSuccess = exchange.status.map { (200..<300).contains($0) } ?? false
        let refusal = integration.readFilter()?.refusal(of: sample.payload, alert: "sample", sample.details)
        return .ok(
            .fields([
                "success": .bool(isSuccess), "webhookId": .string(delivery),
                "durationMilliseconds": .integer((ContinuousClock.now - started).milliseconds),
                "request": exchange.sent.map { Self.wire($0.shown, body: body) },
                "response": exchange.status.map { Self.wire(exchange, status: $0) },
                "error": .text(exchange.error), "inDoubt": .bool(exchange.isInDoubt),
                // The sample goes out nevertheless: it is the target that is tried.
                "filtered": .text(refusal), "disabledReason": .text(integration.disabledReason),
            ]))
    }

    /// - Throws: 404, and 409 for one that sends no webhooks.
    private func outbound(_ call: RESTCall, in view: DirectoryView) throws -> (Integration, Plan) {
        let (planName, name) = (call.parameter("plan"), call.parameter("integration"))
        guard let plan = view.plans[planName] ?? view.plans.values.first(where: { $0.name == planName }) else {
            throw RestError.notFound("There is no plan \(planName).")
        }
        let own = view.integrations.values.filter { $0.plan == plan.id }
        guard let integration = own.first(where: { $0.id == name }) ?? own.first(where: { $0.name == name }) else {
            throw RestError.notFound("There is no integration \(name).")
        }
        guard integration.integrationType == .outbound, integration.operation == .sendWebhook else {
            throw RestError.conflict(
                "The integration \(integration.name) sends no webhooks: only those of SEND_WEBHOOK can be tried.",
                subcode: "integration.test.operation")
        }
        return (integration, plan)
    }

    private func sample(
        of integration: Integration, in plan: Plan, _ view: DirectoryView, for person: Person, at now: Timestamp
    ) throws -> SampleWebhook {
        let form = integration.form.flatMap { view.forms[$0] }
        let items = (form?.sections ?? []).flatMap(\.items).filter(\.includeInCallback)
        return SampleWebhook(
            trigger: integration.triggeredBy ?? .status, plan: NamedReference(id: plan.id, name: plan.name),
            form: NamedReference(id: form?.id ?? "", name: form?.name ?? ""),
            properties: items.compactMap { view.properties[$0.propertyDefinition] }, by: PersonReference(person),
            choice: integration.responseChoice, at: now)
    }

    private static func wire(_ request: EndpointExchange.SentRequest, body: String) -> JSONValue {
        [
            "method": .string(request.method), "url": .string(request.url), "headers": headers(request.headers),
            "body": .string(body),
        ]
    }

    private static func wire(_ exchange: EndpointExchange, status: Int) -> JSONValue {
        [
            "status": .whole(status), "headers": headers(exchange.shownHeaders), "body": .string(exchange.body),
            "bodyTruncated": .bool(exchange.isBodyTruncated),
        ]
    }

    private static func headers(_ headers: [(name: String, value: String)]) -> JSONValue {
        .array(headers.map { ["name": .string($0.name), "value": .string($0.value)] })
    }
}
