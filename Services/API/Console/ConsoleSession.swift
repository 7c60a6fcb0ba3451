import AlertCore
import Crypto
import Foundation
import Hummingbird
import Persistence

/// Somebody who has signed in, and looks at a page.
struct ConsoleSession: Sendable {
    let caller: Caller
    /// Stands in every form of the session's pages, and in no other site's.
    let csrf: String
    let expiresAt: Timestamp

    var person: Person { caller.person }
    /// Whether the person has to choose another password before anything else.
    var isHeld: Bool { caller.mustChangePassword }
}

/// Makes and recognises sessions. All of a session is in its signed cookie: the server keeps nothing.
struct ConsoleSessions: Sendable {
    static let cookieName = "tocsin_session"
    /// Of whoever has not signed in yet, for the form's token.
    static let formCookieName = "tocsin_form"
    static let lifetime = Duration.seconds(12 * 3600)

    private struct Content: Codable {
        let person: String
        let expiresAt: Timestamp
        /// Follows from the password: a session ends when that is changed.
        let stamp: String
    }

    let cache: DirectoryCache
    let secrets: SecretBox
    /// Whether browsers are to send the cookies over https only.
    let isSecure: Bool
    let now: Clock

    init(cache: DirectoryCache, secrets: SecretBox, publicURL: String, now: @escaping Clock) {
        self.cache = cache
        self.secrets = secrets
        isSecure = publicURL.lowercased().hasPrefix("https:")
        self.now = now
    }

    private var key: SymmetricKey { secrets.subkey(for: "console-sessions") }

    func begin(for person: Person) throws -> Cookie {
        let content = Content(
            person: person.id, expiresAt: now().advanced(by: Self.lifetime), stamp: stamp(of: person))
        return cookie(
            Self.cookieName, try SignedToken.make(content, key: key), maxAge: Int(Self.lifetime.milliseconds / 1000))
    }

    func end() -> Cookie { cookie(Self.cookieName, "", maxAge: 0) }

    /// Whether the console is for somebody, now or once they have chosen another password.
    static func admits(_ person: Person) -> Bool {
        person.status == .active && Role.permissions(of: person.roles).contains(.readConfiguration)
    }

    /// `nil` for somebody who has not signed in, may not any more, did so too long ago, or has to choose another
    /// password first.
    /// - Throws: `StoreError` when the directory cannot be read.
    func session(of request: Request) async throws -> ConsoleSession? {
        try await heldSession(of: request).flatMap { $0.isHeld ? nil : $0 }
    }

    /// As ``session(of:)``, but also of somebody who may do nothing but choose another password.
    func heldSession(of request: Request) async throws -> ConsoleSession? {
        guard let token = request.cookies[Self.cookieName]?.value,
            let content = SignedToken.read(token, as: Content.self, key: key), now() < content.expiresAt,
            let person = try await cache.current().people[content.person], Self.admits(person),
            constantTimeEquals(content.stamp, stamp(of: person))
        else { return nil }
        let caller = Caller(person: person, mustChangePassword: person.forcePasswordReset)
        return ConsoleSession(
            caller: caller, csrf: SignedToken.code(of: "session:\(token)", key: key), expiresAt: content.expiresAt)
    }

    private func stamp(of person: Person) -> String {
        SignedToken.code(of: "password:\(person.id):\(person.passwordHash ?? "")", key: key)
    }
}

// MARK: - The form to sign in

extension ConsoleSessions {
    /// A cookie for the form, and what the form carries: both have to come back, and only a page of ours has both.
    func beginForm() -> (cookie: Cookie, csrf: String) {
        let nonce = RandomSecret.token()
        return (cookie(Self.formCookieName, nonce, maxAge: 3600), formToken(for: nonce))
    }

    func isFormOurs(_ request: Request, csrf: String?) -> Bool {
        guard let nonce = request.cookies[Self.formCookieName]?.value, let csrf else { return false }
        return constantTimeEquals(csrf, formToken(for: nonce))
    }

    private func formToken(for nonce: String) -> String { SignedToken.code(of: "form:\(nonce)", key: key) }

    private func cookie(_ name: String, _ value: String, maxAge: Int) -> Cookie {
        Cookie(name: name, value: value, maxAge: maxAge, path: "/", secure: isSecure, httpOnly: true, sameSite: .lax)
    }
}
