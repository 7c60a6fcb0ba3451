import AlertCore
import Persistence

/// What happened to one webhook delivery, as lines of a timeline.
struct DeliveryTimeline {
    let row: WebhookDeliveryRow
    /// `nil` for what was never requested.
    let request: WebhookDelivery.Request?
    let format: TimeFormat

    func entry(_ entry: AlertHistory.Entry<WebhookDelivery.Event>) -> TimelineEntry {
        let name = request.map { "\($0.integration.name) (\($0.trigger.rawValue))" } ?? row.integration
        let id = "webhook-\(row.id)-\(entry.recorded.version)"
        switch entry.event {
        case .requested(let request, _):
            var line = TimelineEntry("webhook", "plain", "Webhook for \(name)")
            line.facts = ["webhook-id \(row.id)"]
            line.body = .init(id: id, label: "Payload", text: request.payload)
            return line
        case .parked(let parking, _): return parked(parking, name)
        case .attempted(let attempt, _): return attempted(attempt, name, id)
        case .delivered: return TimelineEntry("webhook", "good", "\(name) has it")
        case .exhausted(let attempts, _):
            return TimelineEntry(
                "webhook", "bad", "Gave up on \(name)",
                reason: "\(attempts == 1 ? "1 attempt has" : "\(attempts) attempts have") failed and there is no "
                    + "further one: kept, not tried again by itself")
        case .redriven(let person, _, _):
            return TimelineEntry("webhook", "plain", "\(name) is tried again", actor: person.displayName)
        case .cancelled(let person, _, _):
            return TimelineEntry("webhook", "bad", "\(name) was given up", actor: person.displayName)
        case .skipped(let skip, _):
            return TimelineEntry(
                "webhook", "plain", "Not sent to \(skip.integration.name) (\(skip.trigger.rawValue))",
                reason: skip.detail)
        }
    }

    private func parked(_ parking: WebhookDelivery.Parking, _ name: String) -> TimelineEntry {
        var line = TimelineEntry(
            "webhook", "wait", "\(name) waits: \(parking.reason.title)", reason: parking.detail)
        line.facts = parking.until.map { ["goes on at \(format.short($0))"] } ?? []
        return line
    }

    private func attempted(_ attempt: WebhookDelivery.Attempt, _ name: String, _ id: String) -> TimelineEntry {
        let duration = Duration.milliseconds(attempt.durationMilliseconds).readable
        var line = TimelineEntry(
            "webhook", attempt.isSuccess ? "good" : "bad",
            "Attempt \(attempt.number) for \(name): \(attempt.outcome)")
        line.facts = [attempt.url.isEmpty ? "a script · \(duration)" : "\(attempt.url) · \(duration)"]
        if attempt.isInDoubt { line.reason = "the target may have received it although it did not say so" }
        if let pause = attempt.retryAfter { line.facts.append("Retry-After: \(pause) s") }
        if let body = attempt.responseBody, !body.isEmpty {
            let what = attempt.url.isEmpty ? "Console and calls" : "Answer"
            let label = attempt.isBodyTruncated ? "\(what) (the beginning)" : what
            line.body = .init(id: id, label: label, text: body)
        }
        return line
    }
}

extension WebhookDelivery.Parking.Reason {
    /// For people, after "waits: ".
    var title: String {
        switch self {
        case .retry: "next attempt scheduled"
        case .slow: "no answer yet"
        case .busy: "too many attempts under way"
        case .behind: "behind an earlier one of this alert"
        case .throttled: "rate limit"
        case .circuitOpen: "circuit breaker open"
        case .disabled: "out of service"
        case .unconfigured: "not configured"
        case .redriven: "about to be tried again"
        }
    }
}
