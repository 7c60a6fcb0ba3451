import AlertCore
import Foundation
import Persistence

/// Where the webhooks of an integration go and what they are signed with, as configured at a moment.
public struct WebhookTarget: Sendable {
    public let endpoint: Endpoint
    /// Appended to the endpoint's base URL.
    public let path: String?
    /// Newest first; empty for an integration whose webhooks are not signed.
    public let keys: [SigningKey]
    /// How long an attempt may take, where the integration says it.
    public let timeout: Duration?

    /// Why an integration has no target.
    public struct Unavailable: Error, Equatable, Sendable {
        /// For people.
        public let detail: String
    }

    /// - Parameter now: Signing keys whose time is over by then are left out.
    public init(
        _ integration: Integration, in view: DirectoryView, secrets box: SecretBox, at now: Timestamp
    ) throws(Unavailable) {
        guard let endpoint = integration.endpoint.flatMap({ view.endpoints[$0] }) else {
            throw Unavailable(detail: "the integration has no endpoint")
        }
        guard endpoint.endpointType == .external else {
            throw Unavailable(detail: "the endpoint \(endpoint.name) is this server's own API, for scripts only")
        }
        do {
            _ = try endpoint.credentials()
        } catch {
            throw Unavailable(detail: "\(error)")
        }
        var keys: [SigningKey] = []
        for sealed in integration.sealedSigningSecrets(at: now) {
            let text: String
            do {
                text = try box.open(sealed, for: .signingSecret(integration.id))
            } catch {
                throw Unavailable(detail: "a signing secret cannot be opened with the present key")
            }
            do {
                keys.append(try SigningKey(text))
            } catch {
                throw Unavailable(detail: "a signing secret is malformed")
            }
        }
        self.endpoint = endpoint
        self.keys = keys
        path = integration.path
        timeout = integration.delivery?.timeoutSeconds.map { .seconds($0) }
    }

    public var url: String { endpoint.address(of: path) }

    /// The call of one attempt, signed as of `now`.
    /// - Parameters:
    ///   - id: The delivery's.
    ///   - usualTimeout: Where the integration says nothing else.
    public func call(id: String, body: [UInt8], at now: Timestamp, usualTimeout: Duration) -> EndpointCall {
        // By its id a receiver tells a repetition, whether or not it wants a signature.
        let headers =
            keys.isEmpty ? [("webhook-id", id)] : webhookHeaders(id: id, sentAt: now, body: body, keys: keys)
        return .webhook(body, path: path, headers: headers, timeout: timeout ?? usualTimeout)
    }
}

extension EndpointCall {
    /// Bytes of an answer to a webhook that are kept.
    public static let webhookAnswerLimit = 2048

    /// A webhook: JSON by POST.
    public static func webhook(
        _ body: [UInt8], path: String?, headers: [(String, String)], timeout: Duration
    ) -> EndpointCall {
        EndpointCall(
            method: "POST", path: path, headers: [("Content-Type", "application/json; charset=UTF-8")] + headers,
            body: body, timeout: timeout, answerLimit: webhookAnswerLimit, cutsAnswer: true)
    }
}
