import AlertCore
import Foundation

/// What a plan keeps when it is replaced, as no file holds it: keys, secrets, credentials, how callers prove who they
/// are.
struct CarryOver {
    private let integrations: [String: Integration]
    private let endpoints: [String: Endpoint]
    private let notes: Notes

    init(from current: Workflow, notes: Notes) {
        integrations = Dictionary(current.integrations.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        endpoints = Dictionary(current.endpoints.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.notes = notes
    }

    func apply(to workflow: inout Workflow) {
        for index in workflow.endpoints.indices { apply(to: &workflow.endpoints[index]) }
        let present = Set(workflow.endpoints.map(\.id))
        for index in workflow.integrations.indices { apply(to: &workflow.integrations[index], endpoints: present) }
    }

    /// Credentials go to no host that they were not given for.
    private func apply(to endpoint: inout Endpoint) {
        guard var kept = endpoints[endpoint.id], kept.authenticationType == endpoint.authenticationType,
            Self.origin(of: kept.url) == Self.origin(of: endpoint.url)
        else {
            guard endpoint.authenticationType != .none else { return }
            notes.add(
                .byHand, "\(WorkflowPaths.integrations): endpoints",
                "endpoint \(endpoint.name): set its credentials (\(endpoint.authenticationType.rawValue)); "
                    + "files hold none")
            return
        }
        kept.name = endpoint.name
        kept.url = endpoint.url
        kept.endpointType = endpoint.endpointType
        if endpoint.archived?["trustSelfSigned"] != nil { kept.trustSelfSigned = endpoint.trustSelfSigned }
        if endpoint.archived?["preemptive"] != nil { kept.preemptive = endpoint.preemptive }
        kept.archived = endpoint.archived
        endpoint = kept
    }

    /// Scheme, host and port.
    private static func origin(of url: String) -> [String?] {
        guard let parts = URLComponents(string: url) else { return [url] }
        return [parts.scheme?.lowercased(), parts.host?.lowercased(), parts.port.map(String.init)]
    }

    private func apply(to integration: inout Integration, endpoints: Set<String>) {
        guard let kept = integrations[integration.id], kept.integrationType == integration.integrationType else {
            return
        }
        integration.authenticationType = kept.authenticationType
        integration.authenticatingUser = kept.authenticatingUser
        integration.sealedKey = kept.sealedKey
        integration.sealedSigningSecrets = kept.sealedSigningSecrets
        integration.signingExpiries = kept.signingExpiries
        integration.delivery = kept.delivery
        integration.inServiceSince = kept.inServiceSince
        integration.disabledReason = kept.disabledReason
        let stated = integration.archived?.object ?? [:]
        if stated["floodControl"] == nil { integration.floodControl = kept.floodControl }
        if stated["retrySchedule"] == nil { integration.retrySchedule = kept.retrySchedule }
        if stated["path"] == nil { integration.path = kept.path }
        if stated["endpoint"] == nil, stated["endpointName"] == nil, let endpoint = kept.endpoint,
            endpoints.contains(endpoint)
        {
            integration.endpoint = endpoint
        }
    }
}
