import AlertCore
import Endpoints
import Persistence

/// What an integration does with each of its deliveries, as configured at the moment.
struct Target: Sendable {
    enum Action: Sendable {
        case webhook(WebhookTarget)
        case script(Script)
        /// Wherever the delivery itself says; what opens its password.
        case callback(SecretBox)
    }

    /// A script that is run.
    struct Script: Sendable {
        let integration: Integration
        /// Where it finds its constants, libraries and endpoints.
        let view: DirectoryView
    }

    let action: Action
    let schedule: RetrySchedule
    let lane: LaneSettings

    /// Why there is no target.
    struct Unavailable: Error {
        let reason: WebhookDelivery.Parking.Reason
        let detail: String
    }

    /// - Throws: ``Unavailable`` with the reason, when nothing can be sent.
    init(
        integration id: String, in view: DirectoryView, secrets box: SecretBox, at now: Timestamp
    ) throws(Unavailable) {
        if id.hasPrefix(WebhookDelivery.Request.callbackLane) {
            (action, schedule, lane) = (.callback(box), .standard, LaneSettings())
            return
        }
        guard let integration = view.integrations[id] else {
            throw Unavailable(reason: .unconfigured, detail: "the integration has been deleted")
        }
        if let reason = integration.disabledReason { throw Unavailable(reason: .disabled, detail: reason) }
        guard integration.deployed else {
            throw Unavailable(reason: .disabled, detail: "the integration is not deployed")
        }
        if let reason = integration.notExecuted { throw Unavailable(reason: .unconfigured, detail: reason) }
        schedule = integration.retrySchedule ?? .standard
        lane = LaneSettings(integration)
        if integration.operation == .runScript {
            action = .script(Script(integration: integration, view: view))
            return
        }
        do {
            action = .webhook(try WebhookTarget(integration, in: view, secrets: box, at: now))
        } catch {
            throw Unavailable(reason: .unconfigured, detail: error.detail)
        }
    }
}
