import AlertCore
import Foundation
import OutboundHTTP

/// One request to a provider, by the guarded client, and what its answer means for the message.
struct ProviderCall: Sendable {
    /// Bytes of an answer that are looked at.
    private static let answerLimit = 4096
    private static let timeout = Duration.seconds(20)

    let client: OutboundHTTPClient
    /// For people.
    let provider: String

    /// - Returns: A 2xx answer.
    /// - Throws: ``ChannelError``. 408, 425, 429 and 5xx may be better later, 504 may have been done all the same; any
    ///   other status is a refusal.
    func post(
        _ url: String, _ body: [UInt8], type: String = "application/json", headers: [(String, String)] = [],
        basicAuth: (user: String, password: String)? = nil
    ) async throws -> OutboundResponse {
        var request = OutboundRequest(
            method: "POST", url: url, headers: [("Content-Type", type)] + headers, body: body, basicAuth: basicAuth,
            timeout: Self.timeout, responseBodyLimit: Self.answerLimit)
        request.connectTimeout = .seconds(10)
        return try await send(request)
    }

    func post(_ url: String, json: JSONValue, headers: [(String, String)] = []) async throws -> OutboundResponse {
        try await post(url, Array(try JSONText.encode(json).utf8), headers: headers)
    }

    func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let response: OutboundResponse
        do {
            response = try await client.send(request)
        } catch let error as OutboundError {
            throw ChannelError(
                reason: "\(provider): \(error.detail)",
                isPermanent: !error.isRetryable && error.code != .cancelled, isInDoubt: error.isInDoubt)
        }
        guard (200..<300).contains(response.status) else { throw refusal(response) }
        return response
    }

    /// What is wrong, with the beginning of what the provider said.
    func refusal(_ response: OutboundResponse) -> ChannelError {
        let said = String(decoding: response.body.prefix(300), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let isTemporary = [408, 425, 429].contains(response.status) || response.status >= 500
        let wait = response.header("Retry-After").flatMap { Int64($0) }.map { Duration.seconds(min(max($0, 0), 3600)) }
        return ChannelError(
            reason: "\(provider) answered \(response.status)" + (said.isEmpty ? "" : ": \(said)"),
            isPermanent: !isTemporary, isInDoubt: response.status == 504, retryAfter: isTemporary ? wait : nil)
    }
}

extension NotificationProvider {
    /// Where a chat's message goes: the device's own webhook, or else the provider's.
    func webhook(for message: ChannelMessage) throws(ChannelError) -> String {
        for address in [message.address, url] where address.hasPrefix("https://") || address.hasPrefix("http://") {
            return address
        }
        throw ChannelError(
            reason: "neither the device nor \(name) has the address of a webhook", isPermanent: true)
    }
}

enum JSONText {
    static func encode(_ value: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension String {
    /// The beginning, with a mark where something was left out.
    /// - Parameter limit: Characters.
    func cut(to limit: Int) -> String { count <= limit ? self : prefix(limit - 1) + "…" }

    /// - Parameter limit: Bytes of UTF-8, at least 4.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var text = ""
        var size = "…".utf8.count
        for character in self {
            size += character.utf8.count
            if size > limit { break }
            text.append(character)
        }
        return text + "…"
    }
}
