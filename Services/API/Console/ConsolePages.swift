import AlertCore
import HTTPTypes
import Hummingbird

/// Turns what a page shows into an answer for a browser.
struct ConsolePages: Sendable {
    /// The navigation's entries.
    enum Place {
        case alerts, onCall, people, groups, activity, workflows, more, deadLetters, me, elsewhere
    }

    let assets: ConsoleAssets

    /// - Parameters:
    ///   - session: Of whoever looks; `nil` for pages that need no sign-in.
    ///   - formTargets: Where a form of the page may lead: besides here, for a page that redirects elsewhere.
    func page(
        _ content: some Sendable, with template: String, for session: ConsoleSession?, at place: Place = .elsewhere,
        status: HTTPResponse.Status = .ok, formTargets: String = "'self'"
    ) throws -> Response {
        let html = try assets.render(shell(content, session, place), with: template)
        var headers = Self.securityHeaders(formTargets: formTargets)
        headers[.contentType] = "text/html; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    /// A part of a page, for a script to put in its place.
    func fragment(_ content: some Sendable, with template: String) throws -> String {
        try assets.render(shell(content, nil, .elsewhere), with: template)
    }

    /// An error in words.
    func problem(
        _ status: HTTPResponse.Status, title: String, message: String, session: ConsoleSession? = nil,
        hasHome: Bool = true
    ) throws -> Response {
        try page(
            Problem(code: status.code, title: title, message: message, hasHome: hasHome), with: "problem",
            for: session, status: status)
    }

    private func shell<Content>(_ content: Content, _ session: ConsoleSession?, _ place: Place) -> Shell<Content> {
        Shell(
            styleUrl: assets.url(of: "console.css"), moreStyleUrl: assets.url(of: "oncall.css"),
            scriptUrl: assets.url(of: "console.js"), formScriptUrl: assets.url(of: "forms.js"),
            pushScriptUrl: assets.url(of: "push.js"), iconUrl: assets.url(of: "icon.svg"),
            touchIconUrl: assets.url(of: "icon-192.png"),
            user: session.map { session in
                Shell.User(
                    name: session.person.displayName, csrf: session.csrf, isAlerts: place == .alerts,
                    isOnCall: place == .onCall, isPeople: place == .people, isGroups: place == .groups,
                    isActivity: place == .activity, isWorkflows: place == .workflows,
                    isMore: place == .more || place == .deadLetters, isMe: place == .me, isHeld: session.isHeld)
            }, page: content)
    }

    /// No page loads anything from elsewhere, is shown within another site, or is kept by a cache.
    static func securityHeaders(formTargets: String = "'self'") -> HTTPFields {
        let policy =
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
            + "manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            + "form-action \(formTargets)"
        return [
            .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff", .frameOptions: "DENY",
            .referrerPolicy: "no-referrer", .cacheControl: "no-store",
        ]
    }
}

/// What every page has around its content.
private struct Shell<Content> {
    struct User {
        let name: String
        let csrf: String
        let isAlerts: Bool
        let isOnCall: Bool
        let isPeople: Bool
        let isGroups: Bool
        let isActivity: Bool
        let isWorkflows: Bool
        let isMore: Bool
        let isMe: Bool
        /// Whether there is nowhere to go yet.
        let isHeld: Bool
    }

    let styleUrl: String
    let moreStyleUrl: String
    let scriptUrl: String
    let formScriptUrl: String
    let pushScriptUrl: String
    let iconUrl: String
    let touchIconUrl: String
    let user: User?
    let page: Content
}

private struct Problem {
    let code: Int
    let title: String
    let message: String
    let hasHome: Bool
}

extension HTTPField.Name {
    static let frameOptions = HTTPField.Name("X-Frame-Options")!  // a valid name
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!  // a valid name
}

extension Person {
    /// The full name; the target name of somebody who has none.
    var displayName: String { PersonReference(self).displayName }
}

extension PersonReference {
    /// The full name; the target name of somebody who has none.
    var displayName: String {
        let name = [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ")
        return name.isEmpty ? targetName : name
    }
}
