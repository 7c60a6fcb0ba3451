import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence
import ServiceLifecycle

/// Keeps pages of alerts up to date by Server-Sent Events: whenever something has happened, the parts of the page
/// are sent anew.
final class LiveAlerts: @unchecked Sendable {  // `open` is touched under `lock` only
    /// Pages that are looked at together; past that, a page is not live but works.
    private static let limit = 500
    private static let interval = Duration.milliseconds(500)
    /// A page pauses this many times as long as it takes to make: a long one costs little, too.
    private static let pauseFactor = 10
    /// Says so when nothing happens, which shows whether somebody is still there.
    private static let heartbeat = Duration.seconds(15)
    /// Browsers connect again by themselves.
    private static let longest = Duration.seconds(600)

    private let services: EventServices
    private let pages: ConsolePages
    private let rest: InternalREST
    private let lock = NSLock()
    private var open = 0

    init(services: EventServices, pages: ConsolePages, rest: InternalREST) {
        self.services = services
        self.pages = pages
        self.rest = rest
    }

    /// - Throws: 404 for an alert that is not there; 503 when too many pages are open.
    func stream(of idOrNumber: String, for session: ConsoleSession) async throws -> Response {
        let id = try await services.alert(idOrNumber).id
        guard enter() else {
            throw RestError(503, "Too many pages are open at present.", headers: ["Retry-After": "30"])
        }
        var headers = ConsolePages.securityHeaders()
        headers[.contentType] = "text/event-stream"
        let body = ResponseBody { [self] writer in
            defer { leave() }
            try await follow(id, for: session, writer: &writer)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Ends when the server stops, when the session does, or after a while.
    private func follow(_ id: String, for session: ConsoleSession, writer: inout any ResponseBodyWriter) async throws {
        let began = ContinuousClock.now
        var wroteAt = began
        var shown: AlertRevision?
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        while !Task.isShuttingDownGracefully, services.now() < session.expiresAt,
            began.duration(to: .now) < Self.longest
        {
            var pause = Self.interval
            let revision = try await services.database.reading { connection in
                try AlertRevision(of: id, in: connection)
            }
            if revision != shown {
                let madeFrom = ContinuousClock.now
                try await writer.write(ByteBuffer(string: message(try await fragment(id, session))))
                pause = max(pause, madeFrom.duration(to: .now) * Self.pauseFactor)
                (shown, wroteAt) = (revision, .now)
            } else if wroteAt.duration(to: .now) > Self.heartbeat {
                try await writer.write(ByteBuffer(string: ": nothing new\n\n"))
                wroteAt = .now
            }
            try await Task.sleep(for: pause)
        }
    }

    private func fragment(_ id: String, _ session: ConsoleSession) async throws -> String {
        try pages.fragment(try await page(of: id, for: session), with: "alert-live")
    }

    /// - Throws: 404.
    func page(of id: String, for session: ConsoleSession) async throws -> AlertPage {
        let history = try await services.history(id, includingNotes: true)
        let format = TimeFormat(now: services.now(), timezone: session.person.timezone)
        let directory = try await services.cache.current()
        var page = AlertPage(history, for: session, format, directory)
        page.show(try await services.why(history.row), format)
        let answer = try await rest.call(
            .get, "events/{event}/explain", ["event": history.row.id], by: session.caller)
        if let body = answer.body {
            var explained = ExplainView(body, begin: history.row.createdAt, directory, format: format)
            explained.coming = ComingStep.all(
                try await services.explanation(of: history.row), directory, format: format)
            explained.hasComing = !explained.coming.isEmpty
            page.explained = explained
        }
        return page
    }

    private func message(_ html: String) -> String {
        let lines = html.split(omittingEmptySubsequences: false) { $0.isNewline }.map { "data: \($0)" }
        return "event: alert\n\(lines.joined(separator: "\n"))\n\n"
    }

    private func enter() -> Bool {
        lock.withLock {
            guard open < Self.limit else { return false }
            open += 1
            return true
        }
    }

    private func leave() { lock.withLock { open -= 1 } }
}
