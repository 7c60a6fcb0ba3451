import AlertCore
import Crypto
import Foundation

/// Why a secret could not be sealed or opened.
public enum SecretError: Error, Equatable, CustomStringConvertible {
    /// A key is not 32 bytes in base64, or there is none.
    case badKey
    /// The text was not sealed by a box of this version.
    case notSealed
    /// Another key, another context, or somebody changed the text.
    case refused
    /// Sealed with a key that this process does not have.
    case unknownKey(id: String)

    public var description: String {
        switch self {
        case .badKey: "the secret key must be 32 bytes in base64"
        case .notSealed: "the stored secret has an unknown form"
        case .refused: "the stored secret cannot be opened with this key"
        case .unknownKey(let id): "the stored secret was sealed with the key \(id), which is not among the secret keys"
        }
    }
}

/// Seals secrets that have to be read again, as an endpoint's password, before they go into the database.
///
/// What is sealed names its key: `v2:<key id>:<base64>`. The first key of the ring seals, every one of them opens.
public struct SecretBox: Sendable {
    /// What was sealed before keys had ids: any key of the ring may be the right one.
    private static let firstVersion = "v1:"
    private static let version = "v2:"

    public let keyring: Keyring

    public init(keyring: Keyring) { self.keyring = keyring }

    /// - Parameter key: 32 bytes. Used only to derive other keys from.
    public init(key: SymmetricKey) { self.init(keyring: Keyring(keys: [key])) }

    /// - Parameter base64Key: One key, or several separated by commas, the current one first.
    public init(base64Key: String) throws(SecretError) {
        self.init(keyring: Keyring(keys: try Keyring.parse(base64Key)))
    }

    /// A key for another purpose, by HKDF-SHA-256: who has it learns nothing of the others.
    public func subkey(for purpose: String) -> SymmetricKey { keyring.current.derived(for: purpose) }

    /// As ``subkey(for:)``, of every key: what was signed before a rotation is recognised until its key is retired.
    public func subkeys(for purpose: String) -> [SymmetricKey] { keyring.all.map { $0.derived(for: purpose) } }

    /// AES-256-GCM with a random nonce.
    /// - Parameter context: Where the secret belongs; needed again to open it, so that a sealed text that was
    ///   copied to another row opens nowhere.
    public func seal(_ secret: String, for context: SecretContext) -> String {
        let key = keyring.current
        let text = Data(secret.utf8)
        let associated = Data(context.text.utf8)
        guard let box = try? AES.GCM.seal(text, using: key.sealing, authenticating: associated),  // see below
            let combined = box.combined
        else { preconditionFailure("AES-GCM with a 32-byte key and its own nonce cannot fail") }
        return "\(Self.version)\(key.id):\(combined.base64EncodedString())"
    }

    public func open(_ sealed: String, for context: SecretContext) throws(SecretError) -> String {
        let (keys, combined) = try parse(sealed)
        let associated = Data(context.text.utf8)
        for key in keys {
            // Wrong for this key: of an old text, the next one may be the right one.
            guard let box = try? AES.GCM.SealedBox(combined: combined),
                let text = try? AES.GCM.open(box, using: key.sealing, authenticating: associated)
            else { continue }
            return String(decoding: text, as: UTF8.self)
        }
        throw .refused
    }

    /// Whether the text has the form of what a box has sealed.
    public static func isSealed(_ text: String) -> Bool {
        text.hasPrefix(firstVersion) || text.hasPrefix(version)
    }

    /// Whether the text was sealed with the key that seals now.
    public func isCurrent(_ sealed: String) -> Bool { sealed.hasPrefix("\(Self.version)\(keyring.current.id):") }

    private func parse(_ sealed: String) throws(SecretError) -> (keys: [Keyring.Key], combined: Data) {
        if sealed.hasPrefix(Self.firstVersion) {
            guard let combined = Data(base64Encoded: String(sealed.dropFirst(Self.firstVersion.count))) else {
                throw .notSealed
            }
            return (keyring.all, combined)
        }
        let parts = sealed.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard sealed.hasPrefix(Self.version), parts.count == 3, let combined = Data(base64Encoded: parts[2]) else {
            throw .notSealed
        }
        guard let key = keyring.key(parts[1]) else { throw .unknownKey(id: String(parts[1].prefix(16))) }
        return ([key], combined)
    }
}

/// Random values from the system's generator.
public enum RandomSecret {
    public static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// The signing secret of Standard Webhooks: `whsec_` and 32 bytes in base64.
    public static func signingSecret() -> String { "whsec_" + Data(bytes(32)).base64EncodedString() }

    /// As text for ``SigningKey``: of Ed25519, the 32 bytes of a private key are any.
    public static func signingKey(_ scheme: SigningKey.Scheme) -> String {
        switch scheme {
        case .hmac: signingSecret()
        case .ed25519: "whsk_" + Data(bytes(32)).base64EncodedString()
        }
    }

    /// 32 bytes in base64 without characters that mean something in a URL.
    public static func token() -> String {
        Data(bytes(32)).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}

/// Compares in a time that does not depend on where the texts differ.
public func constantTimeEquals(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
}
