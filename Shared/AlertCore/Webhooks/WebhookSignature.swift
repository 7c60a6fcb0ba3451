import Crypto
import Foundation

/// The three headers by which a receiver can tell that a delivery is ours, fresh and unaltered (Standard
/// Webhooks, `v1`).
///
/// The signed text is `id.timestamp.body`, with the timestamp in **whole seconds** since 1970 and
/// the body byte for byte as sent. During a rotation every active secret signs, so a receiver that
/// knows any one of them accepts the delivery.
///
/// - Parameters:
///   - id: Stays the same over all attempts; receivers deduplicate on it.
///   - secrets: At least one, newest first; 24 to 64 bytes each.
/// - Returns: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
/// - Complexity: O(body size × number of secrets).
public func webhookHeaders(
    id: String, sentAt: Timestamp, body: [UInt8], secrets: [SymmetricKey]
) -> [(String, String)] {
    precondition(!secrets.isEmpty, "an integration without a secret must not reach this point")
    let seconds = sentAt.milliseconds / 1000
    let signed = Array("\(id).\(seconds).".utf8) + body
    let signatures = secrets.map { secret in
        "v1," + Data(HMAC<SHA256>.authenticationCode(for: signed, using: secret)).base64EncodedString()
    }
    return [
        ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
        ("webhook-signature", signatures.joined(separator: " ")),
    ]
}
