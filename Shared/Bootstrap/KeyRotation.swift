import Foundation
import Persistence

/// Changes the key that seals the secrets of the directory. Servers may run meanwhile.
public struct KeyRotation: Sendable {
    private let database: any SQLDatabase
    private let secrets: SecretBox

    public init(_ platform: Platform) {
        self.init(database: platform.database, secrets: platform.secrets)
    }

    init(database: any SQLDatabase, secrets: SecretBox) {
        self.database = database
        self.secrets = secrets
    }

    /// Makes a new key where keys are kept in a file, and seals everything with the current one. A rotation that was
    /// broken off, or begun by putting a key into the file or the setting, is finished with that key.
    /// - Returns: Lines for people: which key, how many secrets, what is left.
    public func rotate() async throws -> [String] {
        let resealing = Resealing(database: database, secrets: secrets, now: Platform.now)
        var lines: [String] = []
        let isUnderWay = secrets.keyring.ids.count > 1 ? try await resealing.survey().resealed > 0 : false
        if isUnderWay {
            lines.append("Some secrets are sealed with an older key: going on with \(secrets.keyring.ids[0]).")
        } else if secrets.keyring.file != nil {
            lines.append("Made the key \(try secrets.keyring.addKey()); it seals from now on.")
        } else {
            lines.append(
                "The key \(secrets.keyring.ids[0]) comes from the settings, where new ones are to be put first.")
        }
        let outcome = try await resealing.run()
        lines.append("Sealed \(outcome.resealed) secrets anew; \(outcome.current) were so already.")
        lines += outcome.unreadable.map { "No key opens a secret of: \($0). It has to be given again." }
        let old = secrets.keyring.ids.dropFirst().joined(separator: ", ")
        if !old.isEmpty { lines.append("Older keys that can be retired now: \(old).") }
        return lines
    }

    /// Takes the older keys out of the file, if nothing is sealed with them.
    /// - Throws: ``StillInUse``.
    public func retire() async throws -> [String] {
        let outcome = try await Resealing(database: database, secrets: secrets, now: Platform.now).survey()
        guard outcome.resealed == 0, outcome.unreadable.isEmpty else {
            throw StillInUse(secrets: outcome.resealed, unreadable: outcome.unreadable)
        }
        guard secrets.keyring.file != nil else {
            return ["Nothing is sealed with an older key: it can be taken out of the settings."]
        }
        let gone = try secrets.keyring.retireOldKeys()
        return [gone.isEmpty ? "There is no older key." : "Retired: \(gone.joined(separator: ", "))."]
    }

    /// Why old keys cannot be retired yet.
    public struct StillInUse: Error, CustomStringConvertible {
        public let secrets: Int
        public let unreadable: [String]

        public var description: String {
            let others = unreadable.isEmpty ? "" : "; no key opens a secret of: \(unreadable.joined(separator: ", "))"
            return "\(secrets) secrets are sealed with an older key (tocsin rotate-key seals them anew)\(others)"
        }
    }
}
