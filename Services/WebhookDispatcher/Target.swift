import AlertCore
import Crypto
import Foundation
import Persistence

/// What an integration does with each of its deliveries, as configured at the moment.
struct Target: Sendable {
    enum Action: Sendable {
        case webhook(Webhook)
        case script(Script)
        /// Wherever the delivery itself says; what opens its password.
        case callback(SecretBox)
    }

    /// A request that is sent.
    struct Webhook: Sendable {
        let endpoint: Endpoint
        /// Appended to the endpoint's base URL.
        let path: String?
        let secrets: [SymmetricKey]

        var url: String { endpoint.address(of: path) }
    }

    /// A script that is run.
    struct Script: Sendable {
        let integration: Integration
        /// Where it finds its constants, libraries and endpoints.
        let view: DirectoryView
    }

    let action: Action
    let schedule: RetrySchedule

    /// Why there is no target.
    struct Unavailable: Error {
        let reason: WebhookDelivery.Parking.Reason
        let detail: String
    }

    init(integration id: String, in view: DirectoryView, secrets box: SecretBox) throws(Unavailable) {
        if id.hasPrefix(WebhookDelivery.Request.callbackLane) {
            (action, schedule) = (.callback(box), .standard)
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
        action =
            integration.operation == .runScript
            ? .script(Script(integration: integration, view: view))
            : .webhook(try Webhook(integration, in: view, secrets: box))
    }
}

extension Target.Webhook {
    fileprivate init(
        _ integration: Integration, in view: DirectoryView, secrets box: SecretBox
    ) throws(Target.Unavailable) {
        guard let endpoint = integration.endpoint.flatMap({ view.endpoints[$0] }) else {
            throw Target.Unavailable(reason: .unconfigured, detail: "the integration has no endpoint")
        }
        guard endpoint.endpointType == .external else {
            throw Target.Unavailable(
                reason: .unconfigured,
                detail: "the endpoint \(endpoint.name) is this server's own API, for scripts only")
        }
        do {
            _ = try endpoint.credentials()
        } catch {
            throw Target.Unavailable(reason: .unconfigured, detail: "\(error)")
        }
        do {
            secrets = try integration.sealedSigningSecrets.map { sealed in
                try Self.signingKey(box.open(sealed, for: .signingSecret(integration.id)))
            }
        } catch {
            throw Target.Unavailable(
                reason: .unconfigured, detail: "a secret cannot be opened with the present key")
        }
        self.endpoint = endpoint
        path = integration.path
    }

    /// `whsec_` and base64 (Standard Webhooks).
    private static func signingKey(_ secret: String) throws -> SymmetricKey {
        guard let bytes = Data(base64Encoded: String(secret.dropFirst("whsec_".count))) else {
            throw Target.Unavailable(reason: .unconfigured, detail: "the signing secret is not base64")
        }
        return SymmetricKey(data: bytes)
    }
}
