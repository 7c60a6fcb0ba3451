/// The three headers by which a receiver can tell that a delivery is ours, fresh and unaltered (Standard
/// Webhooks, `v1` and `v1a`).
///
/// The signed text is `id.timestamp.body`, with the timestamp in **whole seconds** since 1970 and
/// the body byte for byte as sent. During a rotation every active key signs, so a receiver that
/// knows any one of them accepts the delivery.
///
/// - Parameters:
///   - id: Stays the same over all attempts; receivers deduplicate on it.
///   - keys: At least one, newest first.
/// - Returns: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
/// - Complexity: O(body size × number of keys).
public func webhookHeaders(
    id: String, sentAt: Timestamp, body: [UInt8], keys: [SigningKey]
) -> [(String, String)] {
    precondition(!keys.isEmpty, "an integration without a key must not reach this point")
    let seconds = sentAt.milliseconds / 1000
    let signed = Array("\(id).\(seconds).".utf8) + body
    return [
        ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
        ("webhook-signature", keys.map { $0.signature(of: signed) }.joined(separator: " ")),
    ]
}
