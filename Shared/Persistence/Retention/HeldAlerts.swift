import AlertCore

/// What legal holds keep: alerts of which a hold finds any event. Within one transaction.
public struct HeldAlerts {
    /// Events are looked at in pages of this size.
    private static let page = 1000
    /// Alerts that are asked for together.
    private static let chunk = 200

    private let connection: any SQLConnection
    /// With ids instead of names.
    private let holds: [AuditQuery]

    public init(_ connection: any SQLConnection, by holds: [AuditQuery]) {
        self.connection = connection
        self.holds = holds
    }

    /// Those of the alerts that are held.
    func among(_ alerts: [String]) throws -> Set<String> {
        guard !holds.isEmpty, !alerts.isEmpty else { return [] }
        var held: Set<String> = []
        try forEachPage(.all([.isAny(.alert, alerts), .any(holds.map(\.condition))])) { alerts in
            held.formUnion(alerts)
            return true
        }
        return held
    }

    /// Whether an alert is held that has an event about the person.
    public func has(person: String) throws -> Bool {
        guard !holds.isEmpty else { return false }
        var (seen, isHeld): (Set<String>, Bool) = ([], false)
        try forEachPage(.isAny(.person, [person])) { alerts in
            let new = alerts.subtracting(seen).sorted()
            seen.formUnion(new)
            for start in stride(from: 0, to: new.count, by: Self.chunk) where !isHeld {
                isHeld = try !among(Array(new[start...].prefix(Self.chunk))).isEmpty
            }
            return !isHeld
        }
        return isHeld
    }

    /// The alerts of the events that are found, page by page, as long as the body wants more.
    private func forEachPage(_ condition: AuditQuery.Condition, _ body: (Set<String>) throws -> Bool) throws {
        var offset = 0
        var upTo: Int64?
        while true {
            let page = try AuditSearch(connection).find(
                AuditQuery(condition), upTo: upTo, newestFirst: false, offset: offset, limit: Self.page)
            let alerts = try AlertsOfStreams(connection).alerts(of: Set(page.hits.map(\.event.stream)))
            upTo = page.upTo
            offset += page.hits.count
            guard try body(Set(alerts.values)), !page.hits.isEmpty, offset < page.total else { return }
        }
    }
}
