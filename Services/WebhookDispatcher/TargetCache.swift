import AlertCore
import Persistence

/// The targets of lanes, kept until the directory changes or the time of a signing key is over: what it takes to open
/// secrets and to read keys is not done for each attempt.
struct TargetCache: Sendable {
    private struct Entry {
        let target: Target
        /// Of the directory.
        let version: Int64
        /// When the next signing key expires, if one does.
        let until: Timestamp?
    }

    private let secrets: SecretBox
    /// By integration: no more than there are lanes.
    private var entries: [String: Entry] = [:]

    init(secrets: SecretBox) { self.secrets = secrets }

    /// - Throws: `Target.Unavailable`, found out anew each time.
    mutating func target(
        of integration: String, in view: DirectoryView, at now: Timestamp
    ) throws(Target.Unavailable) -> Target {
        if let entry = entries[integration], entry.version == view.version, entry.until.map({ now < $0 }) ?? true {
            return entry.target
        }
        entries[integration] = nil
        let target = try Target(integration: integration, in: view, secrets: secrets, at: now)
        entries[integration] = Entry(
            target: target, version: view.version,
            until: view.integrations[integration]?.nextSigningExpiry(after: now))
        return target
    }
}
