import AlertCore
import Foundation

/// Access tokens in memory, until shortly before they expire. Of callers who need the same one at the same time,
/// one asks the token server and the others wait for it.
actor AccessTokens {
    /// What makes a token the same. A refresh token that the server replaced is no difference, one that people gave is.
    struct Key: Hashable, Sendable {
        let endpoint: String
        let url: String
        let credentials: EndpointCredentials

        init(_ endpoint: Endpoint, _ credentials: EndpointCredentials) {
            self.endpoint = endpoint.id
            url = endpoint.url
            if case .oauth2(var oauth2, let user, let password) = credentials {
                oauth2.sealedRefreshToken = nil
                self.credentials = .oauth2(oauth2, user: user, sealedPassword: password)
            } else {
                self.credentials = credentials
            }
        }
    }

    private struct Entry {
        let token: String
        let usableUntil: Timestamp
    }

    /// Tokens that are kept; past that, those that are of no use are let go of, or else all.
    private static let limit = 10_000
    /// A token is renewed this long before its end, or after nine tenths of a short life.
    private static let margin = Duration.seconds(60)

    private let now: Clock
    private var entries: [Key: Entry] = [:]
    private var underWay: [Key: Task<String, any Error>] = [:]
    /// How many callers wait for a token server.
    private(set) var waitingCount = 0

    init(now: @escaping Clock) { self.now = now }

    /// - Parameters:
    ///   - refused: A token that the target did not take: not given again.
    ///   - fetch: Asks the token server. Bounded in time by itself.
    func token(
        _ key: Key, except refused: String? = nil, fetch: @escaping @Sendable () async throws -> GrantedToken
    ) async throws -> String {
        if let entry = entries[key], entry.token != refused, now() < entry.usableUntil { return entry.token }
        waitingCount += 1
        defer { waitingCount -= 1 }
        if let task = underWay[key] { return try await task.value }
        let task = Task { try await self.keep(fetch(), for: key) }
        underWay[key] = task
        defer { underWay[key] = nil }
        return try await task.value
    }

    private func keep(_ granted: GrantedToken, for key: Key) -> String {
        if entries.count >= Self.limit {
            let moment = now()
            entries = entries.filter { moment < $0.value.usableUntil }
            if entries.count >= Self.limit { entries = [:] }
        }
        let lifetime = granted.lifetime.milliseconds
        let usable = Duration.milliseconds(max(lifetime - Self.margin.milliseconds, lifetime * 9 / 10 - 1000, 0))
        entries[key] = Entry(token: granted.accessToken, usableUntil: now().advanced(by: min(usable, granted.lifetime)))
        return granted.accessToken
    }
}
