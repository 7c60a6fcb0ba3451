import AlertCore
import Persistence

/// Decides whether a request may use an inbound integration, and as whom it acts (spec §2.2).
struct TriggerAuthentication: Sendable {
    let authenticator: Authenticator
    let secrets: SecretBox

    /// - Parameters:
    ///   - key: The `apiKey` of the URL.
    ///   - authorization: The header.
    ///   - given: Who calls, when that is known without a header: as good as a password or an API key.
    /// - Returns: The person as whom the request acts.
    func authenticate(
        _ integration: Integration, key: String?, authorization: String?, given: Person? = nil,
        in view: DirectoryView
    ) async throws -> Person {
        let person: Person
        switch integration.authenticationType {
        case .url:
            person = try byKey(integration, key, view)
        case .basic, .apiKey, .oauth2:
            person =
                if let given {
                    try await authenticator.caller(given.id).person
                } else {
                    try await byCredentials(integration, authorization)
                }
        case .any, .none:
            person =
                if key != nil {
                    try byKey(integration, key, view)
                } else if let given {
                    try await authenticator.caller(given.id).person
                } else {
                    try await byCredentials(integration, authorization)
                }
        }
        try Caller(person: person).require(.sendRequests)
        return person
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
        switch (integration.authenticationType, caller.credential) {
        case (.basic, .apiKey), (.basic, .token):
            throw Self.unauthorized("The integration takes a user and a password only.")
        case (.apiKey, .password), (.apiKey, .token):
            throw Self.unauthorized("The integration takes an API key only.")
        case (.oauth2, .password), (.oauth2, .apiKey):
            throw Self.unauthorized("The integration takes an OAuth2 bearer token only.", scheme: "Bearer")
        case (.any, _), (.none, _), (.url, _), (.basic, .password), (.apiKey, .apiKey), (.oauth2, .token):
            return caller.person
        }
    }

    private static func unauthorized(_ message: String, scheme: String = "Basic") -> RestError {
        RestError(
            401, message, subcode: "authentication.failed",
            headers: ["WWW-Authenticate": "\(scheme) realm=\"Tocsin\""])
    }
}
