import AlertCore

/// Mattermost's incoming webhooks. Their buttons would call back into the server: answers are links.
struct MattermostChannel: NotificationChannel {
    /// Characters of a post are 16,383 at most; room is left for the links.
    private static let textLimit = 8000

    let provider: NotificationProvider
    let call: ProviderCall

    func send(_ message: ChannelMessage) async throws -> String {
        let answer = try await call.post(try provider.webhook(for: message), json: Self.body(message))
        return String(decoding: answer.body, as: UTF8.self)
    }

    static func body(_ message: ChannelMessage) -> JSONValue {
        var text = escaped(message.text.cut(to: textLimit / 2))
        if !message.answers.isEmpty {
            let links = message.answers.map { "[\(escaped($0.text.cut(to: 100)))](\($0.url))" }
            text += "\n\n" + links.joined(separator: " · ")
        }
        var attachment: [String: JSONValue] = [
            "fallback": .string(message.subject.cut(to: 300)), "title": .string(message.subject.cut(to: 300)),
            "text": .string(text), "color": .string(message.priority.color),
        ]
        if !message.link.isEmpty { attachment["title_link"] = .string(message.link) }
        return ["attachments": [.object(attachment)]]
    }

    /// Marks are shown as they are, and nobody is called by a message's text.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "\\`*_~[]()#>|!".contains(character) { escaped.append("\\") }
            escaped.append(character)
            if character == "@" { escaped.append("\u{200B}") }
        }
        return escaped
    }
}

extension Priority {
    /// As chats mark a message.
    var color: String {
        switch self {
        case .high: "#d1242f"
        case .medium: "#bf8700"
        case .low: "#1f6feb"
        }
    }
}
