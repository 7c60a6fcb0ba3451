import AlertCore
import Crypto
import Foundation
import Persistence

/// Makes the message of a notification from the alert's form: the template's subject and body, and a link for each
/// answer.
struct MessageComposer: Sendable {
    /// How long after the alert's own time its links still lead to a page that explains.
    private static let linkGrace = Duration.seconds(7 * 86400)

    let database: any SQLDatabase
    let linkKey: @Sendable () -> SymmetricKey
    /// Without a slash at the end.
    let publicURL: String

    func compose(_ plan: Notification.Plan) async throws -> ChannelMessage {
        let alert = try await database.reading { try Alerts($0).get(plan.alert) }
        guard let alert else { throw ChannelError(reason: "the alert is no longer there", isPermanent: true) }
        let details = alert.details
        let links = details.responseOptions.map { option in (option, link(to: option, plan, alert)) }
        return ChannelMessage(
            id: plan.id, deviceType: Device.Kind(rawValue: plan.deviceType) ?? .email, address: plan.address,
            subject: details.subject,
            text: text(details, links), html: html(details, links))
    }

    private func link(to option: ResponseOption, _ plan: Notification.Plan, _ alert: AlertRow) -> String {
        let end = alert.createdAt.advanced(by: .seconds(alert.details.expirationInMinutes * 60))
        let link = ResponseLink(
            notification: plan.id, option: option.id, validUntil: end.advanced(by: Self.linkGrace))
        return "\(publicURL)/respond/\(link.token(key: linkKey()))"
    }

    private func text(_ details: AlertDetails, _ links: [(ResponseOption, String)]) -> String {
        var lines = [details.subject, ""]
        lines += details.properties.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.readable)" }
        if !links.isEmpty { lines += ["", "Answer:"] }
        lines += links.map { "  \($0.text): \($1)" }
        lines += ["", "Alert \(details.number), priority \(details.priority.rawValue)"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func html(_ details: AlertDetails, _ links: [(ResponseOption, String)]) -> String {
        let buttons = links.map { option, url in
            """
            <a href="\(url.escapedForHTML)" style="display:inline-block;margin:4px 8px 4px 0;padding:12px 20px;\
            background:#1f6feb;color:#fff;text-decoration:none;border-radius:6px">\(option.text.escapedForHTML)</a>
            """
        }
        return """
            <!doctype html><html><body style="font-family:sans-serif">
            \(details.body)
            <p>\(buttons.joined(separator: "\n"))</p>
            <p style="color:#666">Alert \(details.number), priority \(details.priority.rawValue)</p>
            </body></html>
            """
    }
}

extension String {
    var escapedForHTML: String {
        replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
