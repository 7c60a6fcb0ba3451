import AlertCore
import Endpoints
import Foundation
import OutboundHTTP

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
        case .script(let script): await scripts.run(script, with: request, number: number)
        }
    }

    private func send(
        _ request: WebhookDelivery.Request, number: Int, to target: Target.Webhook
    ) async -> WebhookDelivery.Attempt {
        let started = now()
        let body = Array(request.payload.utf8)
        var headers = [("Content-Type", "application/json; charset=UTF-8")]
        if !target.secrets.isEmpty {
            headers += webhookHeaders(id: request.id, sentAt: started, body: body, secrets: target.secrets)
        }
        var attempt = WebhookDelivery.Attempt(
            number: number, url: target.url, startedAt: started, durationMilliseconds: 0)
        do {
            let response = try await client.send(
                EndpointCall(
                    method: "POST", path: target.path, headers: headers, body: body, timeout: timeout,
                    answerLimit: Self.bodyLimit, cutsAnswer: true),
                to: target.endpoint, as: nil)
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
