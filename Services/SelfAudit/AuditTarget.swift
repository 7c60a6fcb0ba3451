import AlertCore
import Foundation
import OutboundHTTP

/// Why a target did not take a notice, in words without its address.
struct AuditTargetError: Error {
    let reason: String
}

/// Whom the self-audit tells.
public protocol AuditTarget: Sendable {
    /// `email` or `url`: how the database names it.
    var name: String { get }

    /// - Returns: What the target answered.
    /// - Throws: When it did not take the notice, or it is not known whether it did.
    func send(_ notice: AuditNotice) async throws -> String
}

/// By the operator's mail server, straight.
public struct AuditMailTarget: AuditTarget {
    public let name = "email"
    let client: SMTPClient
    let from: Mail.Address
    let to: [Mail.Address]
    /// Where people reach the installation.
    let place: String

    public init(client: SMTPClient, from: Mail.Address, to: [Mail.Address], place: String) {
        self.client = client
        self.from = from
        self.to = to
        self.place = place
    }

    public func send(_ notice: AuditNotice) async throws -> String {
        let host = from.address.split(separator: "@").last.map(String.init) ?? "localhost"
        let mail = Mail(
            from: from, to: to, subject: notice.subject, text: notice.text(place: place),
            messageID: "\(notice.id)@\(host)", date: Date(timeIntervalSince1970: Double(notice.at.milliseconds) / 1000),
            headers: [("Auto-Submitted", "auto-generated"), ("X-Priority", "1")])
        do {
            return try await client.send(mail).answer
        } catch let error as SMTPError {
            throw AuditTargetError(reason: error.detail)
        }
    }
}

/// A POST of JSON, whose `text` makes it a message for chat programs as well.
public struct AuditWebTarget: AuditTarget {
    private static let timeout = Duration.seconds(15)

    public let name = "url"
    let client: OutboundHTTPClient
    let url: String
    let place: String

    /// - Parameter url: May hold a secret: it is shown nowhere.
    public init(client: OutboundHTTPClient, url: String, place: String) {
        self.client = client
        self.url = url
        self.place = place
    }

    public func send(_ notice: AuditNotice) async throws -> String {
        let response: OutboundResponse
        do {
            response = try await client.send(
                OutboundRequest(
                    method: "POST", url: url,
                    headers: [("Content-Type", "application/json"), ("webhook-id", notice.id)],
                    body: Array(try body(notice).utf8), timeout: Self.timeout, responseBodyLimit: 1024))
        } catch let error as OutboundError {
            throw AuditTargetError(reason: "\(error.code)")
        }
        guard (200...299).contains(response.status) else {
            throw AuditTargetError(reason: "the answer was \(response.status)")
        }
        return "answered \(response.status)"
    }

    private func body(_ notice: AuditNotice) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body: JSONValue = [
            "id": .string(notice.id), "installation": .string(place), "at": .string(notice.at.iso),
            "summary": .string(notice.subject), "text": .string(notice.text(place: place)),
            "raised": .array(notice.raised.map(\.representation)),
            "lasting": .array(notice.lasting.map(\.representation)),
            "cleared": .array(notice.cleared.map(\.representation)),
        ]
        return String(decoding: try encoder.encode(body), as: UTF8.self)
    }
}
