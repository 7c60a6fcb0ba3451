import AlertCore
import Foundation

/// What the message of an alert says, for each kind of device. Pure.
struct MessageContent {
    let words: AlertText
    let details: AlertDetails
    let answers: [ChannelMessage.Answer]
    let files: [ChannelMessage.File]
    let conference: ConferenceAccess?
    let phrases: AnswerPhrases
    let language: String
    let takesReplies: Bool

    func text(for kind: Device.Kind) -> String {
        switch kind {
        case .textPhone, .textPager:
            let names = files.isEmpty ? [] : ["\(phrases.files): \(files.map(\.name).joined(separator: ", "))"]
            return ([words.sms ?? words.subject] + names).joined(separator: "\n")
        case .voice, .voiceIVR: return words.speech ?? words.subject
        case .email:
            var lines = [words.subject, ""] + properties
            if !extras.isEmpty { lines += [""] + extras }
            if !answers.isEmpty { lines += ["", "Answer:"] + answers.map { "  \($0.text): \($0.url)" } }
            if let hint { lines += ["", hint] }
            lines += ["", footer]
            return lines.joined(separator: "\n") + "\n"
        case .androidPush, .applePush, .fax, .generic, .slack, .msTeams, .webPush:
            return (properties + extras + [footer]).joined(separator: "\n")
        }
    }

    var html: String {
        let buttons = answers.map { answer in
            """
            <a href="\(answer.url.escapedForHTML)" style="display:inline-block;margin:4px 8px 4px 0;padding:12px 20px;\
            background:#1f6feb;color:#fff;text-decoration:none;border-radius:6px">\(answer.text.escapedForHTML)</a>
            """
        }
        var parts = [words.body]
        if let conference {
            let text = conference.text(language: language).escapedForHTML
            parts.append("<p>\(conference.link.map { Self.linked($0, in: text) } ?? text)</p>")
        }
        if !files.isEmpty {
            let names = files.map { $0.url.isEmpty ? $0.name.escapedForHTML : Self.link($0.url, $0.name) }
            parts.append("<p>\(phrases.files): \(names.joined(separator: ", "))</p>")
        }
        parts.append("<p>\(buttons.joined(separator: "\n"))</p>")
        if let hint { parts.append("<p>\(hint.escapedForHTML)</p>") }
        return """
            <!doctype html><html><body style="font-family:sans-serif">
            \(parts.joined(separator: "\n"))
            <p style="color:#666">\(footer)</p>
            </body></html>
            """
    }

    private var properties: [String] { words.properties.map { "\($0.name): \($0.value)" } }
    private var footer: String { "Alert \(details.number), priority \(details.priority.rawValue)" }

    /// The conference and the files.
    private var extras: [String] {
        (conference.map { [$0.text(language: language)] } ?? [])
            + (files.isEmpty
                ? []
                : ["\(phrases.files):"] + files.map { $0.url.isEmpty ? "  \($0.name)" : "  \($0.name): \($0.url)" })
    }

    /// How the mail is replied to.
    private var hint: String? {
        guard takesReplies, !answers.isEmpty else { return nil }
        return phrases.replyToMail(answers.map { "\($0.number) \($0.text)" }.joined(separator: ", "))
    }

    private static func link(_ url: String, _ text: String) -> String {
        "<a href=\"\(url.escapedForHTML)\">\(text.escapedForHTML)</a>"
    }

    private static func linked(_ url: String, in escaped: String) -> String {
        escaped.replacing(url.escapedForHTML, with: link(url, url))
    }
}
