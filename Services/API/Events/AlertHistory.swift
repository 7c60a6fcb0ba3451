import AlertCore
import Persistence

/// Everything that has happened around one alert, as the log has it.
struct AlertHistory: Sendable {
    /// One event with its place in the log.
    struct Entry<Event: Codable & Sendable>: Sendable {
        let recorded: RecordedEvent
        let event: Event
    }

    struct NotificationHistory: Sendable {
        let plan: Notification.Plan
        let status: Notification.Phase
        let entries: [Entry<Notification.Event>]
    }

    struct DeliveryHistory: Sendable {
        let row: WebhookDeliveryRow
        let entries: [Entry<WebhookDelivery.Event>]
    }

    /// Streams that are read with one statement: below the parameter limits of both databases.
    private static let streamsAtOnce = 500
    /// Of the records beside the three histories: why somebody was not notified.
    private static let noteLimit = 2000

    let row: AlertRow
    let events: [Entry<Alert.Event>]
    let notifications: [NotificationHistory]
    let deliveries: [DeliveryHistory]
    /// Records about the alert from other streams than the alert's, its notifications' and its deliveries'.
    let notes: [RecordedEvent]
    /// How many alerts were suppressed because of this one, and the newest of them; for pages only.
    let suppressions: (count: Int, last: AlertSuppressionRow?)

    /// - Parameter includingNotes: Reads all that the alert's request led to; for pages only.
    init(of row: AlertRow, in connection: any SQLConnection, includingNotes: Bool = false) throws {
        self.row = row
        let log = EventLog(connection)
        let notificationRows = try Notifications(connection).ofAlert(row.id)
        let deliveryRows = try WebhookDeliveries(connection).ofAlert(row.id).filter { $0.status != .skipped }
        events = try Self.events(of: row.id, in: connection)
        let notificationEvents: [String: [Entry<Notification.Event>]] = try Self.read(
            notificationRows.map { "\(Notification.category)-\($0.plan.id)" }, in: log)
        let deliveryEvents: [String: [Entry<WebhookDelivery.Event>]] = try Self.read(
            deliveryRows.map { "\(WebhookDelivery.category)-\($0.id)" }, in: log)
        notifications = notificationRows.map { row in
            NotificationHistory(
                plan: row.plan, status: row.status,
                entries: notificationEvents["\(Notification.category)-\(row.plan.id)"] ?? [])
        }
        deliveries = deliveryRows.map { row in
            DeliveryHistory(row: row, entries: deliveryEvents["\(WebhookDelivery.category)-\(row.id)"] ?? [])
        }
        notes = includingNotes ? try Self.notes(of: row, in: log) : []
        let store = AlertSuppressions(connection)
        suppressions =
            includingNotes ? (try store.count(parent: row.id), try store.last(parent: row.id)) : (0, nil)
    }

    private init(
        row: AlertRow, events: [Entry<Alert.Event>], notifications: [NotificationHistory],
        deliveries: [DeliveryHistory]
    ) {
        self.row = row
        self.events = events
        self.notifications = notifications
        self.deliveries = deliveries
        notes = []
        suppressions = (0, nil)
    }

    /// What had happened by then; `nil` when the alert had not begun.
    func asOf(_ time: Timestamp) -> AlertHistory? {
        guard row.createdAt <= time else { return nil }
        let events = events.filter { $0.recorded.recordedAt <= time }
        let notifications = notifications.compactMap { notification -> NotificationHistory? in
            let entries = notification.entries.filter { $0.recorded.recordedAt <= time }
            guard !entries.isEmpty else { return nil }
            let state = entries.reduce(Notification.initial) { Notification.evolve($0, $1.event) }
            return NotificationHistory(plan: notification.plan, status: state.phase, entries: entries)
        }
        return AlertHistory(
            row: row.asOf(time, status: Self.status(of: row, events)), events: events, notifications: notifications,
            deliveries: deliveries.filter { !$0.entries.allSatisfy { $0.recorded.recordedAt > time } })
    }

    private static func status(of row: AlertRow, _ events: [Entry<Alert.Event>]) -> String {
        switch events.reduce(Alert.initial, { Alert.evolve($0, $1.event) }).phase {
        case .suspended: "SUSPENDED"
        case .terminated: row.status
        case .active, .unknown: "ACTIVE"
        }
    }

    /// The alert's own events, oldest first.
    static func events(of alert: String, in connection: any SQLConnection) throws -> [Entry<Alert.Event>] {
        try EventLog(connection).read(streams: ["\(Alert.category)-\(alert)"]).map(decode)
    }

    private static func read<Event: Codable & Sendable>(
        _ streams: [String], in log: EventLog
    ) throws -> [String: [Entry<Event>]] {
        var found: [String: [Entry<Event>]] = [:]
        for start in stride(from: 0, to: streams.count, by: streamsAtOnce) {
            for recorded in try log.read(streams: Array(streams[start...].prefix(streamsAtOnce))) {
                found[recorded.stream, default: []].append(try decode(recorded))
            }
        }
        return found
    }

    private static func decode<Event: Codable & Sendable>(_ recorded: RecordedEvent) throws -> Entry<Event> {
        Entry(recorded: recorded, event: try EventCodec.decode(recorded.data))
    }

    private static func notes(of row: AlertRow, in log: EventLog) throws -> [RecordedEvent] {
        let own = "\(Alert.category)-\(row.id)"
        return try log.read(correlation: row.details.requestId, limit: noteLimit).filter {
            $0.stream != own && $0.stream.hasSuffix("-\(row.id)")
        }
    }
}
