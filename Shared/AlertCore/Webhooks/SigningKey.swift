import Crypto
import Foundation

/// What deliveries of an integration are signed with (Standard Webhooks), as text `whsec_…` or `whsk_…`.
public enum SigningKey: Sendable {
    /// HMAC-SHA-256, `v1`: receivers have the same secret. 24 to 64 bytes.
    case secret(SymmetricKey)
    /// Ed25519, `v1a`: receivers have the public key.
    case privateKey(Curve25519.Signing.PrivateKey)

    public enum Scheme: String, Codable, CaseIterable, Sendable {
        case hmac = "v1"
        case ed25519 = "v1a"
    }

    public struct Malformed: Error, Equatable, Sendable {}

    /// - Parameter text: `whsec_` and the secret, or `whsk_` and the 32 bytes of RFC 8032's private key, in base64.
    /// - Throws: ``Malformed``, which shows nothing of the text.
    public init(_ text: String) throws(Malformed) {
        let parts = text.split(separator: "_", maxSplits: 1)
        guard parts.count == 2, let bytes = Data(base64Encoded: String(parts[1])) else { throw Malformed() }
        switch parts[0] {
        case "whsec" where !bytes.isEmpty: self = .secret(SymmetricKey(data: bytes))
        case "whsk":
            // 32 bytes are always a key; anything else is none.
            guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else { throw Malformed() }
            self = .privateKey(key)
        default: throw Malformed()
        }
    }

    public var scheme: Scheme {
        switch self {
        case .secret: .hmac
        case .privateKey: .ed25519
        }
    }

    /// `whpk_` and base64; `nil` for a secret, which is the same on both sides.
    public var publicKey: String? {
        guard case .privateKey(let key) = self else { return nil }
        return "whpk_" + key.publicKey.rawRepresentation.base64EncodedString()
    }

    /// `v1,` or `v1a,` and the signature in base64.
    func signature(of content: [UInt8]) -> String {
        switch self {
        case .secret(let key):
            let code = HMAC<SHA256>.authenticationCode(for: content, using: key)
            return "v1," + Data(code).base64EncodedString()
        case .privateKey(let key):
            // Fails for want of memory only.
            guard let signature = try? key.signature(for: content) else { preconditionFailure("Ed25519 failed") }
            return "v1a," + signature.base64EncodedString()
        }
    }
}

extension Integration {
    /// How many signing keys may be valid at the same time.
    public static let signingKeyLimit = 5

    /// The sealed texts of the keys that sign at a moment, newest first: those whose time is over do not any more.
    public func sealedSigningSecrets(at now: Timestamp) -> [String] {
        sealedSigningSecrets.indices.filter { signingExpiry(of: $0).map { now < $0 } ?? true }
            .map { sealedSigningSecrets[$0] }
    }

    /// Until when a key signs; `nil` for one without an end, as the newest always is.
    public func signingExpiry(of index: Int) -> Timestamp? {
        index > 0 && index <= signingExpiries.count ? signingExpiries[index - 1] : nil
    }

    /// When the next of the keys that sign at a moment ends; `nil` when none does.
    public func nextSigningExpiry(after now: Timestamp) -> Timestamp? {
        sealedSigningSecrets.indices.compactMap(signingExpiry).filter { now < $0 }.min()
    }

    /// Puts a new key in front. Those that are there sign until `end`, or until their own end if it is earlier; what
    /// has expired is forgotten.
    /// - Returns: Whether there was room: no more than ``signingKeyLimit`` sign at the same time.
    public mutating func rotateSigningSecret(to sealed: String, until end: Timestamp, at now: Timestamp) -> Bool {
        let kept = sealedSigningSecrets.indices
            .map { (sealedSigningSecrets[$0], signingExpiry(of: $0).map { min($0, end) } ?? end) }
            .filter { now < $0.1 }
        guard kept.count < Self.signingKeyLimit else { return false }
        sealedSigningSecrets = [sealed] + kept.map(\.0)
        signingExpiries = kept.map(\.1)
        return true
    }
}
