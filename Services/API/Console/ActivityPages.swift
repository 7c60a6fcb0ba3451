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
        /// "Dry run"; `nil` for a request that came from outside.
        let attempt: String?
        let error: String?
        let alerts: [RunView.Alert]
        let received: TimeText
        let took: String

        init(_ activity: Activity, _ format: TimeFormat, _ directory: DirectoryView) {
            let state = StatusText(activity.status)
            requestId = activity.requestId
            shortId = String(activity.requestId.prefix(13))
            integration = directory.integrations[activity.integration]?.name ?? activity.integration
            integrationId = activity.integration
            (status, statusClass) = (state.text, state.style)
            attempt = activity.run?.attempt.title
            error = activity.problem.map { String($0.message.prefix(120)) }
            alerts = activity.alerts.map { RunView.Alert(id: $0.id, number: String($0.number)) }
            received = format.text(activity.receivedAt)
            took = activity.status == .running ? "" : Duration.milliseconds(activity.durationMilliseconds).readable
        }
    }

    struct Tab: Sendable {
        let name: String
        let href: String
        let isCurrent: Bool
    }

    static let pageSize = 50
    private static let tabs: [(String, Activity.Status?)] = [
        ("All", nil), ("Failed", .failed), ("Completed", .completed), ("Suppressed", .suppressed),
        ("Running", .running),
    ]

    /// The one integration that is shown; `nil` for all.
    let integration: NamedValue?
    let tabs: [Tab]
    let rows: [Row]
    let hasRows: Bool
    let pager: Pager

    init(
        _ found: (total: Int, rows: [Activity]), integration: String?, status: Activity.Status?, offset: Int,
        format: TimeFormat, directory: DirectoryView
    ) {
        self.integration = integration.map {
            NamedValue(name: $0, value: directory.integrations[$0]?.name ?? $0, href: "/console/integrations/\($0)")
        }
        tabs = Self.tabs.map { name, value in
            Tab(name: name, href: Self.address(integration, value, offset: 0), isCurrent: value == status)
        }
        rows = found.rows.map { Row($0, format, directory) }
        hasRows = !rows.isEmpty
        pager = Pager(offset: offset, count: found.rows.count, limit: Self.pageSize, total: found.total) { offset in
            Self.address(integration, status, offset: offset)
        }
    }

    private static func address(_ integration: String?, _ status: Activity.Status?, offset: Int) -> String {
        WebAddress.make(
            "/console/activity",
            [
                ("integration", integration ?? ""), ("status", status?.rawValue ?? ""),
                ("offset", offset == 0 ? "" : String(offset)),
            ])
    }
}

/// One inbound request with what came of it.
struct ActivityPage: Sendable {
    struct Rerun: Sendable {
        let csrf: String
        let versions: [Choice]
        let hasVersions: Bool
        let isDry: Bool
    }

    let requestId: String
    let integration: String
    let integrationHref: String?
    let status: String
    let statusClass: String
    let isRunning: Bool
    let method: String
    let by: String
    let remoteAddress: String
    let receivedAt: String
    let took: String
    /// "Dry run by ada", where it did not come from outside.
    let attempt: String?
    let rerunOf: String?
    /// The rule that kept it from being run.
    let suppression: String?
    let script: NamedValue?
    let libraries: [NamedValue]
    let hasLibraries: Bool
    let headers: [NamedValue]
    let parameters: [NamedValue]
    let body: String?
    let run: RunView
    let reruns: [ActivitiesPage.Row]
    let hasReruns: Bool
    /// `nil` for somebody who may not configure, or when the integration is gone.
    let rerun: Rerun?
    var warning: String?

    init(_ look: ActivityLook, for session: ConsoleSession, format: TimeFormat, directory: DirectoryView) {
        let activity = look.activity
        let state = StatusText(activity.status)
        let configured = directory.integrations[activity.integration]
        requestId = activity.requestId
        integration = configured?.name ?? activity.integration
        integrationHref = configured.map { "/console/integrations/\($0.id)" }
        (status, statusClass) = (state.text, state.style)
        isRunning = activity.status == .running
        method = activity.method
        by = activity.by
        remoteAddress = activity.remoteAddress
        receivedAt = format.full(activity.receivedAt)
        took = Duration.milliseconds(activity.durationMilliseconds).readable
        attempt = activity.run.map { "\($0.attempt.title) by \($0.by)" }
        rerunOf = activity.run?.rerunOf
        suppression = activity.suppression.map { "\($0.rule), until \(format.full($0.until))" }
        script = activity.script.map { Self.named($0, activity.integration) }
        libraries = activity.libraries.map { Self.named($0, activity.integration) }
        hasLibraries = !libraries.isEmpty
        headers = Self.sorted(activity.headers)
        parameters = Self.sorted(activity.parameters)
        body = activity.body.isEmpty ? nil : activity.body
        run = RunView(activity, script: look.script)
        reruns = look.reruns.map { ActivitiesPage.Row($0, format, directory) }
        hasReruns = !reruns.isEmpty
        rerun =
            configured == nil || !session.caller.may(.writeConfiguration)
            ? nil
            : Rerun(
                csrf: session.csrf, versions: Self.versions(look), hasVersions: !look.versions.isEmpty,
                isDry: activity.run?.attempt == .dryRun)
    }

    private static func named(_ script: Activity.UsedScript, _ integration: String) -> NamedValue {
        let version = script.version.map { "version \($0)" } ?? "not saved"
        let isOwn = script.owner == Integration.kind && script.version != nil
        return NamedValue(
            name: script.name, value: version,
            href: isOwn ? "/console/integrations/\(integration)/versions/\(script.version ?? 1)" : nil)
    }

    private static func versions(_ look: ActivityLook) -> [Choice] {
        look.versions.enumerated().map { index, version in
            let ran = version.number == look.activity.script?.version ? ", ran here" : ""
            let present = index == 0 ? ", present" : ""
            return Choice(
                value: String(version.number),
                text: "Version \(version.number)\(present)\(ran)",
                isChosen: index == 0)
        }
    }

    private static func sorted(_ values: [String: String]) -> [NamedValue] {
        values.sorted { $0.key < $1.key }.map { NamedValue(name: $0.key, value: $0.value) }
    }
}

/// What the page of one request is made from.
struct ActivityLook: Sendable {
    /// How many versions and further runs the page offers.
    private static let limit = 20

    let activity: Activity
    /// The text that ran.
    let script: String?
    /// Newest first.
    let versions: [ScriptVersion]
    let reruns: [Activity]

    /// - Throws: 404.
    init(_ requestId: String, _ directory: DirectoryView, in connection: any SQLConnection) throws {
        guard let activity = try Activities(connection).get(requestId) else {
            throw RestError.notFound("There is no request \(requestId), or not yet, or not any more.")
        }
        self.activity = activity
        reruns = try Activities(connection)
            .list(Activities.Filter(rerunOf: requestId), offset: 0, limit: Self.limit).rows
        guard let integration = directory.integrations[activity.integration] else {
            script = nil
            versions = []
            return
        }
        let history = ScriptHistory(of: integration, in: directory, connection)
        versions = try history.list(offset: 0, limit: Self.limit).rows
        if activity.script == nil {
            // Recorded before versions were: the present text is the best there is.
            script = try history.present.flatMap { try history.get($0)?.script }
        } else if let number = activity.script?.version {
            script = try history.get(number)?.script
        } else {
            script = try ScriptDrafts(connection).get(activity.requestId)
        }
    }
}

/// An entry of a list to choose from.
struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
}
