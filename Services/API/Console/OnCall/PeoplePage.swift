import AlertCore
import Persistence

/// The list of people.
struct PeoplePage: Sendable {
    struct Row: Sendable {
        let href: String
        let name: String
        let targetName: String
        let isInactive: Bool
        let roles: String
        let groups: String
        let site: String?
        let devices: String
        /// Whether nobody could reach this person.
        let isUnreachable: Bool
    }

    static let pageSize = 50

    let search: String
    let statuses: [Choice]
    let roles: [Choice]
    let groups: [Choice]
    let sites: [Choice]
    let hasSites: Bool
    let rows: [Row]
    let isEmpty: Bool
    let isFiltered: Bool
    let pager: Pager
    let mayAdd: Bool
    var problem: String?

    /// What the page is filtered by: the parameters of the API's list that it uses.
    private static let filters = ["search", "status", "roles", "groups", "site"]

    init(_ ids: [String], total: Int, query: QueryParameters, _ directory: DirectoryView, for session: ConsoleSession) {
        let offset = query["offset"].flatMap(Int.init) ?? 0
        let chosen = { (name: String) in query[name] ?? "" }
        search = chosen("search")
        statuses = Self.choices(chosen("status"), "Any status", [("ACTIVE", "Active"), ("INACTIVE", "Inactive")])
        roles = Self.choices(chosen("roles"), "Any role", Role.all.map { ($0.name, $0.name) })
        groups = Self.choices(
            chosen("groups"), "Any group",
            directory.groups(seenBy: session.caller).map { ($0.id, $0.targetName) }
                .sorted { $0.1.lowercased() < $1.1.lowercased() })
        let allSites = directory.sites.values.map { ($0.id, $0.name) }.sorted { $0.1.lowercased() < $1.1.lowercased() }
        sites = Self.choices(chosen("site"), "Any site", allSites)
        hasSites = !allSites.isEmpty
        let memberships = Memberships(directory, seenBy: session.caller)
        rows = ids.compactMap { directory.people[$0] }.map { Self.row($0, directory, memberships) }
        isEmpty = rows.isEmpty
        isFiltered = Self.filters.contains { !chosen($0).isEmpty }
        pager = Pager(offset: offset, count: ids.count, limit: Self.pageSize, total: total) { offset in
            WebAddress.make(
                "/console/people",
                Self.filters.map { ($0, chosen($0)) } + [("offset", offset == 0 ? "" : String(offset))])
        }
        mayAdd = session.caller.mayMakePeople
    }

    /// The query of the API for what the browser asks.
    static func query(_ given: QueryParameters) -> QueryParameters {
        let filled = filters.map { ($0, given[$0] ?? "") }
        let offset = given["offset"].flatMap(Int.init).map { String(max(0, $0)) } ?? "0"
        let all =
            filled + [
                ("offset", offset), ("limit", String(pageSize)), ("sortBy", "FIRST_LAST_NAME"),
                ("sortOrder", "ASCENDING"), ("operand", "AND"),
            ]
        let address = WebAddress.make("", all)
        return QueryParameters(String(address.dropFirst()))
    }

    private static func choices(_ chosen: String, _ all: String, _ values: [(String, String)]) -> [Choice] {
        ([("", all)] + values).map { Choice(value: $0.0, text: $0.1, isChosen: $0.0 == chosen) }
    }

    private static func row(_ person: Person, _ directory: DirectoryView, _ memberships: Memberships) -> Row {
        let devices = directory.devices(of: person.id).filter { $0.status == .active }
        let groups = memberships.groups(of: person.id).map(\.targetName)
        let kinds = devices.map(\.deviceType.title).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return Row(
            href: "/console/people/\(person.id)", name: person.displayName, targetName: person.targetName,
            isInactive: person.status == .inactive, roles: person.roles.joined(separator: ", "),
            groups: groups.prefix(3).joined(separator: ", ") + (groups.count > 3 ? " +\(groups.count - 3)" : ""),
            site: person.site.flatMap { directory.sites[$0]?.name },
            devices: devices.isEmpty ? "No device" : kinds.joined(separator: ", "), isUnreachable: devices.isEmpty)
    }
}

/// Which groups somebody belongs to, directly, by a device or in a shift.
struct Memberships {
    private let groupsByMember: [String: [Group]]

    init(_ directory: DirectoryView, seenBy caller: Caller) {
        var byMember: [String: [String: Group]] = [:]
        let add = { (member: GroupMember, group: Group) in
            let person = directory.devices[member.id]?.owner ?? member.id
            byMember[person, default: [:]][group.id] = group
        }
        for group in directory.groups(seenBy: caller) {
            for member in group.members { add(member, group) }
            for shift in directory.shifts(of: group.id) {
                for member in shift.members { add(member.recipient, group) }
            }
        }
        groupsByMember = byMember.mapValues { groups in
            groups.values.sorted { $0.targetName.lowercased() < $1.targetName.lowercased() }
        }
    }

    /// In the order of their names.
    func groups(of person: String) -> [Group] { groupsByMember[person] ?? [] }
}
