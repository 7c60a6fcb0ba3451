import AlertCore
import Persistence

/// A delivery as a line of a table.
struct DeliveryLine: Sendable {
    let id: String
    let shortId: String
    let status: String
    let statusClass: String
    let integration: String
    let trigger: String
    let alert: String
    let requested: TimeText
    let why: String
    let attempts: String

    init(_ row: WebhookDeliveryRow, _ format: TimeFormat, _ directory: DirectoryView) {
        let state = StatusText(row.status)
        id = row.id
        shortId = String(row.id.prefix(13))
        (status, statusClass) = (state.text, state.style)
        integration = DeliveryRowRepresentation(row, directory).name
        trigger = row.trigger?.rawValue ?? ""
        alert = String(row.alertNumber)
        requested = format.text(row.createdAt)
        why = row.why(format)
        attempts = row.attempts == 0 ? "" : String(row.attempts)
    }
}

extension WebhookDeliveryRow {
    /// The reason, for people.
    func why(_ format: TimeFormat) -> String {
        let title = WebhookDelivery.Parking.Reason(rawValue: reason)?.title
        let parts = [status == .parked ? title : nil, detail.isEmpty ? nil : detail].compactMap { $0 }
        let until = status == .parked ? self.until.map { ", goes on at \(format.short($0))" } ?? "" : ""
        return parts.joined(separator: ": ") + until
    }
}

/// What a page's filter is made of: the same names as in the API.
struct DeliveryPageFilter: Sendable {
    static let names = ["status", "integration", "plan", "event", "reason", "from", "to", "replay"]

    let values: [String: String]

    init(_ parameters: QueryParameters) {
        values = Dictionary(
            uniqueKeysWithValues: Self.names.compactMap { name in
                parameters[name].flatMap { $0.isEmpty ? nil : (name, $0) }
            })
    }

    subscript(name: String) -> String { values[name] ?? "" }

    /// As a body of the API has it.
    var fields: [String: JSONValue] { values.mapValues { .string($0) } }

    func address(_ path: String, _ changes: [(String, String)] = []) -> String {
        let kept = Self.names.filter { name in !changes.contains { $0.0 == name } }.map { ($0, self[$0]) }
        return WebAddress.make(path, kept + changes)
    }

    /// In words.
    var text: String {
        values.isEmpty
            ? "all" : Self.names.compactMap { name in values[name].map { "\(name) \($0)" } }.joined(separator: ", ")
    }
}

/// The list of webhook deliveries.
struct DeliveriesPage: Sendable {
    struct Tab: Sendable {
        let name: String
        let href: String
        let isCurrent: Bool
    }

    static let pageSize = 50
    static let path = "/console/deliveries"
    private static let tabs: [(String, String)] = [
        ("All", ""), ("Waiting", "PARKED"), ("Failed", "EXHAUSTED"), ("Delivered", "DELIVERED"),
        ("Not sent", "SKIPPED"), ("Given up", "CANCELLED"),
    ]

    let tabs: [Tab]
    let status: String
    let event: String
    let integrations: [Choice]
    let reasons: [Choice]
    let rows: [DeliveryLine]
    let hasRows: Bool
    let pager: Pager
    /// Where what is shown is sent again or given up; `nil` for whoever may not, or where there is nothing of the kind.
    let redrive: String?
    let cancel: String?
    var problem: String?

    init(
        _ found: (total: Int, rows: [WebhookDeliveryRow]), _ filter: DeliveryPageFilter, offset: Int,
        mayConfigure: Bool, format: TimeFormat, directory: DirectoryView, problem: String? = nil
    ) {
        tabs = Self.tabs.map { name, value in
            Tab(
                name: name, href: filter.address(Self.path, [("status", value)]),
                isCurrent: value == filter["status"].uppercased())
        }
        (status, event) = (filter["status"], filter["event"])
        let outbound = directory.integrations.values.filter { $0.integrationType == .outbound }
            .sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
        integrations =
            [Choice(value: "", text: "Every integration", isChosen: filter["integration"].isEmpty)]
            + outbound.map { Choice(value: $0.id, text: $0.name, isChosen: $0.id == filter["integration"]) }
        reasons =
            [Choice(value: "", text: "Every reason", isChosen: filter["reason"].isEmpty)]
            + WebhookDelivery.Parking.Reason.allCases.map {
                Choice(value: $0.rawValue, text: $0.title, isChosen: $0.rawValue == filter["reason"])
            }
            + DeliveryRefusal.Reason.allCases.map {
                Choice(value: $0.rawValue, text: $0.title, isChosen: $0.rawValue == filter["reason"])
            }
        rows = found.rows.map { DeliveryLine($0, format, directory) }
        hasRows = !rows.isEmpty
        pager = Pager(offset: offset, count: rows.count, limit: Self.pageSize, total: found.total) { offset in
            filter.address(Self.path, [("offset", String(offset))])
        }
        let isOpen = ["PARKED", "EXHAUSTED", "CANCELLED"].contains(filter["status"].uppercased()) && hasRows
        redrive = mayConfigure && isOpen ? filter.address("\(Self.path)/order", [("action", "redrive")]) : nil
        cancel =
            mayConfigure && hasRows && filter["status"].uppercased() == "PARKED"
            ? filter.address("\(Self.path)/order", [("action", "cancel")]) : nil
        self.problem = problem
    }
}

extension DeliveryRefusal.Reason {
    /// For people.
    var title: String {
        switch self {
        case .notDeployed: "not deployed"
        case .answer: "another answer"
        case .filter: "filtered"
        case .notExecuted: "not executed"
        }
    }
}

/// What is about to be done with some deliveries: a dry run, and the button.
struct DeliveryOrderPage: Sendable {
    let title: String
    let text: String
    let submit: String
    let action: String
    let total: String
    let hasAny: Bool
    let limit: String?
    let rate: String
    let sample: [DeliveryLine]
    let fields: [NamedValue]
    let csrf: String
    let back: String

    init(
        _ outcome: (total: Int, ordered: Int, sample: [WebhookDeliveryRow]), _ filter: DeliveryPageFilter,
        isCancelling: Bool, csrf: String, format: TimeFormat, directory: DirectoryView
    ) {
        title = isCancelling ? "Give up deliveries" : "Send deliveries again"
        text =
            isCancelling
            ? "They stay to be seen, with your name, and are not tried again by themselves."
            : "Each gets a fresh schedule and keeps its webhook-id; of one alert they keep their order."
        submit = isCancelling ? "Give up \(outcome.ordered)" : "Send \(outcome.ordered) again"
        action = isCancelling ? "cancel" : "redrive"
        total = "\(outcome.total) of: \(filter.text)"
        hasAny = outcome.total > 0
        limit = outcome.total > outcome.ordered ? "\(outcome.ordered) at a time: come again for the rest." : nil
        rate = String(EventServices.standardRate)
        sample = outcome.sample.map { DeliveryLine($0, format, directory) }
        fields = DeliveryPageFilter.names.compactMap { name in
            filter.values[name].map { NamedValue(name: name, value: $0) }
        }
        self.csrf = csrf
        back = filter.address(DeliveriesPage.path)
    }
}
