import AlertCore

/// Slack's incoming webhooks: blocks with a button for each answer.
struct SlackChannel: NotificationChannel {
    let provider: NotificationProvider
    let call: ProviderCall

    func send(_ message: ChannelMessage) async throws -> String {
        let answer = try await call.post(try provider.webhook(for: message), json: Self.body(message))
        return String(decoding: answer.body, as: UTF8.self)
    }

    /// Limits of Slack's: 150 characters in a header, 3000 in a section, 75 on a button, 25 buttons in a block.
    static func body(_ message: ChannelMessage) -> JSONValue {
        var blocks: [JSONValue] = [
            ["type": "header", "text": ["type": "plain_text", "text": .string(message.subject.cut(to: 150))]]
        ]
        if !message.text.isEmpty {
            // The limit holds for the escaped text, and nothing may be cut within an escape.
            let text =
                escaped(message.text.cut(to: 2500)).utf16.count <= 3000
                ? message.text.cut(to: 2500) : message.text.cut(to: 600)
            blocks.append(["type": "section", "text": ["type": "mrkdwn", "text": .string(escaped(text))]])
        }
        let buttons = message.answers.prefix(25).map { answer -> JSONValue in
            [
                "type": "button", "text": ["type": "plain_text", "text": .string(answer.text.cut(to: 75))],
                "url": .string(answer.url), "action_id": .string("answer-\(answer.number)"),
            ]
        }
        if !buttons.isEmpty { blocks.append(["type": "actions", "elements": .array(Array(buttons))]) }
        if !message.link.isEmpty {
            let link = "<\(escaped(message.link))|Show in the console>"
            blocks.append(["type": "context", "elements": [["type": "mrkdwn", "text": .string(link)]]])
        }
        return ["text": .string(escaped(message.subject.cut(to: 600))), "blocks": .array(blocks)]
    }

    /// Slack's own marks begin with `<`: nothing of a message can call a channel together.
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
