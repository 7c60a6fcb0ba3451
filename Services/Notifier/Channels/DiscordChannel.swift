import AlertCore
import Foundation

/// Discord's incoming webhooks: an embed, and a link button for each answer.
struct DiscordChannel: NotificationChannel {
    let provider: NotificationProvider
    let call: ProviderCall

    func send(_ message: ChannelMessage) async throws -> String {
        let url = try provider.webhook(for: message)
        let separator = url.contains("?") ? "&" : "?"
        let answer = try await call.post(
            "\(url)\(separator)wait=true&with_components=true", json: Self.body(message))
        // The message as it was made, if it can be read: its id is the receipt.
        let made = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        return made?["id"]?.string ?? "\(answer.status)"
    }

    /// Limits of Discord's: 256 characters in a title, 4096 in a description, 80 on a button, 512 in its URL, five
    /// buttons in each of five rows.
    static func body(_ message: ChannelMessage) -> JSONValue {
        let long = message.answers.filter { $0.url.utf8.count > 512 }
        let short = message.answers.filter { $0.url.utf8.count <= 512 }.prefix(25)
        var text = MattermostChannel.escaped(message.text.cut(to: 1500))
        for answer in long { text += "\n[\(MattermostChannel.escaped(answer.text.cut(to: 80)))](\(answer.url))" }
        var embed: [String: JSONValue] = [
            "title": .string(message.subject.cut(to: 256)), "description": .string(text.cut(to: 4096)),
            "color": .integer(Int64(message.priority.color.dropFirst(), radix: 16) ?? 0),
        ]
        if !message.link.isEmpty { embed["url"] = .string(message.link) }
        var body: [String: JSONValue] = ["embeds": [.object(embed)], "allowed_mentions": ["parse": []]]
        let rows = stride(from: 0, to: short.count, by: 5).map { start -> JSONValue in
            let buttons = short[start..<min(start + 5, short.count)].map { answer -> JSONValue in
                ["type": 2, "style": 5, "label": .string(answer.text.cut(to: 80)), "url": .string(answer.url)]
            }
            return ["type": 1, "components": .array(Array(buttons))]
        }
        if !rows.isEmpty { body["components"] = .array(rows) }
        return .object(body)
    }
}
