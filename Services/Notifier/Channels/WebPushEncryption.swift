import Crypto
import Foundation
import Persistence

/// A browser's subscription, as `PushSubscription.toJSON()` has it.
struct WebPushSubscription: Decodable {
    struct Keys: Decodable {
        let p256dh: String
        let auth: String
    }

    let endpoint: String
    let keys: Keys
}

/// Encrypts a message for one browser (RFC 8291, with the one content coding `aes128gcm` of RFC 8188): the push service
/// carries it and cannot read it.
enum WebPushEncryption {
    /// Bytes of what is encrypted, so that it is one record of 4096 with its header.
    static let plaintextLimit = 4096 - 16 - 4 - 1 - 65 - 17

    enum Failure: Error { case badSubscription, tooLong }

    /// - Parameters:
    ///   - sender: A key for this message alone.
    ///   - salt: 16 random bytes.
    static func encrypt(
        _ plaintext: [UInt8], for keys: WebPushSubscription.Keys,
        sender: P256.KeyAgreement.PrivateKey = P256.KeyAgreement.PrivateKey(),
        salt: [UInt8] = RandomSecret.bytes(16)
    ) throws -> [UInt8] {
        guard plaintext.count <= plaintextLimit else { throw Failure.tooLong }
        guard let point = Data(base64URL: keys.p256dh.withoutPadding),
            let auth = Data(base64URL: keys.auth.withoutPadding),
            point.count == 65, auth.count == 16
        else { throw Failure.badSubscription }
        let receiver = try P256.KeyAgreement.PublicKey(x963Representation: point)
        let shared = try sender.sharedSecretFromKeyAgreement(with: receiver).withUnsafeBytes { Data($0) }
        let own = sender.publicKey.x963Representation
        let keyMaterial = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: shared), salt: auth, info: Data("WebPush: info\0".utf8) + point + own,
            outputByteCount: 32)
        func derived(_ label: String, _ count: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: keyMaterial, salt: Data(salt), info: Data("Content-Encoding: \(label)\0".utf8),
                outputByteCount: count)
        }
        let nonce = try derived("nonce", 12).withUnsafeBytes { try AES.GCM.Nonce(data: Data($0)) }
        // 2 marks the last record, of which there is one.
        let box = try AES.GCM.seal(Data(plaintext + [2]), using: derived("aes128gcm", 16), nonce: nonce)
        let header = salt + [0, 0, 0x10, 0] + [65] + Array(own)
        return header + Array(box.ciphertext) + Array(box.tag)
    }
}

/// Who we are to a push service (RFC 8292).
enum VAPID {
    /// The value of the header `Authorization`.
    /// - Parameters:
    ///   - audience: The origin of the push service.
    ///   - contact: `mailto:` or `https:`.
    static func authorization(
        audience: String, contact: String, expiry: Int64, key: P256.Signing.PrivateKey
    ) throws -> String {
        let header = Data(#"{"typ":"JWT","alg":"ES256"}"#.utf8).base64URL
        let claims = try JSONText.encode([
            "aud": .string(audience), "exp": .integer(expiry), "sub": .string(contact),
        ])
        let content = "\(header).\(Data(claims.utf8).base64URL)"
        let signature = try key.signature(for: Data(content.utf8)).rawRepresentation.base64URL
        return "vapid t=\(content).\(signature), k=\(key.publicKey.x963Representation.base64URL)"
    }
}

extension String {
    /// Some browsers' libraries add it.
    fileprivate var withoutPadding: Substring {
        var text = self[...]
        while text.last == "=" { text.removeLast() }
        return text
    }
}
