import AlertCore
import Foundation
import Persistence

extension Endpoint: PlanPart {
    static let collection = "endpoints"

    var path: String { "/plans/\(plan)/endpoints/\(id)" }

    /// As an integration names it.
    var reference: JSONValue {
        ["id": .string(id), "name": .string(name), "plan": ["id": .string(plan)], "links": .links(path)]
    }

    /// Everything but secrets (spec §4.7).
    var wire: JSONValue {
        .fields([
            "id": .string(id), "plan": ["id": .string(plan)], "name": .string(name),
            "url": url.isEmpty ? nil : .string(url), "endpointType": .string(endpointType.rawValue),
            "authenticationType": .string(authenticationType.rawValue), "authentication": authentication,
            "clientCertificate": clientCertificate.map { ["certificate": .string($0.certificate)] },
            "certificateAuthority": .text(certificateAuthority),
            "trustSelfSigned": .bool(trustSelfSigned), "preemptive": .bool(preemptive), "links": .links(path),
        ])
    }

    private var authentication: JSONValue? {
        let fields: [String: JSONValue?] = [
            "username": .text(username), "oauthTokenUrl": .text(oauth2?.tokenURL),
            "oauthClientId": .text(oauth2?.clientId), "scopes": .text(oauth2?.scopes),
            "grantType": .text(oauth2?.grant.rawValue),
            "clientAuthentication": .text(oauth2?.clientAuthentication.rawValue),
        ]
        return fields.contains { $0.value != nil } ? .fields(fields) : nil
    }
}

/// The fields of an endpoint; those that are absent stay as they are, the secrets above all.
struct EndpointFields {
    /// The longest secret in bytes: a token.
    private static let secretLimit = 16_384

    let fields: RequestFields
    let secrets: SecretBox

    func endpoint(_ existing: Endpoint?, in plan: Plan, _ edit: DirectoryEdit) throws -> Endpoint {
        let name = try fields.requiredName("name", or: existing?.name)
        var endpoint = existing ?? Endpoint(id: edit.newID(), plan: plan.id, name: name, url: "")
        endpoint.name = name
        endpoint.endpointType = try fields.choice("endpointType") ?? endpoint.endpointType
        endpoint.trustSelfSigned = try fields.bool("trustSelfSigned") ?? endpoint.trustSelfSigned
        endpoint.preemptive = try fields.bool("preemptive") ?? endpoint.preemptive
        endpoint.authenticationType = try fields.choice("authenticationType") ?? endpoint.authenticationType
        if endpoint.endpointType == .platform { return platform(endpoint) }
        guard endpoint.authenticationType != .platform else {
            throw RestError.invalidValue("authenticationType", "XMATTERS is for endpoints of that type only.")
        }
        endpoint.url = try url("url", of: fields, or: existing?.url)
        let given = try fields.object("authentication") ?? RequestFields([:])
        let certificate = try fields.object("clientCertificate")
        try authenticate(&endpoint, given)
        try secureTransport(&endpoint, certificate)
        if let existing { try checkSecretsStay(existing, endpoint, given, certificate) }
        try checkCompleteness(endpoint)
        return endpoint
    }

    /// One that leads to this server needs nothing else.
    private func platform(_ endpoint: Endpoint) -> Endpoint {
        var platform = Endpoint.platform(of: endpoint.plan)
        platform.id = endpoint.id
        platform.name = endpoint.name
        return platform
    }

    private func url(_ field: String, of fields: RequestFields, or current: String?) throws(RestError) -> String {
        let url = try fields.requiredName(field, or: current.flatMap { $0.isEmpty ? nil : $0 }, limit: 2000)
        guard WebOrigin(of: url) != nil, let parts = URLComponents(string: url) else {
            throw .invalidValue(fields.name(field), "it must begin with http:// or https:// and name a host.")
        }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw .invalidValue(fields.name(field), "it must not hold a user, a password or a fragment.")
        }
        return url
    }
}

// MARK: - Credentials

extension EndpointFields {
    /// What the authentication type has no use for is let go of.
    private func authenticate(_ endpoint: inout Endpoint, _ given: RequestFields) throws {
        let type = endpoint.authenticationType
        let takesToken: Set<Endpoint.Authentication> = [.bearer, .oauth2Force, .oauthSlack, .oauth2Graph]
        let takesOAuth2: Set<Endpoint.Authentication> = [
            .oauth2, .oauth2Force, .oauthSlack, .oauth2Graph, .serviceNow,
        ]
        if type == .none || type == .bearer {
            endpoint.username = nil
            endpoint.sealedPassword = nil
        } else {
            endpoint.username = try given.text("username") ?? endpoint.username
            endpoint.sealedPassword =
                try sealed("password", given, .endpointPassword(endpoint.id)) ?? endpoint.sealedPassword
        }
        endpoint.sealedToken =
            takesToken.contains(type)
            ? try sealed("token", given, .endpointToken(endpoint.id)) ?? endpoint.sealedToken : nil
        endpoint.oauth2 = takesOAuth2.contains(type) ? try oauth2(endpoint, given) : nil
    }

    private func oauth2(_ endpoint: Endpoint, _ given: RequestFields) throws -> Endpoint.OAuth2? {
        guard endpoint.oauth2 != nil || given.has("oauthTokenUrl") else { return nil }
        let tokenURL = try url("oauthTokenUrl", of: given, or: endpoint.oauth2?.tokenURL)
        var oauth2 = endpoint.oauth2 ?? Endpoint.OAuth2(grant: .clientCredentials, tokenURL: tokenURL)
        oauth2.tokenURL = tokenURL
        oauth2.clientId = try given.text("oauthClientId") ?? oauth2.clientId
        oauth2.scopes = try given.text("scopes") ?? oauth2.scopes
        oauth2.clientAuthentication = try given.choice("clientAuthentication") ?? oauth2.clientAuthentication
        oauth2.sealedClientSecret =
            try sealed("client_secret", given, .clientSecret(endpoint.id)) ?? oauth2.sealedClientSecret
        if let token = try sealed("refreshToken", given, .refreshToken(endpoint.id)) {
            oauth2.sealedRefreshToken = token
            oauth2.connection += 1
        }
        if let grant = try given.choice("grantType", Endpoint.OAuth2.Grant.self) {
            oauth2.grant = grant
        } else if endpoint.oauth2 == nil {  // new, and nothing said: what the other fields are good for
            oauth2.grant =
                oauth2.sealedRefreshToken != nil
                ? .refreshToken : endpoint.username != nil ? .password : .clientCredentials
        }
        return oauth2
    }

    private func sealed(
        _ field: String, _ given: RequestFields, _ context: SecretContext
    ) throws(RestError) -> String? {
        guard let secret = try given.text(field, limit: Self.secretLimit) else { return nil }
        let isClean = secret.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
        guard isClean else { throw .invalidValue(given.name(field), "it holds a control character.") }
        return secrets.seal(secret, for: context)
    }

    private func checkCompleteness(_ endpoint: Endpoint) throws(RestError) {
        let takesBasic: Set<Endpoint.Authentication> = [.basic, .remedyToken]
        if takesBasic.contains(endpoint.authenticationType) {
            guard let username = endpoint.username, !username.isEmpty else {
                throw .missingField("authentication.username")
            }
            guard endpoint.sealedPassword != nil else { throw .missingField("authentication.password") }
        }
        if endpoint.username?.contains(":") == true, endpoint.oauth2 == nil {
            throw .invalidValue("authentication.username", "it holds a colon, which Basic cannot carry.")
        }
        if endpoint.authenticationType == .bearer, endpoint.sealedToken == nil {
            throw .missingField("authentication.token")
        }
        // The names of services may wait for their credentials, as after an import; what is said must fit together.
        guard endpoint.authenticationType == .oauth2 || endpoint.oauth2 != nil else { return }
        guard endpoint.oauth2 != nil else { throw .missingField("authentication.oauthTokenUrl") }
        do {
            _ = try endpoint.credentials()
        } catch {
            throw .invalidValue("authentication", "\(error).")
        }
    }
}

// MARK: - Transport, and where secrets may go

extension EndpointFields {
    private func secureTransport(_ endpoint: inout Endpoint, _ certificate: RequestFields?) throws {
        if let authority = try fields.text("certificateAuthority", limit: 65_536) {
            endpoint.certificateAuthority = authority.isEmpty ? nil : authority
            guard authority.isEmpty || PEM.holds(["CERTIFICATE"], authority) else {
                throw RestError.invalidValue("certificateAuthority", "it must be certificates in PEM.")
            }
        }
        guard let certificate else { return }
        guard !certificate.values.isEmpty else {  // `{}` takes it away
            endpoint.clientCertificate = nil
            return
        }
        let current = endpoint.clientCertificate
        let text = try certificate.text("certificate", limit: 65_536) ?? current?.certificate
        guard let text else { throw RestError.missingField("clientCertificate.certificate") }
        guard PEM.holds(["CERTIFICATE"], text) else {
            throw RestError.invalidValue("clientCertificate.certificate", "it must be certificates in PEM.")
        }
        var sealedKey = current?.sealedPrivateKey
        if let key = try certificate.text("privateKey", limit: Self.secretLimit) {
            guard PEM.holds(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"], key) else {
                throw RestError.invalidValue(
                    "clientCertificate.privateKey", "it must be a key in PEM without a passphrase.")
            }
            sealedKey = secrets.seal(key, for: .privateKey(endpoint.id))
        }
        guard let sealedKey else { throw RestError.missingField("clientCertificate.privateKey") }
        guard endpoint.url.lowercased().hasPrefix("https:") else {
            throw RestError.invalidValue("clientCertificate", "it needs a url that begins with https://.")
        }
        endpoint.clientCertificate = .init(certificate: text, sealedPrivateKey: sealedKey)
    }

    /// Who may change an endpoint may not read its secrets: so a change of where they go needs them again.
    private func checkSecretsStay(
        _ before: Endpoint, _ after: Endpoint, _ given: RequestFields, _ certificate: RequestFields?
    ) throws(RestError) {
        let hasMoved = WebOrigin(of: before.url) != WebOrigin(of: after.url)
        let tokenServerHasMoved =
            before.oauth2.map { WebOrigin(of: $0.tokenURL) } != after.oauth2.map { WebOrigin(of: $0.tokenURL) }
        guard hasMoved || tokenServerHasMoved else { return }
        let kept: [(field: String, isStored: Bool, isGiven: Bool)] = [
            ("authentication.password", after.sealedPassword != nil, given.has("password")),
            ("authentication.token", after.sealedToken != nil, given.has("token")),
            ("authentication.client_secret", after.oauth2?.sealedClientSecret != nil, given.has("client_secret")),
            ("authentication.refreshToken", after.oauth2?.sealedRefreshToken != nil, given.has("refreshToken")),
            (
                "clientCertificate.privateKey", after.clientCertificate != nil,
                certificate?.has("privateKey") == true
            ),
        ]
        let missing = kept.filter { $0.isStored && !$0.isGiven }.map(\.field)
        guard !missing.isEmpty else { return }
        let list = missing.joined(separator: ", ")
        let field = hasMoved ? "url" : "authentication.oauthTokenUrl"
        throw RestError(
            400,
            "The \(field) field names another server, to which the stored secrets must not go: "
                + "give \(list) again with this change.",
            subcode: "validation.endpoint.secrets_required", arguments: [field] + missing)
    }
}

/// A look at PEM (RFC 7468): whether it holds blocks of some kinds, and nothing else.
enum PEM {
    static func holds(_ labels: Set<String>, _ text: String) -> Bool {
        let blocks = text.matches(of: #/-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+\/=\s]+?)-----END ([A-Z ]+)-----/#)
        return !blocks.isEmpty
            && blocks.allSatisfy { block in
                labels.contains(String(block.1)) && block.1 == block.3
                    && Data(base64Encoded: block.2.filter { !$0.isWhitespace }) != nil
            }
    }
}
