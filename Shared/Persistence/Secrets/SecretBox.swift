import AlertCore
import Crypto
import Foundation

/// Why a secret could not be sealed or opened.
public enum SecretError: Error, Equatable, CustomStringConvertible {
    /// The key is not 32 bytes in base64.
    case badKey
    /// The text was not sealed by a box of this version.
    case notSealed
    /// Another key, another context, or somebody changed the text.
    case refused

    public var description: String {
        switch self {
        case .badKey: "the secret key must be 32 bytes in base64"
        case .notSealed: "the stored secret has an unknown form"
        case .refused: "the stored secret cannot be opened with this key"
        }
    }
}

/// Seals secrets that have to be read again, as an endpoint's password, before they go into the database.
public struct SecretBox: Sendable {
    private static let version = "v1:"

    private let key: SymmetricKey
    private let sealing: SymmetricKey

    /// - Parameter key: 32 bytes. Used only to derive other keys from.
    public init(key: SymmetricKey) {
        self.key = key
        sealing = Self.derive(from: key, for: "secret-box")
    }

    public init(base64Key: String) throws(SecretError) {
        guard let bytes = Data(base64Encoded: base64Key), bytes.count == 32 else { throw .badKey }
        self.init(key: SymmetricKey(data: bytes))
    }

    /// A key for another purpose, by HKDF-SHA-256: who has it learns nothing of the others.
    public func subkey(for purpose: String) -> SymmetricKey { Self.derive(from: key, for: purpose) }

    /// AES-256-GCM with a random nonce.
    /// - Parameter context: Where the secret belongs; needed again to open it, so that a sealed text that was
    ///   copied to another row opens nowhere.
    public func seal(_ secret: String, for context: SecretContext) -> String {
        let text = Data(secret.utf8)
        let associated = Data(context.text.utf8)
        guard let box = try? AES.GCM.seal(text, using: sealing, authenticating: associated),  // see below
            let combined = box.combined
        else { preconditionFailure("AES-GCM with a 32-byte key and its own nonce cannot fail") }
        return Self.version + combined.base64EncodedString()
    }

    public func open(_ sealed: String, for context: SecretContext) throws(SecretError) -> String {
        guard sealed.hasPrefix(Self.version),
            let combined = Data(base64Encoded: String(sealed.dropFirst(Self.version.count)))
        else { throw .notSealed }
        do {
            let associated = Data(context.text.utf8)
            let text = try AES.GCM.open(
                AES.GCM.SealedBox(combined: combined), using: sealing, authenticating: associated)
            return String(decoding: text, as: UTF8.self)
        } catch {
            throw .refused
        }
    }

    private static func derive(from key: SymmetricKey, for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("tocsin/\(purpose)".utf8), outputByteCount: 32)
    }
}

/// Where a sealed secret belongs.
public struct SecretContext: Hashable, Sendable {
    let text: String

    public init(_ text: String) { self.text = text }

    /// `Endpoint.sealedPassword`.
    public static func endpointPassword(_ endpoint: String) -> SecretContext { .init("endpoint/\(endpoint)") }
    /// `Integration.sealedKey`: the `apiKey` of URL authentication.
    public static func integrationKey(_ integration: String) -> SecretContext {
        .init("integration-key/\(integration)")
    }
    /// `AlertCallback.sealedPassword` of the n-th callback of an alert.
    public static func alertCallback(_ alert: String, _ index: Int) -> SecretContext {
        .init("alert-callback/\(alert)/\(index)")
    }
    /// `Integration.sealedSigningSecrets`: each opens to `whsec_` and base64.
    public static func signingSecret(_ integration: String) -> SecretContext {
        .init("signing-secret/\(integration)")
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
