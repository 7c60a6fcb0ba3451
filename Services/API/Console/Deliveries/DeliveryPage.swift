import AlertCore
import Persistence

/// One delivery with everything that happened to it.
struct DeliveryPage: Sendable {
    let id: String
    let integration: String
    let integrationHref: String?
    let status: String
    let statusClass: String
    let why: String
    let alert: String
    let facts: [NamedValue]
    let payload: String?
    let entries: [TimelineEntry]
    let csrf: String
    let canRedrive: Bool
    let canCancel: Bool
    let hasActions: Bool
    let isOpen: Bool
    var notice: String?

    init(
        _ delivery: AlertHistory.DeliveryHistory, for session: ConsoleSession, _ format: TimeFormat,
        _ directory: DirectoryView
    ) {
        let row = delivery.row
        let state = StatusText(row.status)
        id = row.id
        integration = DeliveryRowRepresentation(row, directory).name
        integrationHref = WebAddress.make(DeliveriesPage.path, [("integration", row.integration)])
        (status, statusClass) = (state.text, state.style)
        why = row.why(format)
        alert = String(row.alertNumber)
        facts = Self.facts(row, format, directory)
        payload = delivery.request.map {
            String(decoding: $0.payload.utf8.prefix(DeliveryRepresentation.payloadLimit), as: UTF8.self)
        }
        let lines = DeliveryTimeline(row: row, request: delivery.request, format: format)
        entries = delivery.entries.reversed().map { entry in
            var line = lines.entry(entry)
            line.at = format.text(entry.recorded.recordedAt)
            return line
        }
        csrf = session.csrf
        let may = session.caller.may(.writeConfiguration)
        canRedrive = may && [.parked, .exhausted, .cancelled].contains(row.status)
        canCancel = may && row.status == .parked
        hasActions = canRedrive || canCancel
        isOpen = row.status == .parked
    }

    private static func facts(
        _ row: WebhookDeliveryRow, _ format: TimeFormat, _ directory: DirectoryView
    ) -> [NamedValue] {
        var facts = [
            NamedValue(name: "Alert", value: String(row.alertNumber), href: "/console/alerts/\(row.alert)"),
            NamedValue(name: "Place in the alert", value: String(row.sequence)),
            NamedValue(name: "Trigger", value: row.trigger?.rawValue ?? "not recorded"),
            NamedValue(name: "Requested", value: format.full(row.createdAt)),
            NamedValue(name: "Last change", value: format.full(row.updatedAt)),
        ]
        if row.status != .skipped {
            facts.append(NamedValue(name: "webhook-id", value: row.id))
            facts.append(NamedValue(name: "Attempts", value: String(row.attempts)))
        }
        if let version = row.configuration {
            let current = directory.integrationVersions[row.integration]
            let now = current.map { $0 == version ? ", the present one" : ", now \($0)" } ?? ""
            facts.append(NamedValue(name: "Configuration", value: "version \(version)\(now)"))
        }
        if let replay = row.replay {
            facts.append(NamedValue(name: "Replay", value: replay, href: "/console/replays/\(replay)"))
        }
        return facts
    }
}
