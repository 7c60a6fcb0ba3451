import AlertCore
import HTTPTypes
import Hummingbird
import Persistence

// What the self-audit finds, and what it has said.
extension ConsoleRoutes {
    func addSelfAudit(to router: Router<Context>) {
        get("/console/self-audit", to: router) { _, _, session in
            let format = format(for: session)
            let page = try await services.database.reading { connection in
                try SelfAuditPage(SelfAuditStore(connection), format: format)
            }
            return try pages.page(page, with: "self-audit", for: session)
        }
    }
}

/// The findings that last, and the newest notices.
struct SelfAuditPage: Sendable {
    private static let pageSize = 50

    struct Finding: Sendable {
        let kind: String
        let rule: String
        let count: String
        let detail: String
        let oldest: String
        let since: String
    }

    struct Notice: Sendable {
        let at: String
        let summary: String
        let deliveries: [NamedValue]
    }

    /// `nil` before the first check.
    let checked: String?
    let findings: [Finding]
    let notices: [Notice]
    let limit = pageSize

    init(_ store: SelfAuditStore, format: TimeFormat) throws {
        let state = try store.load().state
        checked = state.checkedAt.map(format.full)
        findings = state.findings.map { finding in
            Finding(
                kind: finding.kind.rawValue, rule: finding.kind.rule, count: String(finding.count),
                detail: finding.detail, oldest: format.full(finding.oldest), since: format.full(finding.since))
        }
        let found = try store.notices(offset: 0, limit: Self.pageSize).notices
        let deliveries = Dictionary(grouping: try store.deliveries(of: found.map(\.id)), by: \.notice)
        notices = found.map { notice in
            Notice(
                at: format.full(notice.at), summary: notice.subject,
                deliveries: (deliveries[notice.id] ?? []).map { delivery in
                    let attempts = delivery.attempts > 1 ? ", attempt \(delivery.attempts)" : ""
                    let detail = delivery.detail.isEmpty ? "" : ": \(delivery.detail)"
                    return NamedValue(
                        name: delivery.target, value: delivery.status.rawValue.capitalized + attempts + detail)
                })
        }
    }
}
