import AlertCore
import Crypto
import Foundation

/// Which credentials have turned out right, so that a client that sends its password with every request costs
/// one slow hash, not one a request. Holds no password: only a MAC of it, under a key of this process.
final class VerifiedCredentials: @unchecked Sendable {  // every stored variable is guarded by `lock`
    private static let limit = 10_000

    private let key = SymmetricKey(size: .bits256)
    private let lock = NSLock()
    private var known: [Data: Entry] = [:]

    private struct Entry {
        let person: String
        let passwordHash: String
    }

    /// The id of the person whom these credentials have let in, if that was against the password hash that the
    /// person has now: a changed password is checked anew, whatever else changes is not.
    func person(login: String, password: String, passwordHash: (String) -> String?) -> String? {
        let code = code(login, password)
        guard let entry = lock.withLock({ known[code] }), let now = passwordHash(entry.person),
            constantTimeEquals(now, entry.passwordHash)
        else { return nil }
        return entry.person
    }

    func remember(_ person: String, login: String, password: String, passwordHash: String) {
        let code = code(login, password)
        lock.withLock {
            if known.count >= Self.limit { known = [:] }
            known[code] = Entry(person: person, passwordHash: passwordHash)
        }
    }

    private func code(_ login: String, _ password: String) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data("\(login.utf8.count):\(login)\(password)".utf8), using: key))
    }
}

/// How often each login, or each address, has failed lately.
final class LoginThrottle: @unchecked Sendable {  // every stored variable is guarded by `lock`
    static let window = Duration.seconds(60)
    /// Logins that are watched at once; past that, all are forgotten rather than memory used up.
    private static let loginLimit = 10_000

    private let failureLimit: Int
    private let lock = NSLock()
    private var failures: [String: [Timestamp]] = [:]

    /// - Parameter failureLimit: So many failures within the window are one too many for the next try.
    init(failureLimit: Int) { self.failureLimit = failureLimit }

    /// How long the login has to wait; `nil` when it may try.
    func pause(of login: String, at now: Timestamp) -> Duration? {
        lock.withLock {
            let recent = recent(login, at: now)
            guard recent.count >= failureLimit, let first = recent.first else { return nil }
            return first.advanced(by: Self.window).since(now)
        }
    }

    func recordFailure(of login: String, at now: Timestamp) {
        lock.withLock {
            if failures.count >= Self.loginLimit { failures = [:] }
            failures[login] = (recent(login, at: now) + [now]).suffix(failureLimit)
        }
    }

    func recordSuccess(of login: String) {
        lock.withLock { failures[login] = nil }
    }

    private func recent(_ login: String, at now: Timestamp) -> [Timestamp] {
        (failures[login] ?? []).filter { now.since($0) < Self.window }
    }
}
