import AlertCore
import Hummingbird
import Persistence

/// The texts that an integration's script has had, with the difference between two of them.
struct VersionsPage: Sendable {
    struct Row: Sendable {
        let number: String
        let author: String
        let created: TimeText
        let size: String
        let shortHash: String
        let isPresent: Bool
        /// Whether the difference that is shown begins, or ends, with it.
        let isFrom: Bool
        let isTo: Bool
    }

    struct Hunk: Sendable {
        let title: String
        let lines: [Line]
    }

    struct Line: Sendable {
        let oldNumber: String
        let newNumber: String
        let mark: String
        let text: String
        let style: String
    }

    static let pageSize = 100

    let id: String
    let name: String
    let planId: String
    let plan: String
    let csrf: String
    let mayConfigure: Bool
    let rows: [Row]
    let from: String?
    let to: String?
    let hunks: [Hunk]
    let isSame: Bool

    init(
        _ integration: Integration, of plan: Plan, _ versions: [ScriptVersion], present: Int?,
        difference: (from: Int, to: Int, TextDifference)?, for session: ConsoleSession, _ format: TimeFormat
    ) {
        id = integration.id
        name = integration.name
        planId = plan.id
        self.plan = plan.name
        csrf = session.csrf
        // A step's script is changed with its flow.
        mayConfigure = session.caller.may(.writeConfiguration) && integration.scriptStep == nil
        rows = versions.map { version in
            Row(
                number: String(version.number), author: version.author.isEmpty ? "unknown" : version.author,
                created: format.text(version.createdAt), size: "\(version.size) bytes",
                shortHash: String(version.hash.prefix(10)), isPresent: version.number == present,
                isFrom: version.number == difference?.from, isTo: version.number == difference?.to)
        }
        from = difference.map { String($0.from) }
        to = difference.map { String($0.to) }
        hunks = (difference?.2.hunks ?? []).map { hunk in
            Hunk(title: hunk.title, lines: hunk.lines.map(Self.line))
        }
        isSame = hunks.isEmpty
    }

    private static func line(_ line: TextDifference.Line) -> Line {
        let style =
            switch line.kind {
            case .same: ""
            case .added: "added"
            case .removed: "removed"
            }
        return Line(
            oldNumber: line.oldNumber.map(String.init) ?? "", newNumber: line.newNumber.map(String.init) ?? "",
            mark: line.mark, text: line.text, style: style)
    }
}

/// One text.
struct VersionPage: Sendable {
    let id: String
    let name: String
    let number: String
    let author: String
    let created: String
    let csrf: String
    let mayRestore: Bool
    let lines: [RunView.Line]
}

// MARK: - Routes

extension ConsoleRoutes {
    func addVersions(to router: Router<Context>) {
        get("/console/integrations/{integration}/versions", to: router) { request, context, session in
            let (integration, plan, directory) = try await inbound(parameter("integration", context))
            let query = QueryParameters(request.uri.query ?? "")
            let page = try await services.database.reading { connection in
                let history = ScriptHistory(of: integration, in: directory, connection)
                let versions = try history.list(offset: 0, limit: VersionsPage.pageSize).rows
                let newest = versions.first?.number
                let to = query["to"].flatMap { Int($0) } ?? newest
                let from = query["from"].flatMap { Int($0) } ?? to.map { max(1, $0 - 1) }
                var difference: (Int, Int, TextDifference)?
                if let from, let to, from != to || query["from"] != nil {
                    guard let old = try history.get(from), let new = try history.get(to) else {
                        throw RestError.notFound("There is no such version.")
                    }
                    difference = (from, to, TextDifference(from: old.script, to: new.script))
                }
                return VersionsPage(
                    integration, of: plan, versions, present: history.present, difference: difference, for: session,
                    format(for: session))
            }
            return try pages.page(page, with: "versions", for: session, at: .workflows)
        }
        get("/console/integrations/{integration}/versions/{number}", to: router) { _, context, session in
            let (integration, _, directory) = try await inbound(parameter("integration", context))
            let wanted = parameter("number", context)
            let page = try await services.database.reading { connection in
                let history = ScriptHistory(of: integration, in: directory, connection)
                guard let number = Int(wanted), let found = try history.get(number) else {
                    throw RestError.notFound("There is no version \(wanted) of the script.")
                }
                let lines = found.script.split(omittingEmptySubsequences: false) { $0.isNewline }
                return VersionPage(
                    id: integration.id, name: integration.name, number: String(number),
                    author: found.version.author.isEmpty ? "unknown" : found.version.author,
                    created: format(for: session).full(found.version.createdAt), csrf: session.csrf,
                    mayRestore: session.caller.may(.writeConfiguration) && integration.scriptStep == nil
                        && number != history.present,
                    lines: lines.enumerated().map {
                        RunView.Line(number: String($0 + 1), text: String($1), isCulprit: false)
                    })
            }
            return try pages.page(page, with: "version", for: session, at: .workflows)
        }
        post("/console/integrations/{integration}/versions/{number}/restore", to: router) { _, context, session, _ in
            let (integration, plan, _) = try await inbound(parameter("integration", context))
            let number = JSONValue.whole(Int(parameter("number", context)) ?? 0)
            _ = try await rest.call(
                .post, "plans/{plan}/integrations/{integration}/script-versions",
                ["plan": plan.id, "integration": integration.id], body: ["restore": number], by: session.caller)
            return Response.redirect(to: "/console/integrations/\(integration.id)?saved=true")
        }
    }
}
