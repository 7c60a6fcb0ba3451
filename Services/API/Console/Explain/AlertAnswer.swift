import AlertCore
import Foundation
import Persistence

/// The answers that somebody who looks at an alert can give to it there.
struct AlertAnswers: Sendable {
    struct Option: Sendable {
        let id: String
        let text: String
        let isGiven: Bool
    }

    let alert: String
    let csrf: String
    let options: [Option]
    let allowsComment: Bool

    /// `nil` for an alert that has ended or asks nothing, and for somebody who may not answer.
    init?(_ history: AlertHistory, for session: ConsoleSession) {
        let row = history.row
        let wasAsked = history.notice(to: session.person) != nil
        guard row.terminatedAt == nil, !row.details.responseOptions.isEmpty,
            wasAsked || session.caller.mayHandleAlerts
        else { return nil }
        let given = Set(history.responses.filter { $0.response.by.id == session.person.id }.map(\.response.option))
        alert = row.id
        csrf = session.csrf
        options = row.details.responseOptions.map { Option(id: $0.id, text: $0.text, isGiven: given.contains($0.id)) }
        allowsComment = row.details.responseOptions.contains(where: \.allowComments)
    }
}

extension AlertHistory {
    /// The newest notification to a person.
    fileprivate func notice(to person: Person) -> AlertCore.Notification.Plan? {
        notifications.last { $0.plan.recipient.id == person.id }?.plan
    }
}

extension EventServices {
    /// An answer given in the console. One that the person has given by a link, too, is recorded once.
    /// - Throws: 400 for an option that the alert does not have, 403, 409 for an alert that has ended.
    func answer(_ option: String, comment: String?, on row: AlertRow, by session: ConsoleSession) async throws {
        guard let chosen = row.details.responseOptions.first(where: { $0.id == option }) else {
            throw RestError.invalidValue("option", "the alert has no such answer.")
        }
        let notice = try await history(row.id).notice(to: session.person)
        if notice == nil { try session.caller.requireHandlingAlerts() }
        let text = comment?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        let response = AlertResponse(
            id: DerivedID.uuid("response", notice?.id ?? "\(row.id) \(session.person.id)", chosen.id),
            by: PersonReference(session.person), device: notice?.device.name ?? "Console", option: chosen.id,
            comment: chosen.allowComments && !text.isEmpty
                ? String(text.prefix(Self.commentLimit / 2)) : nil, source: "WEB")
        try await gateway.send(
            .respond(response), to: row.id, by: session.person.targetName, correlation: row.details.requestId)
    }
}
