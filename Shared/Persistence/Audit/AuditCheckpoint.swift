import AlertCore
import Crypto
import Foundation

/// A statement of how far every partition of the log was at a time. Its JSON, with keys in order, is what is signed.
public struct AuditCheckpoint: Codable, Equatable, Sendable {
    /// From 1, without gaps.
    public let number: Int64
    public let at: Timestamp
    /// By partition.
    public let heads: [String: LogHead]
    /// The hash of the checkpoint before; empty for the first one.
    public let previous: String
    /// Of the key that signs: see ``CheckpointKey/id``.
    public let keyId: String
}

/// A checkpoint with its signature: one line of a checkpoint file, one row of the table.
public struct SignedCheckpoint: Codable, Equatable, Sendable {
    /// ``AuditCheckpoint`` as JSON, byte for byte what is signed.
    public let document: String
    /// SHA-256 of the document, in lower-case hexadecimal.
    public let hash: String
    /// Ed25519, base64.
    public let publicKey: String
    /// Of the document's bytes, base64.
    public let signature: String

    /// - Throws: When the document is none.
    public func checkpoint() throws -> AuditCheckpoint { try JSON.decode(document) }

    /// Whether document, hash, key id and signature go together. Says nothing of whose key it is.
    var isConsistent: Bool {
        let text = Data(document.utf8)
        guard let key = try? CheckpointKey(base64: publicKey),  // not one: not consistent
            let signature = Data(base64Encoded: signature),
            let checkpoint = try? checkpoint()  // not one: not consistent
        else { return false }
        return SHA256.hash(data: text).hexadecimal == hash && checkpoint.keyId == key.id
            && key.key.isValidSignature(signature, for: text)
    }
}

/// The public half of a key that signs checkpoints.
public struct CheckpointKey: Sendable {
    /// Why a text is no public key.
    public struct Malformed: Error, CustomStringConvertible {
        public let description = "a public key is 32 bytes in base64, as tocsin audit checkpoints --keys prints it"
    }

    let key: Curve25519.Signing.PublicKey

    /// - Throws: ``Malformed``.
    public init(base64 text: String) throws {
        guard let bytes = Data(base64Encoded: text),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)  // said as what it is
        else { throw Malformed() }
        self.key = key
    }

    init(_ key: Curve25519.Signing.PublicKey) { self.key = key }

    public var base64: String { key.rawRepresentation.base64EncodedString() }

    /// The first 16 hexadecimal digits of the SHA-256 of the key.
    public var id: String { String(SHA256.hash(data: key.rawRepresentation).hexadecimal.prefix(16)) }
}

extension SecretBox {
    private static let checkpointPurpose = "audit-checkpoints"

    /// Signs a checkpoint with the key that follows from the current secret key.
    func sign(
        number: Int64, at now: Timestamp, heads: [String: LogHead], previous: String
    ) throws -> SignedCheckpoint {
        let secret = subkey(for: Self.checkpointPurpose).withUnsafeBytes { Data($0) }
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: secret)
        let isPublic = CheckpointKey(key.publicKey)
        let document = try JSON.encode(
            AuditCheckpoint(number: number, at: now, heads: heads, previous: previous, keyId: isPublic.id))
        let text = Data(document.utf8)
        return SignedCheckpoint(
            document: document, hash: SHA256.hash(data: text).hexadecimal, publicKey: isPublic.base64,
            signature: try key.signature(for: text).base64EncodedString())
    }

    /// The public halves of what signs checkpoints, or did before a rotation, the current one first.
    public func checkpointKeys() throws -> [CheckpointKey] {
        try subkeys(for: Self.checkpointPurpose).map { secret in
            let bytes = secret.withUnsafeBytes { Data($0) }
            return CheckpointKey(try Curve25519.Signing.PrivateKey(rawRepresentation: bytes).publicKey)
        }
    }
}
