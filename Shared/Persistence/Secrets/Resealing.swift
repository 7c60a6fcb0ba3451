import AlertCore

/// An entry of the directory that holds sealed secrets.
public protocol SecretHolder: DirectoryEntry {
    /// The entry with each sealed text in it replaced, and each that is not sealed yet although it should be.
    func mapSecrets(_ change: (String, SecretContext) throws -> String) rethrows -> Self
}

extension Endpoint: SecretHolder {
    public func mapSecrets(_ change: (String, SecretContext) throws -> String) rethrows -> Endpoint {
        var endpoint = self
        endpoint.sealedPassword = try sealedPassword.map { try change($0, .endpointPassword(id)) }
        endpoint.sealedToken = try sealedToken.map { try change($0, .endpointToken(id)) }
        endpoint.oauth2?.sealedClientSecret = try oauth2?.sealedClientSecret.map { try change($0, .clientSecret(id)) }
        endpoint.oauth2?.sealedRefreshToken = try oauth2?.sealedRefreshToken.map { try change($0, .refreshToken(id)) }
        if let certificate = clientCertificate {
            endpoint.clientCertificate?.sealedPrivateKey = try change(certificate.sealedPrivateKey, .privateKey(id))
        }
        return endpoint
    }
}

extension Integration: SecretHolder {
    public func mapSecrets(_ change: (String, SecretContext) throws -> String) rethrows -> Integration {
        var integration = self
        integration.sealedKey = try sealedKey.map { try change($0, .integrationKey(id)) }
        integration.sealedSigningSecrets = try sealedSigningSecrets.map { try change($0, .signingSecret(id)) }
        return integration
    }
}

extension NotificationProvider: SecretHolder {
    public func mapSecrets(_ change: (String, SecretContext) throws -> String) rethrows -> NotificationProvider {
        var provider = self
        provider.sealedSecret = try sealedSecret.map { try change($0, .provider(id)) }
        return provider
    }
}

extension Device: SecretHolder {
    public func mapSecrets(_ change: (String, SecretContext) throws -> String) rethrows -> Device {
        var device = self
        if hasTellingDescription { device.description = "" }
        let isPlain = deviceType.hasSecretPin && !pin.isEmpty
        if SecretBox.isSealed(pin) || isPlain { device.pin = try change(pin, .devicePin(id)) }
        return device
    }
}

extension WebPushKey: SecretHolder {
    public func mapSecrets(_ change: (String, SecretContext) throws -> String) rethrows -> WebPushKey {
        var key = self
        key.sealedPrivateKey = try change(sealedPrivateKey, .webPushKey)
        return key
    }
}

/// Seals every secret of the directory and the keys of people's data with the current key, those that were not sealed
/// before too, a batch in each transaction. Servers may run meanwhile, if they have both keys.
public struct Resealing: Sendable {
    /// Every kind of entry that holds secrets.
    static let holders: [any SecretHolder.Type] = [
        Endpoint.self, Integration.self, NotificationProvider.self, Device.self, WebPushKey.self,
    ]

    public struct Outcome: Equatable, Sendable {
        /// Secrets that are sealed anew, or for the first time.
        public var resealed = 0
        /// Secrets that were sealed with the current key already.
        public var current = 0
        /// Entries with a secret that no key opens, as in `endpoint Jira`. They are left as they were.
        public var unreadable: [String] = []

        public init() {}
    }

    private let database: any SQLDatabase
    private let secrets: SecretBox
    private let batch: Int
    private let now: Clock

    /// - Parameter batch: Entries in one transaction.
    public init(database: any SQLDatabase, secrets: SecretBox, batch: Int = 100, now: @escaping Clock) {
        precondition(batch > 0, "a batch holds something")
        self.database = database
        self.secrets = secrets
        self.batch = batch
        self.now = now
    }

    /// May be run again after a failure: what is done already is passed over.
    public func run() async throws -> Outcome {
        let entries = try await walk { try $0.mapSecrets($1) }
        return try await keys(entries, isSurvey: false)
    }

    /// Counts what ``run()`` would do, and changes nothing.
    public func survey() async throws -> Outcome {
        let entries = try await walk { entry, change in
            _ = try entry.mapSecrets(change)
            return entry
        }
        return try await keys(entries, isSurvey: true)
    }

    /// Goes on with the keys of people's data, those that are destroyed left out.
    private func keys(_ before: Outcome, isSurvey: Bool) async throws -> Outcome {
        var total = before
        var last: String? = ""
        while let after = last {
            let (outcome, end) = try await database.retrying { connection in
                try keyStep(after: after, isSurvey: isSurvey, in: connection)
            }
            total.resealed += outcome.resealed
            total.current += outcome.current
            total.unreadable += outcome.unreadable
            last = end
        }
        return total
    }

    private func keyStep(
        after last: String, isSurvey: Bool, in connection: any SQLConnection
    ) throws -> (Outcome, String?) {
        let keys = PersonKeys(connection)
        let rows = try keys.list(after: last, limit: batch)
        var outcome = Outcome()
        for row in rows where row.destroyedAt == nil {
            guard !secrets.isCurrent(row.sealedKey) else {
                outcome.current += 1
                continue
            }
            do {
                let plain = try secrets.open(row.sealedKey, for: .personKey(row.person))
                outcome.resealed += 1
                if !isSurvey { try keys.reseal(row.person, as: secrets.seal(plain, for: .personKey(row.person))) }
            } catch is SecretError {
                outcome.unreadable.append("person key \(row.person)")
            }
        }
        return (outcome, rows.last?.person)
    }

    private typealias Change = (String, SecretContext) throws -> String

    private func walk(
        _ visit: @escaping @Sendable (any SecretHolder, Change) throws -> any SecretHolder
    ) async throws -> Outcome {
        var total = Outcome()
        for holder in Self.holders {
            var last = ""
            while true {
                let after = last
                let (outcome, end) = try await database.retrying { connection in
                    try step(holder, after: after, in: connection, visit)
                }
                total.resealed += outcome.resealed
                total.current += outcome.current
                total.unreadable += outcome.unreadable
                guard let end else { break }
                last = end
            }
        }
        return total
    }

    /// - Returns: The id of the batch's last entry; `nil` when there was none.
    private func step<Holder: SecretHolder>(
        _ type: Holder.Type, after last: String, in connection: any SQLConnection,
        _ visit: (any SecretHolder, Change) throws -> any SecretHolder
    ) throws -> (Outcome, String?) {
        let directory = Directory(connection)
        // First: what is read below must not change before it is written.
        try directory.holdChanges()
        let ids = try connection.execute(
            "SELECT id FROM directory WHERE kind = \(Holder.kind) AND id > \(last) ORDER BY id LIMIT \(batch)"
        ).map { $0.text(0) }
        let moment = now()
        var outcome = Outcome()
        for id in ids {
            guard let entry = try directory.get(Holder.self, id: id) else { continue }
            var counted = Outcome()
            do {
                let changed = try visit(entry) { sealed, context in
                    if secrets.isCurrent(sealed) {
                        counted.current += 1
                        return sealed
                    }
                    let plain = SecretBox.isSealed(sealed) ? try secrets.open(sealed, for: context) : sealed
                    let fresh = secrets.seal(plain, for: context)
                    counted.resealed += 1
                    return fresh
                }
                if counted.resealed > 0, let changed = changed as? Holder {
                    let origin = Origin(actor: "<rotate-key>", causation: "rotate-key", correlation: id)
                    try directory.put(changed, by: origin, at: moment)
                }
                outcome.resealed += counted.resealed
                outcome.current += counted.current
            } catch is SecretError {
                outcome.unreadable.append("\(Holder.kind) \(entry.entryName)")
            }
        }
        return (outcome, ids.last)
    }
}
