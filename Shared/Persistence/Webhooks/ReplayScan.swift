import AlertCore

/// The next events of a replay. Events of one alert come in its order, also where its log partition has changed: what
/// is taken from each partition was recorded before what is left in any.
public struct ReplayScan: Sendable {
    /// An event that is to be sent.
    public struct Candidate: Sendable {
        public let recorded: RecordedEvent
        public let event: Alert.Event
        public let alert: AlertRow
        public let payload: WebhookPayload
    }

    /// How many events of each partition are read at once.
    static let readLimit = 200

    public private(set) var candidates: [Candidate] = []
    /// The replay's state once the candidates are sent.
    public private(set) var after: Replay

    /// - Parameter limit: How many candidates are wanted at most.
    public init(
        _ replay: Replay, to integration: Integration, limit: Int, in connection: any SQLConnection
    ) throws {
        after = replay
        let events = try Self.next(of: replay, in: EventLog(connection))
        let decoded = try events.map { try EventCodec<Alert.Event>.decode($0.data) }
        let alerts = try Alerts(connection).rows(of: Array(Set(events.map(\.alert))))
        let known =
            replay.includesSent ? [] : try Self.sent(replay, Set(events.map(\.alert)), in: connection)
        let filter = integration.readFilter()
        for (recorded, event) in zip(events, decoded) {
            guard candidates.count < limit else { break }
            after.cursors[recorded.partition] = recorded.position
            after.scanned += 1
            guard let alert = alerts[recorded.alert] else {
                throw StoreError(.invalid, "alert \(recorded.alert) has events but no details")
            }
            guard alert.details.form.id == integration.form,
                let payload = WebhookPayload(event, of: alert.details), payload.trigger == integration.triggeredBy
            else { continue }
            if integration.refusal(
                of: event, payload, alert.details, alert: recorded.alert, filter: filter, ignoringDeployment: true)
                != nil
            {
                after.refused += 1
            } else if known.contains(Place(alert: recorded.alert, sequence: recorded.version)) {
                after.passedOver += 1
            } else {
                candidates.append(Candidate(recorded: recorded, event: event, alert: alert, payload: payload))
            }
        }
        after.sent += candidates.count
    }

    private struct Place: Hashable {
        let alert: String
        let sequence: Int64
    }

    /// In the order of time; of one partition in that of the positions, whatever clocks said.
    private static func next(of replay: Replay, in log: EventLog) throws -> [RecordedEvent] {
        var all: [(time: Timestamp, event: RecordedEvent)] = []
        // What was recorded later than this can have something before it that is not read yet.
        var horizon: Timestamp?
        for (name, end) in replay.ends {
            let partition = LogPartition(Alert.category, Int(name.dropFirst(Alert.category.count + 1)) ?? 0)
            let cursor = replay.cursors[name, default: 0]
            guard cursor < end else { continue }
            let events = try log.read(partition, after: cursor, upTo: end, limit: readLimit)
            var reached = Timestamp(milliseconds: 0)
            for event in events {
                reached = max(reached, event.recordedAt)
                all.append((reached, event))
            }
            if events.count == readLimit { horizon = min(horizon ?? reached, reached) }
        }
        let before = all.filter { entry in horizon.map { entry.time <= $0 } ?? true }
        return before.sorted { left, right in
            (left.time, left.event.partition, left.event.position)
                < (right.time, right.event.partition, right.event.position)
        }.map(\.event)
    }

    /// What the integration has a delivery of, but for those of this very replay, which a repeated step makes again.
    private static func sent(
        _ replay: Replay, _ alerts: Set<String>, in connection: any SQLConnection
    ) throws(StoreError) -> Set<Place> {
        var places: Set<Place> = []
        let all = Array(alerts)
        for start in stride(from: 0, to: all.count, by: 500) {
            let rows = try connection.execute(
                """
                SELECT alert_id, sequence FROM webhook_deliveries
                WHERE alert_id IN \(list: all[start...].prefix(500)) AND integration_id = \(replay.integration)
                AND status <> 'skipped' AND (replay_id IS NULL OR replay_id <> \(replay.id))
                """)
            for row in rows { places.insert(Place(alert: row.text(0), sequence: row.integer(1))) }
        }
        return places
    }
}

extension RecordedEvent {
    /// Of an event of an alert.
    fileprivate var alert: String { String(stream.dropFirst(Alert.category.count + 1)) }
}
