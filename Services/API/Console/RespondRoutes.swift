import AlertCore
import Answers
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
    let desk: AnswerDesk
    let secrets: SecretBox

    func add(to router: Router<Context>) {
        router.get("/respond/{token}") { _, context in
            let token = context.parameters.get("token") ?? ""
            return try await answering(token) { try await confirmation($0, token) }
        }
        router.post("/respond/{token}") { request, context in
            let form = try await ConsoleRoutes<Context>.form(of: request)
            return try await answering(context.parameters.get("token") ?? "") { try await record($0, form) }
        }
    }

    /// What a link is about.
    private struct Tap {
        let question: Question
        let option: ResponseOption

        /// When the answer was given that the link stands for, if it was.
        var givenAt: Timestamp? {
            let id = question.responseId(of: option.id)
            return question.given.first { $0.response.id == id }?.at
        }

        var details: AlertDetails { question.alert.details }
        var person: PersonReference { question.plan.recipient }
    }

    private func answering(
        _ token: String, _ handler: (Tap) async throws -> Response
    ) async throws -> Response {
        let link: ResponseLink
        do {
            link = try ResponseLink(token: token, keys: secrets.subkeys(for: "links"), now: services.now())
        } catch {
            return try refusal(error)
        }
        guard let question = try await desk.question(link.notification),
            let option = question.alert.details.responseOptions.first(where: { $0.id == link.option })
        else { return try refusal(.invalid) }
        return try await handler(Tap(question: question, option: option))
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
        /// How the conference is joined that the answer leads to.
        let conference: String?
        let link: String?
        let linkHost: String?
    }

    private func confirmation(_ tap: Tap, _ token: String) async throws -> Response {
        if let at = tap.givenAt { return try await alreadyRecorded(tap, at) }
        if let end = tap.question.end { return try ended(tap, end, status: .ok) }
        let (details, option) = (tap.details, tap.option)
        let state = StatusText(alert: tap.question.alert.status)
        let page = ConfirmationPage(
            token: token, number: String(details.number), subject: details.subject, status: state.text,
            statusClass: state.style, priority: details.priority.rawValue.capitalized,
            priorityClass: details.priority.rawValue.lowercased(),
            properties: details.properties.sorted { $0.key < $1.key }.map {
                NamedValue(name: $0.key, value: $0.value.readable)
            },
            option: option.text, description: option.description == option.text ? nil : option.description,
            allowsComment: option.allowComments, person: tap.person.displayName)
        // A form that leads to an answer that redirects elsewhere must be allowed to.
        let leadsAway = WebAddress.external(option.redirectUrl) != nil
        return try pages.page(
            page, with: "respond", for: nil, formTargets: leadsAway ? "'self' http: https:" : "'self'")
    }

    private func record(_ tap: Tap, _ form: QueryParameters) async throws -> Response {
        let text = (form["comment"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
            .prefix(ConsoleRoutes<Context>.commentLimit)
        let outcome = try await desk.give(
            tap.option, comment: text.isEmpty ? nil : String(text), to: tap.question, source: Self.source(tap))
        switch outcome {
        case .recorded: break
        case .repeated(let at): return try await alreadyRecorded(tap, at)
        case .late(let end): return try ended(tap, end, status: .conflict)
        }
        if let url = WebAddress.external(tap.option.redirectUrl) {
            var response = Response.redirect(to: url.absoluteString)
            for field in ConsolePages.securityHeaders(formTargets: "'self' http: https:") {
                response.headers[field.name] = field.value
            }
            return response
        }
        let conference = try await desk.joining(tap.option, tap.question)
        return try result(
            tap, .ok, tone: "good", mark: "✓", title: "Recorded: \(tap.option.text)",
            message: "Thank you, \(tap.person.displayName). You can close this page.", conference: conference,
            link: WebAddress.external(conference?.link))
    }

    /// A link in a mail is an answer by email; one in any other message, an answer on the web.
    private static func source(_ tap: Tap) -> String {
        let type = tap.question.plan.deviceType
        return type.isEmpty || type == Device.Kind.email.rawValue ? "EMAIL" : "WEB"
    }

    private func alreadyRecorded(_ tap: Tap, _ at: Timestamp) async throws -> Response {
        let time = TimeFormat(now: services.now(), timezone: "UTC").full(at)
        let conference = try await desk.joining(tap.option, tap.question)
        return try result(
            tap, .ok, tone: "good", mark: "✓", title: "Already recorded: \(tap.option.text)",
            message: "Your answer was recorded at \(time). There is nothing left to do.", conference: conference,
            link: WebAddress.external(tap.option.redirectUrl) ?? WebAddress.external(conference?.link))
    }

    private func ended(_ tap: Tap, _ end: Question.End, status: HTTPResponse.Status) throws -> Response {
        let given = status == .ok ? "" : " “\(tap.option.text)” was kept with the alert, and changes nothing."
        return try result(
            tap, status, tone: "plain", mark: "–", title: "The alert has ended",
            message: desk.ended(end, tap.question) + given, link: nil)
    }

    private func result(
        _ tap: Tap, _ status: HTTPResponse.Status, tone: String, mark: String, title: String, message: String,
        conference: ConferenceAccess? = nil, link url: URL?
    ) throws -> Response {
        let page = ResultPage(
            tone: tone, mark: mark, title: title, message: message, number: String(tap.details.number),
            subject: tap.details.subject, conference: conference?.text(language: tap.question.language),
            link: url?.absoluteString, linkHost: url?.host)
        return try pages.page(page, with: "responded", for: nil, status: status)
    }
}
