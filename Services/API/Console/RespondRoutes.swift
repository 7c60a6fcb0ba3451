import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// The links in notifications: one tap shows what is about to be answered, a second one answers. A look at the
/// page changes nothing, because mail scanners follow links.
///
/// The form needs no token against other sites' forms: its own address is the secret, and no cookie counts.
struct RespondRoutes<Context: RequestContext>: Sendable {
    let pages: ConsolePages
    let services: EventServices
    let secrets: SecretBox

    func add(to router: Router<Context>) {
        router.get("/respond/{token}") { _, context in
            let token = context.parameters.get("token") ?? ""
            return try await answering(token) { try confirmation($0, token) }
        }
        router.post("/respond/{token}") { request, context in
            let form = try await ConsoleRoutes<Context>.form(of: request)
            return try await answering(context.parameters.get("token") ?? "") { try await record($0, form) }
        }
    }

    /// What a link is about.
    private struct Question {
        let link: ResponseLink
        let plan: AlertCore.Notification.Plan
        let option: ResponseOption
        let row: AlertRow
        /// The answer that the link stands for, when it has been given.
        let given: RecordedResponse?
    }

    private func answering(
        _ token: String, _ handler: (Question) async throws -> Response
    ) async throws -> Response {
        let link: ResponseLink
        do {
            link = try ResponseLink(token: token, keys: secrets.subkeys(for: "links"), now: services.now())
        } catch {
            return try refusal(error)
        }
        let question = try await services.database.reading { connection -> Question? in
            guard let plan = try Notifications(connection).get([link.notification]).first?.plan,
                let row = try Alerts(connection).get(plan.alert),
                let option = row.details.responseOptions.first(where: { $0.id == link.option })
            else { return nil }
            let given = try AlertHistory(of: row, in: connection).responses.first {
                $0.response.id == link.responseId
            }
            return Question(link: link, plan: plan, option: option, row: row, given: given)
        }
        guard let question else { return try refusal(.invalid) }
        return try await handler(question)
    }

    private func refusal(_ failure: ResponseLink.Failure) throws -> Response {
        switch failure {
        case .invalid:
            try pages.problem(
                .notFound, title: "This link does not work",
                message:
                    "It may have been cut off by the mail program. Open the message again, or answer in another way.",
                hasHome: false)
        case .outdated:
            try pages.problem(
                .gone, title: "This link is too old", message: "Answers by this link were possible for a limited time.",
                hasHome: false)
        }
    }
}

// MARK: - Pages

extension RespondRoutes {
    private struct ConfirmationPage {
        let token: String
        let number: String
        let subject: String
        let status: String
        let statusClass: String
        let priority: String
        let priorityClass: String
        let properties: [NamedValue]
        let option: String
        /// `nil` when it says the same as the option.
        let description: String?
        let allowsComment: Bool
        let person: String
    }

    private struct ResultPage {
        let tone: String
        let mark: String
        let title: String
        let message: String
        let number: String
        let subject: String
        let link: String?
        let linkHost: String?
    }

    private func confirmation(_ question: Question, _ token: String) throws -> Response {
        if question.given != nil { return try alreadyRecorded(question) }
        if question.row.terminatedAt != nil { return try ended(question, status: .ok) }
        let details = question.row.details
        let state = StatusText(alert: question.row.status)
        let page = ConfirmationPage(
            token: token, number: String(details.number), subject: details.subject, status: state.text,
            statusClass: state.style, priority: details.priority.rawValue.capitalized,
            priorityClass: details.priority.rawValue.lowercased(),
            properties: details.properties.sorted { $0.key < $1.key }.map {
                NamedValue(name: $0.key, value: $0.value.readable)
            },
            option: question.option.text,
            description: question.option.description == question.option.text ? nil : question.option.description,
            allowsComment: question.option.allowComments, person: question.plan.recipient.displayName)
        // A form that leads to an answer that redirects elsewhere must be allowed to.
        let leadsAway = WebAddress.external(question.option.redirectUrl) != nil
        return try pages.page(
            page, with: "respond", for: nil, formTargets: leadsAway ? "'self' http: https:" : "'self'")
    }

    private func record(_ question: Question, _ form: QueryParameters) async throws -> Response {
        if question.given != nil { return try alreadyRecorded(question) }
        let text = (form["comment"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
            .prefix(ConsoleRoutes<Context>.commentLimit)
        let response = AlertResponse(
            id: question.link.responseId, by: question.plan.recipient, device: question.plan.device.name,
            option: question.option.id, comment: question.option.allowComments && !text.isEmpty ? String(text) : nil,
            source: "EMAIL")
        do {
            try await services.gateway.send(
                .respond(response), to: question.row.id, by: question.plan.recipient.targetName,
                correlation: question.plan.correlation)
        } catch let error as RestError where error.code == 409 {
            return try ended(question, status: .conflict)
        }
        if let url = WebAddress.external(question.option.redirectUrl) {
            var response = Response.redirect(to: url.absoluteString)
            for field in ConsolePages.securityHeaders(formTargets: "'self' http: https:") {
                response.headers[field.name] = field.value
            }
            return response
        }
        return try result(
            question, .ok, tone: "good", mark: "✓", title: "Recorded: \(question.option.text)",
            message: "Thank you, \(question.plan.recipient.displayName). You can close this page.")
    }

    private func alreadyRecorded(_ question: Question) throws -> Response {
        let time = question.given.map { TimeFormat(now: services.now(), timezone: "UTC").full($0.at) } ?? ""
        return try result(
            question, .ok, tone: "good", mark: "✓", title: "Already recorded: \(question.option.text)",
            message: "Your answer was recorded at \(time). There is nothing left to do.")
    }

    private func ended(_ question: Question, status: HTTPResponse.Status) throws -> Response {
        try result(
            question, status, tone: "plain", mark: "–", title: "The alert has ended",
            message: "Your answer “\(question.option.text)” was not recorded: it is no longer needed.")
    }

    private func result(
        _ question: Question, _ status: HTTPResponse.Status, tone: String, mark: String, title: String,
        message: String
    ) throws -> Response {
        let url = question.given == nil ? nil : WebAddress.external(question.option.redirectUrl)
        let page = ResultPage(
            tone: tone, mark: mark, title: title, message: message, number: String(question.row.details.number),
            subject: question.row.details.subject, link: url?.absoluteString, linkHost: url?.host)
        return try pages.page(page, with: "responded", for: nil, status: status)
    }
}
