import AlertCore
import Foundation
import Hummingbird
import Persistence

/// The event log, searched.
struct AuditPage: Sendable {
    struct Line: Sendable {
        let href: String
        let at: TimeText
        let kind: String
        let actor: String
        let alert: String
        let summary: String
    }

    struct Pager: Sendable {
        let first: Int
        let last: Int
        let total: Int
        let previous: String?
        let next: String?
    }

    static let path = "/console/audit"
    static let pageSize = 50

    let query: String
    /// What is wrong with the query.
    let problem: String?
    let lines: [Line]
    let pager: Pager?
    let total: Int
    /// Whether the newest events are still missing.
    let isBehind: Bool
    let examples = [
        "kind:config actor:admin", "alert:100001", "person:mary from:2026-01-01 to:2026-02-01",
        "kind:delivery outcome:exhausted,503", "workflow:\"Major Incident\" kind:alert.responded",
    ].map { NamedValue(name: "", value: $0, href: WebAddress.make(AuditPage.path, [("query", $0)])) }

    init(query: String, problem: String) {
        (self.query, self.problem) = (query, problem)
        (lines, pager, total, isBehind) = ([], nil, 0, false)
    }

    /// - Parameter answer: Of the API.
    init(query: String, _ answer: JSONValue, offset: Int, _ format: TimeFormat) {
        self.query = query
        problem = nil
        total = Int(answer["total"]?.integer ?? 0)
        isBehind = answer["isComplete"]?.bool == false
        lines = (answer["data"]?.array ?? []).map { row in
            Line(
                href: "\(Self.path)/\(row["sequence"]?.integer ?? 0)",
                at: format.text(Timestamp(iso: row["at"]?.string ?? "") ?? Timestamp(milliseconds: 0)),
                kind: row["kind"]?.string ?? "", actor: row["actor"]?["name"]?.string ?? "",
                alert: row["alert"]?["eventId"]?.string ?? "", summary: row["summary"]?.string ?? "")
        }
        let asOf = String(answer["asOf"]?.integer ?? 0)
        let address = { (offset: Int) in
            WebAddress.make(Self.path, [("query", query), ("asOf", asOf), ("offset", String(offset))])
        }
        pager =
            lines.isEmpty
            ? nil
            : Pager(
                first: offset + 1, last: offset + lines.count, total: total,
                previous: offset > 0 ? address(max(0, offset - Self.pageSize)) : nil,
                next: offset + lines.count < total ? address(offset + Self.pageSize) : nil)
    }
}

/// One event of the log: what it says, what was before and after, what led to it and where it led.
struct AuditEventPage: Sendable {
    struct Change: Sendable {
        let field: String
        let before: String
        let after: String
    }

    struct Step: Sendable {
        let kind: String
        let summary: String
        let href: String
        let isThis: Bool
    }

    let sequence: String
    let kind: String
    let summary: String
    let facts: [NamedValue]
    let changes: [Change]
    let path: [Step]
    let consequences: [Step]
    let hasChanges: Bool
    let hasConsequences: Bool
    let data: String

    /// - Parameters:
    ///   - event: As the API answers it.
    ///   - chain: Likewise, of its request.
    init(_ event: JSONValue, chain: JSONValue) throws {
        sequence = String(event["sequence"]?.integer ?? 0)
        kind = event["kind"]?.string ?? ""
        summary = event["summary"]?.string ?? ""
        facts = [
            ("Recorded", event["at"]), ("By", event["actor"]?["name"]), ("Place in the log", event["id"]),
            ("Stream", event["stream"]), ("Request", event["request"]), ("Cause", event["cause"]),
            ("Hash", event["hash"]),
        ].map { NamedValue(name: $0, value: $1?.readable ?? "") }
        let content = event["data"]
        changes = try Self.changes(content?["before"], content?["after"])
        data = try Self.indented(content)
        let rows = chain["events"]?.array ?? []
        let id = event["id"]?.string
        let steps = { (name: String) in
            Set((chain[name]?.array ?? []).compactMap(\.string))
        }
        let step = { (row: JSONValue) in
            Step(
                kind: row["kind"]?.string ?? "", summary: row["summary"]?.string ?? "",
                href: "\(AuditPage.path)/\(row["sequence"]?.integer ?? 0)", isThis: row["id"]?.string == id)
        }
        let (before, after) = (steps("path"), steps("consequences"))
        path = rows.filter { before.contains($0["id"]?.string ?? "") }.map(step)
        consequences = rows.filter { after.contains($0["id"]?.string ?? "") && $0["id"]?.string != id }.map(step)
        hasChanges = !changes.isEmpty
        hasConsequences = !consequences.isEmpty
    }

    private static func changes(_ before: JSONValue?, _ after: JSONValue?) throws -> [Change] {
        try AuditSummary.fields(before, after).map { field in
            Change(field: field, before: try text(before?[field]), after: try text(after?[field]))
        }
    }

    private static func text(_ value: JSONValue?) throws -> String {
        switch value {
        case .array, .object: try JSON.encode(value)
        default: value?.readable ?? ""
        }
    }

    private static func indented(_ value: JSONValue?) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value ?? .null), as: UTF8.self)
    }
}

// The pages of the event log.
extension ConsoleRoutes {
    func addAudit(to router: Router<Context>) {
        get("/console/audit", to: router) { request, _, session in
            let parameters = QueryParameters(request.uri.query ?? "")
            let query = parameters["query"] ?? ""
            let offset = max(0, Int(parameters["offset"] ?? "") ?? 0)
            let asked =
                [("query", query), ("offset", String(offset)), ("limit", String(AuditPage.pageSize))]
                + (parameters["asOf"].map { [("asOf", $0)] } ?? [])
            do {
                let address = WebAddress.make("", asked)
                let answer = try await rest.call(
                    .get, "audit", query: QueryParameters(String(address.dropFirst())), by: session.caller)
                let page = AuditPage(
                    query: query, answer.body ?? .null, offset: offset, format(for: session))
                return try pages.page(page, with: "audit", for: session, at: .more)
            } catch let error as RestError where error.code == 400 {
                let page = AuditPage(query: query, problem: error.message)
                return try pages.page(page, with: "audit", for: session, at: .more)
            }
        }
        get("/console/audit/{sequence}", to: router) { _, context, session in
            let sequence = parameter("sequence", context)
            let event = try await rest.call(.get, "audit/{sequence}", ["sequence": sequence], by: session.caller)
            let chain = try await rest.call(
                .get, "audit/chain", query: QueryParameters("of=event:\(sequence)"), by: session.caller)
            let page = try AuditEventPage(event.body ?? .null, chain: chain.body ?? .null)
            return try pages.page(page, with: "audit-event", for: session, at: .more)
        }
    }
}
