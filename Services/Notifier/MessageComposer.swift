import AlertCore
import Crypto
import Foundation
import Persistence

/// Makes the message of a notification: of an alert from its form, in the person's language, with a link for each
/// answer; of a digest from what it tells of.
struct MessageComposer: Sendable {
    /// How long after the alert's own time its links still lead to a page that explains.
    private static let linkGrace = Duration.seconds(7 * 86400)
    /// Alerts that a digest tells of by name.
    private static let digestLimit = 20

    let database: any SQLDatabase
    let directory: DirectoryCache
    /// Opens the addresses of devices that are sealed.
    let secrets: SecretBox?
    let linkKey: @Sendable () -> SymmetricKey
    /// Without a slash at the end.
    let publicURL: String

    /// The message of a notification whose alert is still to be read.
    func compose(_ plan: Notification.Plan) async throws -> ChannelMessage {
        let alert = try await database.reading { plan.alert.isEmpty ? nil : try Alerts($0).get(plan.alert) }
        return try await compose(plan, alert)
    }

    /// - Parameter alert: Of a notification of an alert.
    func compose(_ plan: Notification.Plan, _ alert: AlertRow?) async throws -> ChannelMessage {
        let view = try await directory.current()
        switch plan.kindOfPurpose {
        case .alert:
            guard let alert else { throw ChannelError(reason: "the alert is no longer there", isPermanent: true) }
            return try message(plan, of: alert, view)
        case .digest:
            let content = try await database.reading {
                try Notifications($0).content(of: plan.id, limit: Self.digestLimit)
            }
            return try message(plan, telling: content, view)
        case .test:
            var message = try plain(
                plan, view, subject: "Test message", lines: [plan.reason, "", "Nothing has to be done."])
            message.link = publicURL
            return message
        }
    }

    // MARK: - Of an alert

    private func message(
        _ plan: Notification.Plan, of alert: AlertRow, _ view: DirectoryView
    ) throws -> ChannelMessage {
        let details = alert.details
        let language = plan.language.isEmpty ? view.people[plan.recipient.id]?.language ?? "en" : plan.language
        let words = AlertText(
            details, form: view.forms[details.form.id], definitions: view.properties, language: language)
        let answers = details.responseOptions.map { option in
            let (text, prompt) = option.words(in: language)
            return ChannelMessage.Answer(
                number: option.number, text: text, prompt: prompt, url: link(to: option, plan, alert))
        }
        var message = ChannelMessage(
            id: plan.id, deviceType: plan.kindOfDevice, address: try address(plan, view), subject: words.subject,
            text: text(plan.kindOfDevice, words, details, answers), html: html(words, details, answers))
        message.provider = plan.provider
        message.alertNumber = details.number
        message.priority = details.priority
        message.language = language
        message.answers = answers
        message.senderOverrides = details.senderOverrides
        message.voicemail = details.voicemailOptions
        message.link = "\(publicURL)/alerts/\(details.number)"
        return message
    }

    private func link(to option: ResponseOption, _ plan: Notification.Plan, _ alert: AlertRow) -> String {
        let end = alert.createdAt.advanced(by: .seconds(alert.details.expirationInMinutes * 60))
        let link = ResponseLink(
            notification: plan.id, option: option.id, validUntil: end.advanced(by: Self.linkGrace))
        return "\(publicURL)/respond/\(link.token(key: linkKey()))"
    }

    private func text(
        _ kind: Device.Kind, _ words: AlertText, _ details: AlertDetails, _ answers: [ChannelMessage.Answer]
    ) -> String {
        switch kind {
        case .textPhone, .textPager: return words.sms ?? words.subject
        case .voice, .voiceIVR: return words.speech ?? words.subject
        case .email:
            var lines = [words.subject, ""] + words.properties.map { "\($0.name): \($0.value)" }
            if !answers.isEmpty { lines += ["", "Answer:"] + answers.map { "  \($0.text): \($0.url)" } }
            lines += ["", "Alert \(details.number), priority \(details.priority.rawValue)"]
            return lines.joined(separator: "\n") + "\n"
        case .androidPush, .applePush, .fax, .generic, .slack, .msTeams, .webPush:
            let lines = words.properties.map { "\($0.name): \($0.value)" }
            return (lines + ["Alert \(details.number), priority \(details.priority.rawValue)"])
                .joined(separator: "\n")
        }
    }

    private func html(_ words: AlertText, _ details: AlertDetails, _ answers: [ChannelMessage.Answer]) -> String {
        let buttons = answers.map { answer in
            """
            <a href="\(answer.url.escapedForHTML)" style="display:inline-block;margin:4px 8px 4px 0;padding:12px 20px;\
            background:#1f6feb;color:#fff;text-decoration:none;border-radius:6px">\(answer.text.escapedForHTML)</a>
            """
        }
        return """
            <!doctype html><html><body style="font-family:sans-serif">
            \(words.body)
            <p>\(buttons.joined(separator: "\n"))</p>
            <p style="color:#666">Alert \(details.number), priority \(details.priority.rawValue)</p>
            </body></html>
            """
    }

    // MARK: - Of a digest

    private func message(
        _ plan: Notification.Plan, telling content: Notifications.Digest, _ view: DirectoryView
    ) throws -> ChannelMessage {
        let priorities = Priority.allCases.reversed().compactMap { priority in
            content.priorities[priority].map { "\($0) \(priority.rawValue)" }
        }
        let subject =
            "\(content.alerts) more alert\(content.alerts == 1 ? "" : "s"): " + priorities.joined(separator: ", ")
        var lines = content.first.map { row in
            "\(row.details.number) \(row.details.priority.rawValue): \(row.details.subject)"
        }
        if content.alerts > content.first.count { lines.append("and \(content.alerts - content.first.count) more") }
        if content.messages != content.alerts { lines.append("\(content.messages) messages were held in all.") }
        var message = try plain(plan, view, subject: subject, lines: lines)
        message.priority = content.priorities.keys.max() ?? .medium
        message.link = "\(publicURL)/alerts"
        return message
    }

    private func plain(
        _ plan: Notification.Plan, _ view: DirectoryView, subject: String, lines: [String]
    ) throws -> ChannelMessage {
        let isShort = [.textPhone, .textPager, .voice, .voiceIVR].contains(plan.kindOfDevice)
        let rows = lines.map { "<p>\($0.escapedForHTML)</p>" }.joined(separator: "\n")
        var message = ChannelMessage(
            id: plan.id, deviceType: plan.kindOfDevice, address: try address(plan, view), subject: subject,
            text: isShort ? subject : lines.joined(separator: "\n"),
            html:
                """
                <!doctype html><html><body style="font-family:sans-serif"><h2>\(subject.escapedForHTML)</h2>\
                \(rows)</body></html>
                """
        )
        message.provider = plan.provider
        message.language = plan.language.isEmpty ? "en" : plan.language
        return message
    }

    // MARK: - Where it goes

    /// A sealed address is opened; as the device has it now, since old keys are retired.
    private func address(_ plan: Notification.Plan, _ view: DirectoryView) throws -> String {
        guard SecretBox.isSealed(plan.address) else { return plan.address }
        let device = view.devices[plan.device.id]
        let sealed = device.map(\.pin).flatMap { $0.isEmpty ? nil : $0 } ?? plan.address
        guard SecretBox.isSealed(sealed) else { return sealed }
        guard let secrets else { throw ChannelError(reason: "there is no key to open the address", isPermanent: true) }
        do {
            return try secrets.open(sealed, for: .devicePin(plan.device.id))
        } catch {
            throw ChannelError(reason: "the device's address cannot be opened: \(error)", isPermanent: true)
        }
    }
}

extension String {
    var escapedForHTML: String {
        replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
