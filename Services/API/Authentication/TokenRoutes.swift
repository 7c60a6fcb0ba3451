import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// `POST /api/xm/1/oauth2/token`: signs in by password or by a refresh token (spec §4.1).
struct TokenRoutes<Context: RequestContext>: Sendable {
    private static var path: RouterPath { "/api/xm/1/oauth2/token" }
    /// Bytes.
    private static var bodyLimit: Int { 16 << 10 }

    let database: any SQLDatabase
    let cache: DirectoryCache
    let authenticator: Authenticator
    let tokens: AccessTokens
    /// The one that clients have to give; `nil` lets every one pass.
    let clientId: String?
    let now: Clock

    func add(to router: Router<Context>) {
        router.post(Self.path) { request, _ in try await answer(request) }
        for method in RESTRoute.methods where method != .post {
            router.on(Self.path, method: method) { _, _ -> Response in
                throw RestError(
                    405, "The method \(method.rawValue) is not allowed here. Allowed: POST.",
                    subcode: "request.method_not_allowed", headers: ["Allow": "POST"])
            }
        }
    }

    private struct Answer: Encodable {
        let access_token: String
        let token_type = "bearer"
        let refresh_token: String
        let expires_in = AccessTokens.lifetime.milliseconds / 1000
        let jti: String

        enum CodingKeys: String, CodingKey { case access_token, token_type, refresh_token, expires_in, jti }
    }

    private func answer(_ request: Request) async throws -> Response {
        let fields = try await fields(of: request)
        if let clientId, fields["client_id"] != clientId {
            throw RestError(
                401, fields["client_id"] == nil ? "The client_id is missing." : "The client_id is unknown.",
                subcode: "authentication.client_unknown", arguments: ["client_id"])
        }
        let person: Person
        let refreshToken = RandomSecret.token()
        switch fields["grant_type"] {
        case "password": person = try await signIn(fields, refreshToken)
        case "refresh_token": person = try await refresh(fields, refreshToken)
        case nil, "": throw RestError.missingField("grant_type")
        case let other?: throw RestError.invalidChoice("grant_type", other, valid: ["password", "refresh_token"])
        }
        let id = UUID().uuidString.lowercased()
        let answer = Answer(
            access_token: tokens.make(for: person, id: id, at: now()), refresh_token: refreshToken, jti: id)
        return try Response(status: .ok, json: answer, trace: UUID().uuidString.lowercased())
    }

    private func signIn(_ fields: [String: String], _ refreshToken: String) async throws -> Person {
        guard let login = fields["username"], !login.isEmpty else { throw RestError.missingField("username") }
        guard let password = fields["password"], !password.isEmpty else { throw RestError.missingField("password") }
        let caller = try await authenticator.authenticate(login: login, password: password)
        guard caller.credential == .password else {
            throw RestError.invalidValue("username", "it has to be a person's, not that of an API key.")
        }
        let grant = RefreshTokens.Grant(
            person: caller.person.id, stamp: tokens.stamp(of: caller.person), family: UUID().uuidString.lowercased())
        let at = now()
        try await database.transaction { try RefreshTokens($0).add(refreshToken, for: grant, at: at) }
        return caller.person
    }

    private func refresh(_ fields: [String: String], _ refreshToken: String) async throws -> Person {
        guard let given = fields["refresh_token"], !given.isEmpty else { throw RestError.missingField("refresh_token") }
        let directory = try await cache.refreshed()
        let (at, tokens) = (now(), tokens)
        let person = try await database.transaction { connection -> Person? in
            let store = RefreshTokens(connection)
            guard let grant = try store.use(given, at: at) else { return nil }
            guard let person = directory.people[grant.person], Authenticator.mayEnter(person),
                constantTimeEquals(tokens.stamp(of: person), grant.stamp)
            else {
                try store.end(grant.family)
                return nil
            }
            try store.add(refreshToken, for: grant, at: at)
            return person
        }
        guard let person else {
            throw RestError(
                401, "The refresh_token is not valid any more: sign in again.", subcode: "authentication.failed",
                arguments: ["refresh_token"])
        }
        return person
    }

    /// Of the query and of a form-encoded body, which goes first.
    private func fields(of request: Request) async throws -> [String: String] {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyLimit)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw RestError(
                413, "The body is larger than \(Self.bodyLimit) bytes.", subcode: "request.body_too_large")
        }
        let query = QueryParameters(request.uri.query ?? "")
        let form = QueryParameters(String(buffer: body))
        var fields: [String: String] = [:]
        for name in ["grant_type", "client_id", "username", "password", "refresh_token"] {
            fields[name] = form[name] ?? query[name]
        }
        return fields
    }
}
