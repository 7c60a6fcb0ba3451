import AlertCore
import Foundation
import OutboundHTTP

/// Email by SMTP.
public struct EmailChannel: NotificationChannel {
    let client: SMTPClient
    let from: Mail.Address
    let replies: ReplyAddresses?
    let now: Clock

    /// - Parameters:
    ///   - from: The sender.
    ///   - replies: Where answers go that are given as replies; `nil` where none are taken.
    public init(
        client: SMTPClient, from: Mail.Address, replies: ReplyAddresses? = nil, now: @escaping Clock
    ) {
        self.client = client
        self.from = from
        self.replies = replies
        self.now = now
    }

    public func send(_ message: ChannelMessage) async throws -> String {
        let host = from.address.split(separator: "@").last.map(String.init) ?? "localhost"
        do {
            let mail = Mail(
                from: try sender(of: message), to: [try Mail.Address(message.address)], subject: message.subject,
                text: message.text,
                html: message.html, messageID: "\(message.id)@\(host)",
                date: Date(timeIntervalSince1970: Double(now().milliseconds) / 1000),
                headers: [("Auto-Submitted", "auto-generated")] + (replies?.headers(for: message.id) ?? []))
            return try await client.send(mail).answer
        } catch let error as SMTPError {
            throw ChannelError(
                reason: error.detail, isPermanent: !error.isRetryable, isInDoubt: error.isInDoubt)
        }
    }

    /// With the name that the alert wants to be seen.
    private func sender(of message: ChannelMessage) throws(SMTPError) -> Mail.Address {
        guard let name = message.senderOverrides?.displayName, !name.isEmpty else { return from }
        return try Mail.Address(from.address, name: name)
    }
}
