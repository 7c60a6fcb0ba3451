import AlertCore
import Foundation

/// ntfy, its own service or one of the operator's: a topic, with view actions for the answers. The device's pin is a
/// topic of the provider's server, or the whole address of one.
struct NtfyChannel: NotificationChannel {
    /// What ntfy takes of actions; further answers stand in the text.
    private static let actionLimit = 3
    /// Bytes; what is longer would become an attachment.
    private static let textLimit = 4096

    let provider: NotificationProvider
    let secret: String?
    let call: ProviderCall

    func send(_ message: ChannelMessage) async throws -> String {
        let (server, topic) = try place(of: message)
        var basicAuth: (user: String, password: String)?
        var headers: [(String, String)] = []
        if let secret {
            // Of the provider's own server only: another one is not told.
            if server == provider.url.withoutSlash {
                if provider.account.isEmpty {
                    headers.append(("Authorization", "Bearer \(secret)"))
                } else {
                    basicAuth = (provider.account, secret)
                }
            }
        }
        let answer = try await call.post(
            server, Array(try JSONText.encode(Self.body(message, topic: topic)).utf8), headers: headers,
            basicAuth: basicAuth)
        // The message as it was taken, if it can be read: its id is the receipt.
        let taken = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        return taken?["id"]?.string ?? "\(answer.status)"
    }

    static func body(_ message: ChannelMessage, topic: String) -> JSONValue {
        let rest = message.answers.dropFirst(actionLimit).map { "\($0.text): \($0.url)" }
        let links = rest.joined(separator: "\n")
        let room = max(textLimit - links.utf8.count - 1, 100)
        let text = message.text.cut(toBytes: room) + (links.isEmpty ? "" : "\n" + links)
        var body: [String: JSONValue] = [
            "topic": .string(topic), "title": .string(message.subject.cut(to: 250)), "message": .string(text),
            "priority": .integer(message.priority.ntfy),
            "tags": [.string("priority-\(message.priority.rawValue.lowercased())")],
        ]
        if !message.link.isEmpty { body["click"] = .string(message.link) }
        let actions = message.answers.prefix(actionLimit).map { answer -> JSONValue in
            ["action": "view", "label": .string(answer.text.cut(to: 60)), "url": .string(answer.url), "clear": true]
        }
        if !actions.isEmpty { body["actions"] = .array(Array(actions)) }
        return .object(body)
    }

    private func place(of message: ChannelMessage) throws(ChannelError) -> (server: String, topic: String) {
        var topic = message.address
        var server = provider.url.withoutSlash
        if topic.hasPrefix("https://") || topic.hasPrefix("http://"), let slash = topic.lastIndex(of: "/") {
            server = String(topic[..<slash])
            topic = String(topic[topic.index(after: slash)...])
        }
        let isTopic =
            (1...64).contains(topic.utf8.count)
            && topic.utf8.allSatisfy {
                $0 == 45 || $0 == 95 || UnicodeScalar($0).properties.isAlphabetic || (48...57).contains($0)
            }
        guard isTopic else { throw ChannelError(reason: "the device's pin is no topic of ntfy", isPermanent: true) }
        guard server.hasPrefix("http"), server.count > 8 else {
            throw ChannelError(
                reason: "\(provider.name) has no url, and the device's pin names no server", isPermanent: true)
        }
        return (server, topic)
    }
}

extension Priority {
    fileprivate var ntfy: Int64 {
        switch self {
        case .high: 5
        case .medium: 4
        case .low: 2
        }
    }
}

extension String {
    var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
