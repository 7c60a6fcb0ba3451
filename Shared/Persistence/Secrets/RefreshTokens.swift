import AlertCore

/// Refresh tokens of OAuth2. Kept as hashes; each can be exchanged once, and a second try to exchange it ends all that
/// came of the same signing in.
public struct RefreshTokens {
    public static let lifetime = Duration.seconds(30 * 86_400)
    /// How many that are over are swept out at once.
    private static let sweepLimit = 100

    /// Who may have new tokens.
    public struct Grant: Equatable, Sendable {
        public let person: String
        /// Of the password at the time of signing in.
        public let stamp: String
        public let family: String

        public init(person: String, stamp: String, family: String) {
            self.person = person
            self.stamp = stamp
            self.family = family
        }
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func add(_ token: String, for grant: Grant, at now: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO refresh_tokens (token_hash, family, person_id, password_stamp, expires_at)
            VALUES (\(Authenticator.secretHash(token)), \(grant.family), \(grant.person), \(grant.stamp),
            \(now.advanced(by: Self.lifetime).milliseconds))
            """)
        try connection.execute(
            """
            DELETE FROM refresh_tokens WHERE token_hash IN (SELECT token_hash FROM refresh_tokens
            WHERE expires_at < \(now.milliseconds) ORDER BY expires_at LIMIT \(Self.sweepLimit)
            \(connection.dialect.skippingLocked))
            """)
    }

    /// Takes a token out of use. - Returns: What it stands for; `nil` for one that is unknown, over or used.
    public func use(_ token: String, at now: Timestamp) throws(StoreError) -> Grant? {
        let hash = Authenticator.secretHash(token)
        let taken = try connection.execute(
            """
            UPDATE refresh_tokens SET used_at = \(now.milliseconds) WHERE token_hash = \(hash) AND used_at IS NULL
            RETURNING person_id, password_stamp, family, expires_at
            """
        ).first
        if let taken, taken.integer(3) > now.milliseconds {
            return Grant(person: taken.text(0), stamp: taken.text(1), family: taken.text(2))
        }
        let family = try connection.execute("SELECT family FROM refresh_tokens WHERE token_hash = \(hash)").first
        if let family { try end(family.text(0)) }
        return nil
    }

    /// Ends everything that came of one signing in.
    public func end(_ family: String) throws(StoreError) {
        try connection.execute("DELETE FROM refresh_tokens WHERE family = \(family)")
    }
}
