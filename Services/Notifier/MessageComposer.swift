import AlertCore
import Crypto
import Foundation
import Persistence

/// Makes the message of a notification: of an alert from its form, in the person's language, with a link for each
/// answer; of a digest from what it tells of.
struct MessageComposer: Sendable {
    /// How long after the alert's own time its links still lead to a page that explains.
    private static let linkGrace = Duration.seconds(7 * 86400)
    /// Characters of a text message that tell how the conference is joined.
    private static let shortNoteLimit = 160
    /// Alerts that a digest tells of by name.
    private static let digestLimit = 20

    let database: any SQLDatabase
    let directory: DirectoryCache
    /// Opens the addresses of devices that are sealed.
    let secrets: SecretBox?
    let linkKey: @Sendable () -> SymmetricKey
    /// Without a slash at the end.
    let publicURL: String
    /// Whether a mail can be answered by a reply.
    var takesReplies = false

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
            var files = files(of: alert)
            let uploads = files.compactMap(\.upload)
            if plan.kindOfDevice == .email, !uploads.isEmpty {
                let sizes = try await database.reading { try Attachments($0).sizes(of: uploads) }
                for index in files.indices { files[index].size = files[index].upload.flatMap { sizes[$0] } }
            }
            return try message(plan, of: alert, files, view)
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
        _ plan: Notification.Plan, of alert: AlertRow, _ files: [ChannelMessage.File], _ view: DirectoryView
    ) throws -> ChannelMessage {
        let details = alert.details
        let conference = view.conference(of: details)
        let language = plan.language.isEmpty ? view.people[plan.recipient.id]?.language ?? "en" : plan.language
        let words = AlertText(
            details, form: view.forms[details.form.id], definitions: view.properties, language: language,
            conference: conference)
        let answers = (plan.isOneWay ? [] : details.responseOptions).map { option in
            let (text, prompt) = option.words(in: language)
            return ChannelMessage.Answer(
                number: option.number, text: text, prompt: prompt, url: link(to: option, plan, alert))
        }
        var message = ChannelMessage(
            id: plan.id, deviceType: plan.kindOfDevice, address: try address(plan, view), subject: words.subject,
            text: "", html: "")
        message.provider = plan.provider
        message.alertNumber = details.number
        message.priority = details.priority
        message.language = language
        message.answers = answers
        message.files = files
        message.senderOverrides = details.senderOverrides
        message.voicemail = details.voicemailOptions
        message.link = "\(publicURL)/alerts/\(details.number)"
        let content = MessageContent(
            words: words, details: details, answers: answers, files: files, conference: conference,
            phrases: AnswerPhrases(language: language), language: language,
            takesReplies: takesReplies && plan.kindOfDevice == .email)
        message.text = content.text(for: plan.kindOfDevice)
        message.html = content.html
        if [.textPhone, .textPager].contains(plan.kindOfDevice), let conference {
            message.note = conference.text(language: language, limit: Self.shortNoteLimit)
        }
        return message
    }

    private func link(to option: ResponseOption, _ plan: Notification.Plan, _ alert: AlertRow) -> String {
        let end = alert.createdAt.advanced(by: .seconds(alert.details.expirationInMinutes * 60))
        let link = ResponseLink(
            notification: plan.id, option: option.id, validUntil: end.advanced(by: Self.linkGrace))
        return "\(publicURL)/respond/\(link.token(key: linkKey()))"
    }

    /// With the addresses under which people find them.
    private func files(of alert: AlertRow) -> [ChannelMessage.File] {
        alert.details.attachments.map { attachment in
            if let id = attachment.uploadId {
                return ChannelMessage.File(
                    name: attachment.name, upload: id, url: "\(publicURL)/console/alerts/\(alert.id)/files/\(id)")
            }
            let isAddress = ["https://", "http://"].contains { attachment.path.lowercased().hasPrefix($0) }
            return ChannelMessage.File(name: attachment.name, url: isAddress ? attachment.path : "")
        }
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
