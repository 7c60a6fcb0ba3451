import AlertCore
import Foundation
import Persistence

/// Why an integration is to be taken out of service.
struct Disabling: Sendable {
    let reason: String
    /// When the lane's first failure was after its last success; `nil` when one answer is reason enough.
    let failingSince: Timestamp?
}

/// What has happened to one delivery, to be written with others in one transaction.
struct DeliveryRecord: Sendable {
    let request: WebhookDelivery.Request
    let events: [WebhookDelivery.Event]
    let state: WebhookDelivery.State
    /// The stream's version after the events.
    let version: Version
    let at: Timestamp
    /// When it is to be tried again; `nil` when nothing is scheduled.
    let due: Timestamp?
    /// Whether the next delivery of the same alert, which waits behind this one, may go now.
    let releasesNext: Bool
    /// Why the integration is to be taken out of service, if it is.
    let disables: Disabling?
    /// What has changed about how long the integration has been failing.
    let failures: FailureSpan.Change?
    /// The payload of the order that is carried out by this.
    var order: String?
}

/// Writes what has happened to deliveries: events, rows, timers.
struct DeliveryWriter: Sendable {
    static let dueKind = WebhookDeliveries.dueKind

    let partition: Int
    private let doubt = CommitDoubt()

    init(partition: Int) { self.partition = partition }

    /// The records of the last ``write(_:in:)`` are in the database.
    func confirm() { doubt.end() }

    /// Records that are written already, after a commit in doubt, are passed over. The database is asked which these
    /// are only when there is a doubt: until the last write has been confirmed. Should anybody else have written them,
    /// their events' versions are taken, and nothing is written.
    func write(_ records: [DeliveryRecord], in connection: any SQLConnection) throws {
        let deliveries = WebhookDeliveries(connection)
        let stored = try doubt.begin() ? stored(records, deliveries) : Self.before(records)
        let fresh = records.filter { $0.version > stored[$0.request.id, default: 0] }
        try EventLog(connection).append(
            try fresh.flatMap(newEvents), to: LogPartition(WebhookDelivery.category, partition))
        var last: [String: DeliveryRecord] = [:]
        for record in fresh { last[record.request.id] = record }
        // Requested when the first of its records was, which a later one of the same batch does not say.
        let first = Dictionary(fresh.map { ($0.request.id, $0.at) }) { first, _ in first }
        let rows = last.values.map { $0.row(requestedAt: first[$0.request.id] ?? $0.at) }.sorted { $0.id < $1.id }
        try deliveries.insert(rows.filter { stored[$0.id] == nil })
        try deliveries.put(rows.filter { stored[$0.id] != nil })
        try setTimers(Array(last.values), known: stored, in: connection)
        for record in fresh {
            if let change = record.failures {
                try WebhookFailures(connection).record(change, of: record.request.integration.id)
            }
            try disable(record, in: connection)
            guard let order = record.order else { continue }
            try DueWork(connection).finish(record.request.id, kind: DeliveryOrders.dueKind, payload: order)
        }
    }

    /// The versions at which the database has them.
    private func stored(_ records: [DeliveryRecord], _ deliveries: WebhookDeliveries) throws -> [String: Version] {
        let rows = try deliveries.get(Array(Set(records.map(\.request.id))))
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.version) })
    }

    /// The versions at which the records found them.
    private static func before(_ records: [DeliveryRecord]) -> [String: Version] {
        Dictionary(records.map { ($0.request.id, $0.version - Version($0.events.count)) }) { first, _ in first }
            .filter { $0.value > 0 }
    }

    private func newEvents(_ record: DeliveryRecord) throws -> [NewEvent] {
        let first = record.version - Version(record.events.count) + 1
        var state = record.state
        state.personal = record.request.personal ?? []
        return try record.events.enumerated().map { [state] index, event in
            let (type, data) = try EventCodec<WebhookDelivery.Event>.encode(event, category: WebhookDelivery.category)
            return NewEvent(
                stream: "\(WebhookDelivery.category)-\(record.request.id)", version: first + Version(index), type: type,
                data: data,
                origin: Origin(
                    actor: "<webhook-dispatcher>", causation: record.request.id,
                    correlation: record.request.correlation), recordedAt: record.at,
                personal: WebhookDelivery.personal(in: event, state))
        }
    }

    private func setTimers(
        _ records: [DeliveryRecord], known: [String: Version], in connection: any SQLConnection
    ) throws {
        let work = DueWork(connection)
        // First of all: what is released below may be among them.
        let done = records.filter { $0.due == nil && known[$0.request.id] != nil }
        try work.finish(done.map(\.request.id), kind: Self.dueKind)
        for record in records {
            if let due = record.due {
                try work.schedule(record.request.id, kind: Self.dueKind, partition: partition, payload: "{}", at: due)
            }
        }
        for record in records where record.releasesNext {
            let next = try WebhookDeliveries(connection).firstWaiting(
                integration: record.request.integration.id, alert: record.request.alert)
            // One that has a time of its own keeps it.
            if let next {
                try work.add(next.id, kind: Self.dueKind, partition: partition, payload: "{}", at: record.at)
            }
        }
    }

    private func disable(_ record: DeliveryRecord, in connection: any SQLConnection) throws {
        guard let disabling = record.disables else { return }
        let directory = Directory(connection)
        let reason = disabling.reason
        // While alerts of several generations are alive, an integration has a lane in several partitions.
        if let since = disabling.failingSince,
            try WebhookDeliveries(connection).hasDelivered(to: record.request.integration.id, after: since)
        {
            return
        }
        guard var integration = try directory.get(Integration.self, id: record.request.integration.id),
            integration.disabledReason == nil
        else { return }
        integration.disabledReason = reason
        let origin = Origin(
            actor: "<webhook-dispatcher>", causation: record.request.id, correlation: record.request.correlation)
        try directory.put(integration, by: origin, at: record.at)
        let notice = DisabledNotice(integration, reason: reason, after: record.request, at: record.at)
        try notice.alert(by: origin, from: directory)?.schedule(at: record.at, in: connection)
    }
}

/// Whether the outcome of the last commit is known.
private final class CommitDoubt: @unchecked Sendable {  // `isInDoubt` under `lock` only
    private let lock = NSLock()
    private var isInDoubt = false

    /// - Returns: Whether it was in doubt before.
    func begin() -> Bool {
        lock.withLock {
            defer { isInDoubt = true }
            return isInDoubt
        }
    }

    func end() { lock.withLock { isInDoubt = false } }
}

extension DeliveryRecord {
    fileprivate func row(requestedAt: Timestamp) -> WebhookDeliveryRow {
        var row = WebhookDeliveryRow(request, state, last: events.last, version: version, at: at)
        row.createdAt = requestedAt
        return row
    }
}
