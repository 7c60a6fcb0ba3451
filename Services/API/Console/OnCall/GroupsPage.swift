import AlertCore
import Persistence

/// The list of groups.
struct GroupsPage: Sendable {
    struct Row: Sendable {
        let href: String
        let name: String
        let kind: String
        let description: String?
        let isInactive: Bool
        let members: String
        /// Who is notified first now.
        let first: String?
        /// Whether nobody is, of a group that should have somebody.
        let isUncovered: Bool
    }

    static let pageSize = 50
    private static let filters = ["search", "groupType", "status"]

    let search: String
    let kinds: [Choice]
    let statuses: [Choice]
    let rows: [Row]
    let isEmpty: Bool
    let isFiltered: Bool
    let pager: Pager
    let mayAdd: Bool
    var problem: String?

    init(
        _ ids: [String], total: Int, query: QueryParameters, _ directory: DirectoryView, for session: ConsoleSession,
        now: Timestamp
    ) {
        let offset = query["offset"].flatMap(Int.init) ?? 0
        let chosen = { (name: String) in query[name] ?? "" }
        search = chosen("search")
        kinds = Self.choices(
            chosen("groupType"), "Any kind", Group.Kind.allCases.map { ($0.rawValue, $0.title) })
        statuses = Self.choices(chosen("status"), "Any status", [("ACTIVE", "Active"), ("INACTIVE", "Inactive")])
        let roster = directory.roster
        rows = ids.compactMap { directory.groups[$0] }.map { Self.row($0, directory, roster, now) }
        isEmpty = rows.isEmpty
        isFiltered = Self.filters.contains { !chosen($0).isEmpty }
        pager = Pager(offset: offset, count: ids.count, limit: Self.pageSize, total: total) { offset in
            WebAddress.make(
                "/console/groups",
                Self.filters.map { ($0, chosen($0)) } + [("offset", offset == 0 ? "" : String(offset))])
        }
        mayAdd = session.caller.mayMakeGroups
    }

    /// The query of the API for what the browser asks.
    static func query(_ given: QueryParameters) -> QueryParameters {
        let filled = filters.map { ($0, given[$0] ?? "") }
        let offset = given["offset"].flatMap(Int.init).map { String(max(0, $0)) } ?? "0"
        let all =
            filled + [
                ("offset", offset), ("limit", String(pageSize)), ("sortBy", "NAME"), ("sortOrder", "ASCENDING"),
                ("operand", "AND"),
            ]
        return QueryParameters(String(WebAddress.make("", all).dropFirst()))
    }

    private static func choices(_ chosen: String, _ all: String, _ values: [(String, String)]) -> [Choice] {
        ([("", all)] + values).map { Choice(value: $0.0, text: $0.1, isChosen: $0.0 == chosen) }
    }

    private static func row(_ group: Group, _ directory: DirectoryView, _ roster: Roster, _ now: Timestamp) -> Row {
        let count = roster.members(of: group.id, at: now).count
        let first = roster.firstNotified(of: group.id, at: now)
        let isOnCall = group.groupType == .onCall && group.status == .active
        return Row(
            href: "/console/groups/\(group.id)", name: group.targetName, kind: group.groupType.title,
            description: group.description.isEmpty ? nil : group.description, isInactive: group.status == .inactive,
            members: "\(count) member\(count == 1 ? "" : "s")",
            first: isOnCall ? first.map { RecipientName($0, directory).name } : nil,
            isUncovered: isOnCall && first == nil)
    }
}
