import AlertCore

/// Microsoft Teams' incoming webhooks: an adaptive card with a button for each answer.
struct TeamsChannel: NotificationChannel {
    /// Bytes of the text: a message may have 28 KB.
    private static let textLimit = 8000
    /// What Teams shows of a card's buttons; further answers are links in the text.
    private static let buttonLimit = 6

    let provider: NotificationProvider
    let call: ProviderCall

    func send(_ message: ChannelMessage) async throws -> String {
        let answer = try await call.post(try provider.webhook(for: message), json: Self.body(message))
        let said = String(decoding: answer.body, as: UTF8.self)
        // The older webhooks say in a 200 what has gone wrong behind them.
        if said.contains("delivery failed") {
            throw ChannelError(
                reason: "\(provider.name): \(said.cut(to: 300))", isPermanent: !said.contains("HTTP error 429"))
        }
        return "\(answer.status)"
    }

    /// Texts stand in runs, which have no markup: nothing in them is taken for one.
    static func body(_ message: ChannelMessage) -> JSONValue {
        var content: [JSONValue] = [
            paragraph([
                ["type": "TextRun", "text": .string(message.subject.cut(to: 500)), "weight": "Bolder", "size": "Large"]
            ])
        ]
        if !message.text.isEmpty {
            content += message.text.cut(toBytes: textLimit).split(separator: "\n").prefix(60).map { line in
                paragraph([["type": "TextRun", "text": .string(String(line))]])
            }
        }
        content += message.answers.dropFirst(buttonLimit).map { answer in
            paragraph([
                ["type": "TextRun", "text": .string(answer.text.cut(to: 100)), "selectAction": open(answer.url)]
            ])
        }
        var buttons = message.answers.prefix(buttonLimit).map { answer in
            var button = open(answer.url)
            if case .object(var fields) = button {
                fields["title"] = .string(answer.text.cut(to: 100))
                button = .object(fields)
            }
            return button
        }
        if buttons.count < buttonLimit, !message.link.isEmpty {
            buttons.append(["type": "Action.OpenUrl", "title": "Show", "url": .string(message.link)])
        }
        let card: JSONValue = [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
            "version": "1.4", "body": .array(content), "actions": .array(buttons), "msteams": ["width": "Full"],
        ]
        return [
            "type": "message",
            "attachments": [["contentType": "application/vnd.microsoft.card.adaptive", "content": card]],
        ]
    }

    private static func paragraph(_ runs: JSONValue) -> JSONValue { ["type": "RichTextBlock", "inlines": runs] }
    private static func open(_ url: String) -> JSONValue { ["type": "Action.OpenUrl", "url": .string(url)] }
}
