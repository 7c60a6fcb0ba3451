import AlertCore
import Persistence

/// Judges a run by the promises. Pure: everything it needs is in the history and the snapshot.
struct Checker {
    let history: History
    let snapshot: Snapshot
    /// The alerts' rows as the log alone says them.
    let rebuiltAlerts: [String: [String]]
    let outbound: [(id: String, trigger: Trigger)]
    let partitionCount: Int
    /// After how long without a broker the database carries everything; `nil` when it fails so often that nothing can
    /// be said of times.
    let patience: Duration?

    private(set) var violations: [String] = []
    /// What was counted: for the report.
    private(set) var counts: [String: Int] = [:]

    init(
        history: History, snapshot: Snapshot, rebuiltAlerts: [String: [String]],
        outbound: [(id: String, trigger: Trigger)], partitionCount: Int, patience: Duration? = nil
    ) {
        self.history = history
        self.snapshot = snapshot
        self.rebuiltAlerts = rebuiltAlerts
        self.outbound = outbound
        self.partitionCount = partitionCount
        self.patience = patience
    }

    mutating func check() throws {
        violations = history.violations
        checkChains()
        checkStreams()
        let alerts = try histories(Alert.self)
        checkAccepted(alerts)
        checkAlerts(alerts)
        checkSaid(alerts)
        checkRows(alerts)
        let deliveries = try histories(WebhookDelivery.self)
        try checkDeliveries(alerts, deliveries)
        let notifications = try histories(AlertCore.Notification.self)
        checkNotifications(alerts, notifications)
        checkOutages(alerts, notifications)
        if !snapshot.deadLetters.isEmpty { fail("dead letters: \(snapshot.deadLetters)") }
        if snapshot.brokerCuts > 0, history.lost.isEmpty {
            fail("a loss of the broker's was noted, and there was none")
        }
        count("losses of the broker's noticed", snapshot.brokerCuts)
        if !snapshot.audit.isEmpty { fail("the self-audit finds \(snapshot.audit)") }
    }

    mutating func fail(_ words: String) { violations.append(words) }
    mutating func count(_ name: String, _ number: Int = 1) { counts[name, default: 0] += number }

    /// One stream of the log, decoded.
    struct Stream<Event> {
        let id: String
        let recorded: [RecordedEvent]
        let events: [Event]
    }

    private func histories<A: Aggregate>(_ type: A.Type) throws -> [Stream<A.Event>] where A.Event: Codable {
        let prefix = "\(A.category)-"
        let own = snapshot.events.filter { $0.stream.hasPrefix(prefix) }
        return try Dictionary(grouping: own, by: \.stream).sorted { $0.key < $1.key }.map { stream, recorded in
            let sorted = recorded.sorted { $0.version < $1.version }
            return Stream(
                id: String(stream.dropFirst(prefix.count)), recorded: sorted,
                events: try sorted.map { try EventCodec<A.Event>.decode($0.data) })
        }
    }
}

// MARK: - The log

extension Checker {
    /// No gaps, and every hash follows from the one before.
    private mutating func checkChains() {
        for (name, events) in snapshot.log.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: "/")
            let partition = LogPartition(String(parts[0]), Int(parts[1]) ?? 0)
            var chain = HashChain(head: "")
            for (index, event) in events.enumerated() {
                if event.position != Int64(index) + 1 { fail("\(name) has a gap before \(event.position)") }
                let new = NewEvent(
                    stream: event.stream, version: event.version, type: event.type, data: event.data,
                    origin: event.origin, recordedAt: event.recordedAt)
                if chain.add(new, partition: partition, position: event.position) != event.hash {
                    fail("the hash of \(event.id) is wrong")
                }
            }
            let head = snapshot.heads[name]
            if head?.position != Int64(events.count) || head?.hash != chain.head {
                fail("the head of \(name) is wrong")
            }
        }
        count("events", snapshot.events.count)
    }

    private mutating func checkStreams() {
        for (stream, events) in Dictionary(grouping: snapshot.events, by: \.stream).sorted(by: { $0.key < $1.key }) {
            if events.map(\.version).sorted() != (1...Int64(events.count)).map({ $0 }) {
                fail("\(stream) has the versions \(events.map(\.version).sorted())")
            }
            if Set(events.map(\.partition)).count > 1 { fail("\(stream) is in several partitions") }
        }
    }
}

// MARK: - Alerts

extension Checker {
    /// What was answered 202 has become exactly one alert.
    private mutating func checkAccepted(_ alerts: [Stream<Alert.Event>]) {
        var byRequest: [String: [String]] = [:]
        for alert in alerts {
            guard let details = alert.events.first?.beginning?.details else {
                fail("alert \(alert.id) does not begin with its creation")
                continue
            }
            if details.systemEventType.isEmpty { byRequest[details.requestId, default: []].append(alert.id) }
        }
        for accepted in history.accepted {
            let made = byRequest[accepted.requestId] ?? []
            if made.isEmpty, isLostByDesign(accepted.requestId) {
                count("requests lost with broker and sender")
                continue
            }
            if made.count != 1 {
                fail("the request \(accepted.requestId), accepted at \(accepted.at), has the alerts \(made)")
            }
            let status = snapshot.activities[accepted.requestId]
            if status != .completed {
                fail("the activity of \(accepted.requestId) is \(status.map { "\($0)" } ?? "missing")")
            }
        }
        for (request, made) in byRequest.sorted(by: { $0.key < $1.key }) where made.count > 1 {
            fail("the request \(request) has the alerts \(made)")
        }
        count("requests accepted", history.accepted.count)
        count("alerts", alerts.count)
    }

    /// One beginning, one end, and each thing that was said or reported once.
    private mutating func checkAlerts(_ alerts: [Stream<Alert.Event>]) {
        for alert in alerts {
            var ids: Set<String> = []
            var hasEnded = false
            for (index, event) in alert.events.enumerated() {
                let id: String?
                switch event {
                case .created, .suppressed:
                    id = nil
                    if index > 0 { fail("alert \(alert.id) begins again at \(index + 1)") }
                case .commented(let comment, _, _, _): id = comment
                case .responded(let response, _, _): id = response.id
                case .responseRejected(let response, _, _): id = response.id
                case .deliveryRecorded(let delivery, _): id = delivery.id
                case .notificationSuppressed(let suppression, _): id = "suppression \(suppression.id)"
                case .escalated(let report, _): id = "escalation \(report.id)"
                case .recipientsFailed(let failure, _): id = "failure \(failure.id)"
                case .suspended, .resumed, .terminated:
                    id = nil
                    if hasEnded { fail("alert \(alert.id) goes on after its end: \(alert.recorded[index].type)") }
                    if case .terminated = event { hasEnded = true }
                }
                if let id, !ids.insert(id).inserted { fail("alert \(alert.id) has recorded \(id) twice") }
            }
        }
    }

    /// What a person was told is done is in the log, once.
    private mutating func checkSaid(_ alerts: [Stream<Alert.Event>]) {
        let events = Dictionary(uniqueKeysWithValues: alerts.map { ($0.id, $0.events) })
        for said in history.said where said.isConfirmed && !said.id.isEmpty {
            count("answers and comments confirmed")
            let isThere = (events[said.alert] ?? []).contains { event in
                switch event {
                case .responded(let response, _, _), .responseRejected(let response, _, _): response.id == said.id
                case .commented(let id, _, _, _): id == said.id
                default: false
                }
            }
            if !isThere { fail("\(said.id) on \(said.alert) was confirmed and is not in the log") }
        }
    }

    /// Rows say what the log says.
    private mutating func checkRows(_ alerts: [Stream<Alert.Event>]) {
        for (id, row) in snapshot.alerts.sorted(by: { $0.key < $1.key }) where rebuiltAlerts[id] != row {
            fail("the row of alert \(id) is \(row), the log says \(rebuiltAlerts[id] ?? [])")
        }
        if snapshot.alerts.count != alerts.count { fail("\(snapshot.alerts.count) rows of \(alerts.count) alerts") }
    }
}
