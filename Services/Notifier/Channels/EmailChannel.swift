import AlertCore
import Foundation
import OutboundHTTP
import Persistence

/// Email by SMTP.
///
/// A mail carries the files of its alert up to ``filesLimit``, in their order; all of them are named in it with a link.
/// A server that does not take the mail with its files gets it without.
public struct EmailChannel: NotificationChannel {
    /// Finds an upload by its id.
    public typealias Files = @Sendable (String) async throws -> StoredAttachment?

    /// Bytes of the files of one mail, before they are encoded.
    static let filesLimit = 6 << 20
    /// Mails with files that are in memory at a time, whatever their provider.
    private static let room = ProviderLanes(perProvider: 4, inAll: 4)
    private static let lane = "files"

    /// Hands a mail over, and says what the server answered.
    let deliver: @Sendable (Mail) async throws -> String
    let from: Mail.Address
    let replies: ReplyAddresses?
    let files: Files?
    let now: Clock

    /// - Parameters:
    ///   - from: The sender.
    ///   - replies: Where answers go that are given as replies; `nil` where none are taken.
    ///   - files: What mails carry; without it, files are only named.
    public init(
        client: SMTPClient, from: Mail.Address, replies: ReplyAddresses? = nil, files: Files? = nil,
        now: @escaping Clock
    ) {
        self.init(deliver: { try await client.send($0).answer }, from: from, replies: replies, files: files, now: now)
    }

    init(
        deliver: @escaping @Sendable (Mail) async throws -> String, from: Mail.Address, replies: ReplyAddresses? = nil,
        files: Files? = nil, now: @escaping Clock
    ) {
        self.deliver = deliver
        self.from = from
        self.replies = replies
        self.files = files
        self.now = now
    }

    /// The uploads that a database has.
    public static func files(in database: any SQLDatabase) -> Files {
        { id in try await database.reading { try Attachments($0).get(id) } }
    }

    public func send(_ message: ChannelMessage) async throws -> String {
        do {
            let mail = try self.mail(message)
            let carried = files == nil ? [] : Self.carried(message.files)
            return carried.isEmpty ? try await deliver(mail) : try await send(mail, with: carried)
        } catch let error as SMTPError {
            throw ChannelError(
                reason: error.detail, isPermanent: !error.isRetryable, isInDoubt: error.isInDoubt)
        }
    }

    /// The uploads that a mail has room for: one that is too large is left out, and those after it may still fit.
    static func carried(_ files: [ChannelMessage.File]) -> [String] {
        var room = filesLimit
        return files.compactMap { file in
            guard let id = file.upload, let size = file.size, size <= room else { return nil }
            room -= size
            return id
        }
    }

    private func mail(_ message: ChannelMessage) throws(SMTPError) -> Mail {
        let host = from.address.split(separator: "@").last.map(String.init) ?? "localhost"
        return Mail(
            from: try sender(of: message), to: [try Mail.Address(message.address)], subject: message.subject,
            text: message.text, html: message.html, messageID: "\(message.id)@\(host)",
            date: Date(timeIntervalSince1970: Double(now().milliseconds) / 1000),
            headers: [("Auto-Submitted", "auto-generated")] + (replies?.headers(for: message.id) ?? []))
    }

    private func send(_ mail: Mail, with uploads: [String]) async throws -> String {
        while !Self.room.take(Self.lane) {
            try Task.checkCancellation()
            await Self.room.waitForRoom(Self.lane)
        }
        defer { Self.room.giveBack(Self.lane) }
        var whole = mail
        for id in uploads {
            guard let file = try await files?(id) else { continue }
            whole.attachments.append(
                Mail.Attachment(name: file.name, mediaType: file.mediaType, content: file.content))
        }
        do {
            return try await deliver(whole)
        } catch let error as SMTPError where error.code == .rejected && !error.isRetryable && !error.isInDoubt {
            // Too large, or a kind of file that is not taken there: what has happened has to arrive all the same.
            return try await deliver(mail) + " (without the files, which were refused: \(error.detail))"
        }
    }

    /// With the name that the alert wants to be seen.
    private func sender(of message: ChannelMessage) throws(SMTPError) -> Mail.Address {
        guard let name = message.senderOverrides?.displayName, !name.isEmpty else { return from }
        return try Mail.Address(from.address, name: name)
    }
}
