import AlertCore
import Endpoints
import Foundation
import Persistence

/// Makes one attempt to deliver. Never throws: whatever happens is the attempt's outcome.
struct AttemptRunner: Sendable {
    let client: EndpointClient
    let scripts: OutboundScripts
    let timeout: Duration
    let now: Clock

    /// How long an attempt can take at most.
    func longest(_ request: WebhookDelivery.Request) -> Duration { request.script == nil ? timeout : scripts.longest }

    func run(_ request: WebhookDelivery.Request, number: Int, to target: Target) async -> WebhookDelivery.Attempt {
        switch target.action {
        case .webhook(let webhook): await send(request, number: number, to: webhook)
        case .callback(let secrets): await call(request, number: number, secrets)
        case .script(let script): await scripts.run(script, with: request, number: number)
        }
    }

    private func send(
        _ request: WebhookDelivery.Request, number: Int, to target: WebhookTarget
    ) async -> WebhookDelivery.Attempt {
        let started = now()
        let call = target.call(
            id: request.id, body: Array(request.payload.utf8), at: started, usualTimeout: timeout)
        return await post(call, to: target.endpoint, url: target.url, number: number, startedAt: started)
    }

    /// To the URL of an alert's own request, which has no integration behind it.
    private func call(
        _ request: WebhookDelivery.Request, number: Int, _ secrets: SecretBox
    ) async -> WebhookDelivery.Attempt {
        let started = now()
        var attempt = WebhookDelivery.Attempt(
            number: number, url: request.callback?.url ?? "", startedAt: started, durationMilliseconds: 0)
        guard let callback = request.callback else {
            attempt.error = "the delivery has no callback"
            attempt.isFinal = true
            return attempt
        }
        var headers = [("webhook-id", request.id)]
        if let user = callback.user {
            do {
                let context = SecretContext.alertCallback(request.alert, callback.index)
                let password = try callback.sealedPassword.map { try secrets.open($0, for: context) } ?? ""
                headers.append(("Authorization", "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()))
            } catch {
                attempt.error = "the callback's password cannot be opened with the present key"
                attempt.isFinal = true
                return attempt
            }
        }
        let endpoint = Endpoint(id: request.integration.id, plan: "", name: request.integration.name, url: callback.url)
        attempt = await post(
            .webhook(Array(request.payload.utf8), path: nil, headers: headers, timeout: timeout), to: endpoint,
            url: callback.url, number: number, startedAt: started)
        attempt.isFinal = attempt.isGone ? true : nil
        return attempt
    }

    private func post(
        _ call: EndpointCall, to endpoint: Endpoint, url: String, number: Int, startedAt started: Timestamp
    ) async -> WebhookDelivery.Attempt {
        let exchange = await client.exchange(call, with: endpoint)
        let hasBody = exchange.status != nil
        return WebhookDelivery.Attempt(
            number: number, url: url, startedAt: started,
            durationMilliseconds: max(0, now().since(started).milliseconds), status: exchange.status,
            responseBody: hasBody ? exchange.body : nil, isBodyTruncated: exchange.isBodyTruncated,
            error: exchange.error, isInDoubt: exchange.isInDoubt,
            retryAfter: exchange.status.flatMap { [429, 503].contains($0) ? Self.retryAfter(exchange) : nil })
    }

    /// Seconds only: a date in `Retry-After` (RFC 9110 §10.2.3) is rare, and the schedule's pause serves as well.
    private static func retryAfter(_ exchange: EndpointExchange) -> Int? {
        exchange.header("Retry-After").flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }.map { max(0, $0) }
    }
}

extension String {
    /// Text that PostgreSQL keeps.
    var withoutNUL: String { replacingOccurrences(of: "\0", with: "\u{FFFD}") }
}
