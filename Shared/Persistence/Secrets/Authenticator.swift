import AlertCore
import Crypto
import Foundation

/// Finds out who sends a request: Basic with a web login or target name and its password, or with an API key
/// and its secret; or a bearer token (spec §4.1).
public final class Authenticator: Sendable {
    /// Checks that wait for a processor; past that, requests are turned away.
    private static let waitingLimit = 64

    private let cache: DirectoryCache
    private let tokens: AccessTokens?
    private let signIns: SignInRecorder?
    private let now: Clock
    private let verified = VerifiedCredentials()
    private let throttle = LoginThrottle(failureLimit: 10)
    /// More than for a login: a whole office may share an address.
    private let addresses = LoginThrottle(failureLimit: 100)
    private let checks = PasswordChecks(limit: waitingLimit)

    /// Where the request comes from whose credentials are checked; `nil` where that is not known, or it was made
    /// within.
    @TaskLocal public static var clientAddress: String?

    /// One for a process: it remembers who has been let in and who has failed.
    /// - Parameters:
    ///   - tokens: `nil` lets nobody in by a token.
    ///   - signIns: Is told of everybody who has been let in.
    public init(
        cache: DirectoryCache, tokens: AccessTokens? = nil, signIns: SignInRecorder? = nil, now: @escaping Clock
    ) {
        self.cache = cache
        self.tokens = tokens
        self.signIns = signIns
        self.now = now
    }

    /// - Parameter authorization: The header's value.
    /// - Throws: 401 with a challenge, the same whether it was the name or the password; 429 with `Retry-After`
    ///   after ten failures of a login, or a hundred of an address, within a minute; 503 when the directory cannot be
    ///   read.
    public func authenticate(authorization: String?) async throws(RestError) -> Caller {
        let caller = try await check(authorization: authorization)
        await signIns?.record(caller.person.id, at: now())
        return caller
    }

    private func check(authorization: String?) async throws(RestError) -> Caller {
        guard let authorization else { throw Self.refusal("Authentication is required.") }
        if let token = Self.token(of: authorization) { return try await authenticate(token: token) }
        guard let (login, password) = Self.credentials(of: authorization) else {
            throw Self.refusal("The Authorization header is not valid: Basic authentication is expected.")
        }
        return try await check(login: login, password: password)
    }

    /// As ``authenticate(authorization:)``, for a form with two fields.
    public func authenticate(login: String, password: String) async throws(RestError) -> Caller {
        let caller = try await check(login: login, password: password)
        await signIns?.record(caller.person.id, at: now())
        return caller
    }

    private func check(login: String, password: String) async throws(RestError) -> Caller {
        let view = try await directory(anew: false)
        if let caller = try await check(login, password, in: view) { return caller }
        // Somebody who was added, or whose password was changed, a moment ago in another process.
        let fresh = try await directory(anew: true)
        if fresh.version != view.version, let caller = try await check(login, password, in: fresh) {
            return caller
        }
        throttle.recordFailure(of: login.lowercased(), at: now())
        if let address = Self.clientAddress { addresses.recordFailure(of: address, at: now()) }
        throw Self.refusal("The user name or the password is wrong.")
    }

    /// Somebody who is known already, for a call from within.
    /// - Throws: 403 when the person is not there any more or may not sign in; 503 when the directory cannot be read.
    public func caller(_ person: String) async throws(RestError) -> Caller {
        let view = try await directory(anew: false)
        guard let person = view.people[person], Self.mayEnter(person) else {
            throw RestError(
                403, "The user is not there or may not sign in.", subcode: "authorization.user_inactive")
        }
        return Caller(person: person)
    }

    /// A bearer token of ``AccessTokens``.
    private func authenticate(token: String) async throws(RestError) -> Caller {
        guard let tokens, let (id, stamp) = tokens.check(token, at: now()) else { throw Self.tokenRefusal }
        var view = try await directory(anew: false)
        func isRight(_ person: Person?) -> Bool {
            person.map { Self.mayEnter($0) && constantTimeEquals(tokens.stamp(of: $0), stamp) } ?? false
        }
        if !isRight(view.people[id]) { view = try await directory(anew: true) }
        guard let person = view.people[id], isRight(person) else { throw Self.tokenRefusal }
        return Caller(person: person, isByToken: true, mustChangePassword: person.forcePasswordReset)
    }

    private func check(
        _ login: String, _ password: String, in view: DirectoryView
    ) async throws(RestError) -> Caller? {
        let known = verified.person(login: login, password: password) { view.people[$0]?.passwordHash }
        // The login must still lead to the same person: names can move from one to another.
        if let known, let person = view.person(login: login), person.id == known, Self.mayEnter(person) {
            return Caller(person: person, mustChangePassword: person.forcePasswordReset)
        }
        let ofAddress = Self.clientAddress.flatMap { addresses.pause(of: $0, at: now()) }
        if let pause = throttle.pause(of: login.lowercased(), at: now()) ?? ofAddress {
            throw RestError(
                429, "Too many unsuccessful logins: try again later.", subcode: "authentication.throttled",
                headers: ["Retry-After": String(max(1, (pause.milliseconds + 999) / 1000))])
        }
        if login.hasPrefix(APIKey.prefix) { return checkKey(login, password, in: view) }
        let person = view.person(login: login)
        // Somebody who is not there costs as much time as somebody who is.
        let isRight = try await checks.verify(password, against: person?.passwordHash ?? Self.decoy)
        guard isRight, let person, let passwordHash = person.passwordHash, Self.mayEnter(person) else { return nil }
        throttle.recordSuccess(of: login.lowercased())
        verified.remember(person.id, login: login, password: password, passwordHash: passwordHash)
        return Caller(person: person, mustChangePassword: person.forcePasswordReset)
    }

    private func checkKey(_ id: String, _ secret: String, in view: DirectoryView) -> Caller? {
        let hash = Self.secretHash(secret)
        guard let key = view.apiKeys[id.lowercased()], constantTimeEquals(hash, key.secretHash),
            let person = view.people[key.person], Self.mayEnter(person)
        else { return nil }
        return Caller(person: person, apiKey: key.id)
    }

    /// What ``APIKey/secretHash`` holds.
    public static func secretHash(_ secret: String) -> String { SHA256.hash(data: Data(secret.utf8)).hexadecimal }

    /// Whether somebody may sign in at all.
    public static func mayEnter(_ person: Person) -> Bool {
        person.status == .active && Role.permissions(of: person.roles).contains(.signIn)
    }

    private func directory(anew: Bool) async throws(RestError) -> DirectoryView {
        do {
            return try await anew ? cache.refreshed() : cache.current()
        } catch {
            throw RestError(
                503, "The directory cannot be read at present.", subcode: "store.unavailable",
                headers: ["Retry-After": "2"])
        }
    }

    private static func token(of authorization: String) -> String? {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].trimmingCharacters(in: .whitespaces)
    }

    private static let tokenRefusal = RestError(
        401, "The access token is not valid, or not any more.", subcode: "authentication.failed",
        headers: ["WWW-Authenticate": "Bearer realm=\"Tocsin\", error=\"invalid_token\""])

    static func credentials(of authorization: String) -> (login: String, password: String)? {
        let parts = authorization.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let bytes = Data(base64Encoded: parts[1].trimmingCharacters(in: .whitespaces)),
            let text = String(data: bytes, encoding: .utf8), let colon = text.firstIndex(of: ":")
        else { return nil }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    private static func refusal(_ message: String) -> RestError {
        RestError(
            401, message, subcode: "authentication.failed",
            headers: ["WWW-Authenticate": "Basic realm=\"Tocsin\", charset=\"UTF-8\""])
    }

    /// The hash of a password that nobody knows.
    private static let decoy = PasswordHash.make(RandomSecret.token())
}

/// Runs the slow hash on a thread of its own, one at a time, so that logins never hold up other work.
private final class PasswordChecks: @unchecked Sendable {  // `waiting` is guarded by `lock`
    private let limit: Int
    private let queue = DispatchQueue(label: "tocsin.password-checks")
    private let lock = NSLock()
    private var waiting = 0

    init(limit: Int) { self.limit = limit }

    func verify(_ password: String, against hash: String) async throws(RestError) -> Bool {
        let isFull = lock.withLock {
            if waiting >= limit { return true }
            waiting += 1
            return false
        }
        guard !isFull else {
            throw RestError(
                429, "Too many logins are being checked: try again in a moment.",
                subcode: "authentication.throttled", headers: ["Retry-After": "1"])
        }
        return await withCheckedContinuation { continuation in
            queue.async {
                let isRight = PasswordHash.verify(password, against: hash)
                self.lock.withLock { self.waiting -= 1 }
                continuation.resume(returning: isRight)
            }
        }
    }
}
