import AlertCore
import Endpoints
import Foundation
import OutboundHTTP
import Persistence

/// Makes one attempt to deliver. Never throws: whatever happens is the attempt's outcome.
struct AttemptRunner: Sendable {
    /// How much of an answer's body is kept.
    static let bodyLimit = 2048

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
        _ request: WebhookDelivery.Request, number: Int, to target: Target.Webhook
    ) async -> WebhookDelivery.Attempt {
        let started = now()
        let body = Array(request.payload.utf8)
        var headers: [(String, String)] = []
        if !target.secrets.isEmpty {
            headers += webhookHeaders(id: request.id, sentAt: started, body: body, secrets: target.secrets)
        }
        return await post(
            body, to: target.endpoint, path: target.path, url: target.url, headers: headers,
            number: number, startedAt: started)
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
            Array(request.payload.utf8), to: endpoint, path: nil, url: callback.url, headers: headers, number: number,
            startedAt: started)
        attempt.isFinal = attempt.isGone ? true : nil
        return attempt
    }

    private func post(
        _ body: [UInt8], to endpoint: Endpoint, path: String?, url: String, headers: [(String, String)], number: Int,
        startedAt started: Timestamp
    ) async -> WebhookDelivery.Attempt {
        var attempt = WebhookDelivery.Attempt(number: number, url: url, startedAt: started, durationMilliseconds: 0)
        do {
            let response = try await client.send(
                EndpointCall(
                    method: "POST", path: path,
                    headers: [("Content-Type", "application/json; charset=UTF-8")] + headers, body: body,
                    timeout: timeout, answerLimit: Self.bodyLimit, cutsAnswer: true),
                to: endpoint, as: nil)
            attempt.status = response.status
            attempt.responseBody = String(decoding: response.body, as: UTF8.self).withoutNUL
            attempt.isBodyTruncated = response.isBodyTruncated
            attempt.retryAfter = [429, 503].contains(response.status) ? Self.retryAfter(response) : nil
        } catch let error as OutboundError {
            attempt.error = error.detail
            attempt.isInDoubt = error.isInDoubt
        } catch let error as TokenProblem {
            attempt.error = error.description
        } catch let error as EndpointProblem {
            attempt.error = error.description
        } catch {
            attempt.error = "\(error)"
            attempt.isInDoubt = true
        }
        attempt.durationMilliseconds = max(0, now().since(started).milliseconds)
        return attempt
    }

    /// Seconds only: a date in `Retry-After` (RFC 9110 §10.2.3) is rare, and the schedule's pause serves as well.
    private static func retryAfter(_ response: OutboundResponse) -> Int? {
        response.header("Retry-After").flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }.map { max(0, $0) }
    }
}

extension String {
    /// Text that PostgreSQL keeps.
    var withoutNUL: String { replacingOccurrences(of: "\0", with: "\u{FFFD}") }
}
