import AlertCore
import Foundation

/// A file that was sent in to go with alerts.
public struct StoredAttachment: Equatable, Sendable {
    /// UUID.
    public let id: String
    public let name: String
    public let mediaType: String
    public let content: Data
    /// A person's id.
    public let uploadedBy: String
    public let uploadedAt: Timestamp

    public init(
        id: String, name: String, mediaType: String, content: Data, uploadedBy: String, uploadedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.mediaType = mediaType
        self.content = content
        self.uploadedBy = uploadedBy
        self.uploadedAt = uploadedAt
    }
}

/// The files that go with alerts. What no alert names within a week goes.
public struct Attachments {
    /// The longest file in bytes.
    public static let sizeLimit = 6 << 20
    /// Bytes that one person may have waiting for an alert.
    public static let waitingLimit = 64 << 20
    static let waitingTime = Duration.seconds(7 * 86_400)
    /// Rows that one upload clears away at most.
    private static let batch = 100

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Clears away what waited too long, then keeps the file.
    /// - Throws: 413 when the person has too much waiting.
    public func put(_ attachment: StoredAttachment) throws {
        let oldest = attachment.uploadedAt.advanced(by: .zero - Self.waitingTime)
        try connection.execute(
            """
            DELETE FROM attachments WHERE id IN (SELECT id FROM attachments
            WHERE is_kept = 0 AND uploaded_at < \(oldest.milliseconds) ORDER BY uploaded_at LIMIT \(Self.batch))
            """)
        let waiting = try connection.execute(
            """
            SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM attachments
            WHERE is_kept = 0 AND uploaded_by = \(attachment.uploadedBy)
            """)[0].integer(0)
        guard Int(waiting) + attachment.content.count <= Self.waitingLimit else {
            throw RestError(
                413, "Files of more than \(Self.waitingLimit) bytes wait for an alert already: send fewer.",
                subcode: "attachment.too_many")
        }
        try connection.execute(
            """
            INSERT INTO attachments (id, name, media_type, size, content, uploaded_by, uploaded_at, is_kept)
            VALUES (\(attachment.id), \(attachment.name), \(attachment.mediaType), \(attachment.content.count),
            \(attachment.content.base64EncodedString()), \(attachment.uploadedBy),
            \(attachment.uploadedAt.milliseconds), 0)
            """)
    }

    public func get(_ id: String) throws -> StoredAttachment? {
        let row = try connection.execute(
            """
            SELECT id, name, media_type, content, uploaded_by, uploaded_at FROM attachments
            WHERE id = \(id.lowercased())
            """
        ).first
        return try row.map { row in
            guard let content = Data(base64Encoded: row.text(3)) else {
                throw StoreError(.invalid, "the attachment \(row.text(0)) cannot be read")
            }
            return StoredAttachment(
                id: row.text(0), name: row.text(1), mediaType: row.text(2), content: content,
                uploadedBy: row.text(4), uploadedAt: Timestamp(milliseconds: row.integer(5)))
        }
    }

    /// Sizes in bytes, by id, of those that are there.
    public func sizes(of ids: [String]) throws -> [String: Int] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.execute("SELECT id, size FROM attachments WHERE id IN \(list: ids)")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), Int($0.integer(1))) })
    }

    /// A scenario or a scheduled message names them now: they stay for good.
    public func keep(_ attachments: [AlertAttachment]) throws {
        let ids = attachments.compactMap(\.uploadId)
        guard !ids.isEmpty else { return }
        try connection.execute("UPDATE attachments SET is_kept = 2 WHERE id IN \(list: ids)")
    }

    /// An alert names them now.
    func keep(_ attachments: [AlertAttachment], for alert: String) throws {
        let ids = Set(attachments.compactMap(\.uploadId)).sorted()
        guard !ids.isEmpty else { return }
        try connection.execute("UPDATE attachments SET is_kept = 1 WHERE is_kept = 0 AND id IN \(list: ids)")
        for id in ids {
            try connection.execute(
                "INSERT INTO attachment_uses (alert_id, attachment_id) VALUES (\(alert), \(id)) ON CONFLICT DO NOTHING")
        }
    }

    /// Lets go of what nobody names any more but these alerts.
    func release(by alerts: [String]) throws(StoreError) {
        let ids = try connection.execute(
            "SELECT DISTINCT attachment_id FROM attachment_uses WHERE alert_id IN \(list: alerts)"
        ).map { $0.text(0) }
        guard !ids.isEmpty else { return }
        try connection.execute("DELETE FROM attachment_uses WHERE alert_id IN \(list: alerts)")
        try connection.execute(
            """
            DELETE FROM attachments WHERE id IN \(list: ids) AND is_kept = 1
            AND NOT EXISTS (SELECT 1 FROM attachment_uses u WHERE u.attachment_id = attachments.id)
            """)
    }
}

extension AlertAttachment {
    /// The id of the upload that ``path`` leads to, as in `/attachments/<id>/<name>`; `nil` for another path.
    public var uploadId: String? {
        let parts = path.split(separator: "/").map(String.init)
        guard let index = parts.firstIndex(of: "attachments"), parts.count == index + 3,
            let id = UUID(uuidString: parts[index + 1])
        else { return nil }
        return id.uuidString.lowercased()
    }
}
