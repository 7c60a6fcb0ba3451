import AlertCore
import Persistence

/// Decides whether a request may use an inbound integration, and as whom it acts (spec §2.2).
struct TriggerAuthentication: Sendable {
    let authenticator: Authenticator
    let secrets: SecretBox

    /// - Parameters:
    ///   - key: The `apiKey` of the URL.
    ///   - authorization: The header.
    ///   - given: Who calls, when that is known without a header.
    /// - Returns: The person as whom the request acts.
    func authenticate(
        _ integration: Integration, key: String?, authorization: String?, given: Person? = nil,
        in view: DirectoryView
    ) async throws -> Person {
        if let given, key == nil { return given }
        switch integration.authenticationType {
        case .url:
            return try byKey(integration, key, view)
        case .basic, .apiKey:
            return try await byCredentials(integration, authorization)
        case .any, .none:
            return if key != nil {
                try byKey(integration, key, view)
            } else {
                try await byCredentials(integration, authorization)
            }
        }
    }

    private func byKey(_ integration: Integration, _ key: String?, _ view: DirectoryView) throws -> Person {
        guard let key else { throw Self.unauthorized("The apiKey parameter is missing.") }
        guard let sealed = integration.sealedKey else { throw Self.unauthorized("The integration has no key.") }
        let known = try secrets.open(sealed, for: .integrationKey(integration.id))
        guard constantTimeEquals(key, known) else { throw Self.unauthorized("The apiKey is wrong.") }
        guard let person = integration.authenticatingUser.flatMap({ view.people[$0] }), person.status == .active else {
            throw RestError(
                403, "The integration's authenticating user is not there or not active.",
                subcode: "authorization.user_inactive")
        }
        return person
    }

    private func byCredentials(_ integration: Integration, _ authorization: String?) async throws -> Person {
        let caller = try await authenticator.authenticate(authorization: authorization)
        let isKey = caller.apiKey != nil
        if integration.authenticationType == .basic, isKey {
            throw Self.unauthorized("The integration takes a user and a password, no API key.")
        }
        if integration.authenticationType == .apiKey, !isKey {
            throw Self.unauthorized("The integration takes an API key, no user and password.")
        }
        return caller.person
    }

    private static func unauthorized(_ message: String) -> RestError {
        RestError(
            401, message, subcode: "authentication.failed", headers: ["WWW-Authenticate": "Basic realm=\"Tocsin\""])
    }
}
