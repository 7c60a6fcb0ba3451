import AlertCore
import Persistence

/// Where in a list somebody is.
struct Pager: Sendable {
    let first: Int
    let last: Int
    let total: Int
    /// Addresses of the neighbouring pages; `nil` at the ends.
    let previous: String?
    let next: String?

    /// - Parameter address: Of the page that begins at an offset.
    init(offset: Int, count: Int, limit: Int, total: Int, address: (Int) -> String) {
        first = count == 0 ? 0 : offset + 1
        last = offset + count
        self.total = total
        previous = offset > 0 ? address(max(0, offset - limit)) : nil
        next = offset + count < total && count > 0 ? address(offset + limit) : nil
    }
}

/// The list of alerts.
struct AlertsPage: Sendable {
    struct Tab: Sendable {
        let name: String
        let href: String
        let isCurrent: Bool
    }

    struct Row: Sendable {
        let id: String
        let number: String
        let subject: String
        let status: String
        let statusClass: String
        let priority: String
        let priorityClass: String
        let workflow: String
        let recipients: String
        let began: TimeText
    }

    static let pageSize = 50
    private static let tabs = [
        ("All", ""), ("Active", "ACTIVE"), ("Suspended", "SUSPENDED"), ("Ended", "TERMINATED"),
    ]

    let search: String
    /// The filter; `nil` for all.
    let status: String?
    let tabs: [Tab]
    let rows: [Row]
    let isEmpty: Bool
    let isFiltered: Bool
    let pager: Pager
    /// Why the search could not be done.
    let problem: String?
    var maySend = false

    init(
        _ found: (total: Int, rows: [AlertRow]), status: String?, search: String, offset: Int, format: TimeFormat,
        problem: String? = nil
    ) {
        self.search = search
        self.status = status
        self.problem = problem
        tabs = Self.tabs.map { name, value in
            Tab(
                name: name, href: Self.address(status: value, search: search, offset: 0),
                isCurrent: value == (status ?? ""))
        }
        rows = found.rows.map { Self.row($0, format) }
        isEmpty = rows.isEmpty
        isFiltered = status != nil || !search.isEmpty
        pager = Pager(offset: offset, count: found.rows.count, limit: Self.pageSize, total: found.total) { offset in
            Self.address(status: status ?? "", search: search, offset: offset)
        }
    }

    private static func address(status: String, search: String, offset: Int) -> String {
        WebAddress.make(
            "/console/alerts",
            [("status", status), ("search", search), ("offset", offset == 0 ? "" : String(offset))])
    }

    private static func row(_ row: AlertRow, _ format: TimeFormat) -> Row {
        let state = StatusText(alert: row.status)
        let details = row.details
        let names = details.recipients.map(\.targetName)
        let recipients = names.prefix(2).joined(separator: ", ") + (names.count > 2 ? " +\(names.count - 2)" : "")
        return Row(
            id: row.id, number: String(details.number), subject: details.subject, status: state.text,
            statusClass: state.style, priority: details.priority.rawValue.capitalized,
            priorityClass: details.priority.rawValue.lowercased(), workflow: details.plan.name,
            recipients: recipients.isEmpty ? "nobody" : recipients, began: format.text(row.createdAt))
    }
}
