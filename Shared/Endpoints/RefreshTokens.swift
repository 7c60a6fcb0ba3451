import AlertCore
import Foundation
import Logging
import Persistence

/// Refresh tokens that a token server gave in place of those that were used: kept in the directory for all
/// processes, and in memory until that shows.
actor RefreshTokens {
    private static let limit = 10_000

    private let database: any SQLDatabase
    private let secrets: SecretBox
    private let now: Clock
    private let logger: Logger
    /// By endpoint: the stored token that was current at the time, and what has come in its place.
    private var replaced: [String: (stored: String?, by: String)] = [:]

    init(database: any SQLDatabase, secrets: SecretBox, now: @escaping Clock, logger: Logger) {
        self.database = database
        self.secrets = secrets
        self.now = now
        self.logger = logger
    }

    /// - Parameter stored: The endpoint's, in clear.
    func newest(of endpoint: Endpoint, stored: String?) -> String? {
        guard let newer = replaced[endpoint.id] else { return stored }
        if newer.stored == stored { return newer.by }
        replaced[endpoint.id] = nil
        return stored
    }

    /// Keeps `next`, unless somebody else has changed the endpoint's token meanwhile.
    func replace(_ used: String, by next: String, of endpoint: Endpoint, stored: String?) async {
        if replaced.count >= Self.limit { replaced = [:] }
        replaced[endpoint.id] = (stored, next)
        let origin = Origin(actor: "<token-server>", causation: "oauth2-refresh", correlation: endpoint.id)
        do {
            try await database.retrying { [secrets, now] connection in
                let directory = Directory(connection)
                guard var current = try directory.get(Endpoint.self, id: endpoint.id), var oauth2 = current.oauth2,
                    let sealed = oauth2.sealedRefreshToken
                else { return }
                let known = try secrets.open(sealed, for: .refreshToken(endpoint.id))
                guard known == used || known == stored else { return }
                oauth2.sealedRefreshToken = secrets.seal(next, for: .refreshToken(endpoint.id))
                current.oauth2 = oauth2
                try directory.put(current, by: origin, at: now())
            }
        } catch {
            logger.error(
                "a refresh token could not be kept: should this process end, the endpoint must be connected anew",
                metadata: ["endpoint": "\(endpoint.name)", "error": "\(error)"])
        }
    }
}
