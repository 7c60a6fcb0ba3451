import AlertCore
import Hummingbird
import Persistence

/// The list of inbound requests.
struct ActivitiesPage: Sendable {
    struct Row: Sendable {
        let requestId: String
        let shortId: String
        let integration: String
        let integrationId: String
        let status: String
        let statusClass: String
        let error: String?
        let alerts: [Alert]
        let received: TimeText
        let took: String
    }

    struct Alert: Sendable {
        let id: String
        let number: String
    }

    static let pageSize = 50

    /// The name of the one integration that is shown; `nil` for all.
    let integration: String?
    let rows: [Row]
    let hasRows: Bool
    let pager: Pager

    init(
        _ found: (total: Int, rows: [Activity]), integration: String?, offset: Int, format: TimeFormat,
        directory: DirectoryView
    ) {
        self.integration = integration.map { directory.integrations[$0]?.name ?? $0 }
        rows = found.rows.map { Self.row($0, format, directory) }
        hasRows = !rows.isEmpty
        pager = Pager(offset: offset, count: found.rows.count, limit: Self.pageSize, total: found.total) { offset in
            WebAddress.make(
                "/console/activity",
                [("integration", integration ?? ""), ("offset", offset == 0 ? "" : String(offset))])
        }
    }

    private static func row(_ activity: Activity, _ format: TimeFormat, _ directory: DirectoryView) -> Row {
        let state = StatusText(activity.status)
        return Row(
            requestId: activity.requestId, shortId: String(activity.requestId.prefix(13)),
            integration: directory.integrations[activity.integration]?.name ?? activity.integration,
            integrationId: activity.integration, status: state.text, statusClass: state.style,
            error: activity.problem.map { String($0.message.prefix(120)) },
            alerts: activity.alerts.map { Alert(id: $0.id, number: String($0.number)) },
            received: format.text(activity.receivedAt),
            took: activity.status == .running ? "" : Duration.milliseconds(activity.durationMilliseconds).readable)
    }
}

/// One inbound request with what came of it.
struct ActivityPage: Sendable {
    struct Problem: Sendable {
        let kind: String
        let message: String
        /// "line 4, column 7".
        let place: String?
        let source: [Line]
        let hasSource: Bool
    }

    /// A line of the script.
    struct Line: Sendable {
        let number: String
        let text: String
        let isCulprit: Bool
    }

    /// Lines of the script that are shown before and after the one with the error.
    private static let surroundings = 4

    let requestId: String
    let integration: String
    let status: String
    let statusClass: String
    let method: String
    let by: String
    let remoteAddress: String
    let receivedAt: String
    let took: String
    let alerts: [ActivitiesPage.Alert]
    let log: String?
    let headers: [NamedValue]
    let parameters: [NamedValue]
    let body: String?
    let problem: Problem?

    init(_ activity: Activity, format: TimeFormat, directory: DirectoryView) {
        let state = StatusText(activity.status)
        let configured = directory.integrations[activity.integration]
        requestId = activity.requestId
        integration = configured?.name ?? activity.integration
        (status, statusClass) = (state.text, state.style)
        method = activity.method
        by = activity.by
        remoteAddress = activity.remoteAddress
        receivedAt = format.full(activity.receivedAt)
        took = Duration.milliseconds(activity.durationMilliseconds).readable
        alerts = activity.alerts.map { ActivitiesPage.Alert(id: $0.id, number: String($0.number)) }
        log = activity.log.isEmpty ? nil : activity.log
        headers = Self.sorted(activity.headers)
        parameters = Self.sorted(activity.parameters)
        body = activity.body.isEmpty ? nil : activity.body
        problem = activity.problem.map { Self.problem($0, script: configured?.script) }
    }

    private static func sorted(_ values: [String: String]) -> [NamedValue] {
        values.sorted { $0.key < $1.key }.map { NamedValue(name: $0.key, value: $0.value) }
    }

    private static func problem(_ problem: Activity.Problem, script: String?) -> Problem {
        let column = problem.column.map { ", column \($0)" } ?? ""
        let source = problem.line.map { excerpt(of: script ?? "", around: $0) } ?? []
        return Problem(
            kind: problem.kind, message: problem.message, place: problem.line.map { "line \($0)\(column)" },
            source: source, hasSource: !source.isEmpty)
    }

    private static func excerpt(of script: String, around line: Int) -> [Line] {
        let lines = script.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard lines.indices.contains(line - 1) else { return [] }
        let shown = max(1, line - surroundings)...min(lines.count, line + surroundings)
        return shown.map { Line(number: String($0), text: String(lines[$0 - 1].prefix(500)), isCulprit: $0 == line) }
    }
}

/// Messages that could not be understood.
struct DeadLettersPage: Sendable {
    struct Letter: Sendable {
        let topic: String
        let partition: String
        let offset: String
        let key: String
        let reason: String
        let at: String
        let body: String
    }

    static let pageSize = 200

    let limit = DeadLettersPage.pageSize
    let letters: [Letter]

    init(_ letters: [DeadLetter], format: TimeFormat) {
        self.letters = letters.map { letter in
            Letter(
                topic: letter.topic, partition: String(letter.partition), offset: String(letter.offset),
                key: letter.key, reason: letter.reason, at: format.full(letter.recordedAt), body: letter.body)
        }
    }
}

// MARK: - Routes

extension ConsoleRoutes {
    func addActivity(to router: Router<Context>) {
        get("/console/activity", to: router) { request, _, session in try await activities(request, session) }
        get("/console/activity/{request}", to: router) { _, context, session in
            let id = parameter("request", context).lowercased()
            let activity = try await services.database.reading { connection in try Activities(connection).get(id) }
            guard let activity else { throw RestError.notFound("There is no request \(id), or not yet.") }
            let page = ActivityPage(
                activity, format: format(for: session), directory: try await services.cache.current())
            return try pages.page(page, with: "activity", for: session, at: .activity)
        }
        get("/console/dead-letters", to: router) { _, _, session in
            let letters = try await services.database.reading { connection in
                try DeadLetters(connection).all(limit: DeadLettersPage.pageSize)
            }
            let page = DeadLettersPage(letters, format: format(for: session))
            return try pages.page(page, with: "dead-letters", for: session, at: .deadLetters)
        }
    }

    private func activities(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let parameters = QueryParameters(request.uri.query ?? "")
        let offset = try parameters.paging().offset
        let integration = (parameters.list("integration") ?? []).first?.lowercased()
        let found = try await services.database.reading { connection in
            try Activities(connection).list(
                integration: integration, offset: offset, limit: ActivitiesPage.pageSize)
        }
        let page = ActivitiesPage(
            found, integration: integration, offset: offset, format: format(for: session),
            directory: try await services.cache.current())
        return try pages.page(page, with: "activities", for: session, at: .activity)
    }
}
