import AlertCore
import Crypto
import Foundation

/// The key by which this installation shows itself to push services (RFC 8292). Browsers are subscribed to its public
/// half, so it is made once and never changes.
public struct WebPushKey: DirectoryEntry, Hashable {
    public static let kind = "webpushkey"
    private static let onlyID = "web-push"

    public var id: String
    /// P-256, 32 bytes in base64, sealed by `SecretBox`.
    public var sealedPrivateKey: String
    /// What browsers subscribe with: the uncompressed point, 65 bytes in base64url without padding.
    public var publicKey: String

    public var parentID: String { "" }
    public var entryName: String { id }

    /// The key, made when there is none.
    /// - Throws: `StoreError`.
    public static func current(
        in database: any SQLDatabase, secrets: SecretBox, at now: Timestamp
    ) async throws -> WebPushKey {
        if let key = try await database.reading({ try Directory($0).get(WebPushKey.self, id: onlyID) }) { return key }
        let fresh = P256.Signing.PrivateKey()
        let entry = WebPushKey(
            id: onlyID,
            sealedPrivateKey: secrets.seal(fresh.rawRepresentation.base64EncodedString(), for: .webPushKey),
            publicKey: fresh.publicKey.x963Representation.base64URL)
        return try await database.retrying { connection in
            let directory = Directory(connection)
            // First: of two that make one at the same time, the second finds the first one's.
            try directory.holdChanges()
            if let key = try directory.get(WebPushKey.self, id: onlyID) { return key }
            let origin = Origin(actor: "<web-push>", causation: "web-push-key", correlation: "web-push-key")
            try directory.put(entry, by: origin, at: now)
            return entry
        }
    }

    /// - Throws: `SecretError`.
    public func privateKey(_ secrets: SecretBox) throws -> P256.Signing.PrivateKey {
        let text = try secrets.open(sealedPrivateKey, for: .webPushKey)
        guard let bytes = Data(base64Encoded: text) else { throw SecretError.notSealed }
        return try P256.Signing.PrivateKey(rawRepresentation: bytes)
    }
}
