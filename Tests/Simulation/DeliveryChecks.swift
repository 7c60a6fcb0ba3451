import AlertCore
import Persistence

// What targets have received.
extension Checker {
    /// What one event of an alert has to become for one integration.
    private struct Expected {
        let integration: String
        let alert: String
        let sequence: Int64
        let body: String
    }

    mutating func checkDeliveries(
        _ alerts: [Stream<Alert.Event>], _ deliveries: [Stream<WebhookDelivery.Event>]
    ) throws {
        let expected = try expectedDeliveries(alerts)
        let known = Dictionary(uniqueKeysWithValues: deliveries.map { ($0.id, $0) })
        let arrivals = Dictionary(grouping: history.arrivals, by: \.id)
        count("webhooks due", expected.count)
        count("requests to targets", history.arrivals.count)
        for id in known.keys.sorted() where expected[id] == nil { fail("the delivery \(id) belongs to no event") }
        for id in arrivals.keys.sorted() where expected[id] == nil { fail("a webhook \(id) belongs to no event") }
        for (id, one) in expected.sorted(by: { $0.key < $1.key }) {
            guard let delivery = known[id] else {
                if isLostByDesign(id) {
                    count("webhooks lost with broker and sender")
                    continue
                }
                fail("the webhook \(id) of \(one.alert)@\(one.sequence) to \(one.integration) was never recorded")
                continue
            }
            checkDelivery(delivery, one, arrivals[id] ?? [])
        }
        checkOrder(expected, arrivals)
    }

    private func expectedDeliveries(_ alerts: [Stream<Alert.Event>]) throws -> [String: Expected] {
        var expected: [String: Expected] = [:]
        for alert in alerts {
            guard let details = alert.events.first?.beginning?.details, details.form.id == "form" else { continue }
            for (recorded, event) in zip(alert.recorded, alert.events) {
                guard let payload = WebhookPayload(event, of: details) else { continue }
                for (integration, trigger) in outbound where trigger == payload.trigger {
                    let id = DerivedID.beside(alert.id, "delivery", recorded.id, integration)
                    expected[id] = Expected(
                        integration: integration, alert: alert.id, sequence: recorded.version,
                        body: try JSON.encode(payload.body))
                }
            }
        }
        return expected
    }

    private mutating func checkDelivery(
        _ delivery: Stream<WebhookDelivery.Event>, _ expected: Expected, _ arrivals: [History.Arrival]
    ) {
        let id = delivery.id
        let state = WebhookDelivery.replay(delivery.events)
        let row = snapshot.deliveries[id]
        if row?.status != state.phase || row?.attempts != state.attempts
            || row?.version != delivery.recorded.last?.version
        {
            fail("the row of delivery \(id) is \(row.map { "\($0)" } ?? "missing"), the log says \(state)")
        }
        for arrival in arrivals where arrival.body != expected.body || arrival.integration != expected.integration {
            fail("the webhook \(id) arrived at \(arrival.integration) as \(arrival.body)")
        }
        let taken = arrivals.filter { (200..<300).contains($0.status) }
        switch state.phase {
        case .delivered:
            if !taken.contains(where: \.wasAnswered) { fail("\(id) is called delivered, and no target has said so") }
        case .exhausted: count("webhooks given up")
        case .parked, .unknown, .cancelled, .skipped:
            fail(
                "the webhook \(id) of \(expected.alert)@\(expected.sequence) to \(expected.integration) is still "
                    + "\(state.phase.rawValue) (\(row?.reason ?? "")) at the end")
        }
        count("webhooks taken twice or more", taken.count > 1 ? 1 : 0)
        let place = "webhook-deliveries/\(Partitioning.partition(of: expected.integration, count: partitionCount))"
        let end = delivery.recorded.first { $0.type == "delivery.delivered" }
        let recordedAt = end.flatMap { history.commit(of: $0.stream, version: $0.version)?.at }
        let attempts = arrivals.sorted { $0.at < $1.at }
        for (index, later) in attempts.enumerated() {
            for earlier in attempts[..<index] where (200..<300).contains(earlier.status) {
                judgeRepetition(
                    "the webhook \(id) to \(expected.integration)", place, of: "webhook-dispatcher",
                    earlier: (earlier.process, earlier.begunAt, earlier.at, earlier.wasAnswered),
                    later: (later.process, later.begunAt), recordedAt: recordedAt)
            }
        }
    }

    /// First arrivals keep the order of each alert.
    private mutating func checkOrder(_ expected: [String: Expected], _ arrivals: [String: [History.Arrival]]) {
        let lanes = Dictionary(grouping: expected) { "\($0.value.alert) to \($0.value.integration)" }
        for (lane, deliveries) in lanes.sorted(by: { $0.key < $1.key }) {
            var last: (at: Int64, sequence: Int64) = (0, 0)
            for (id, one) in deliveries.sorted(by: { $0.value.sequence < $1.value.sequence }) {
                let taken = (arrivals[id] ?? []).filter { (200..<300).contains($0.status) }.map(\.at).min()
                guard let taken else { continue }
                if taken < last.at {
                    fail("of \(lane), \(one.sequence) arrived at \(taken), \(last.sequence) at \(last.at)")
                }
                if taken >= last.at { last = (taken, one.sequence) }
            }
        }
    }

    /// A repetition is right when the outcome of the attempt before was in doubt: its answer was lost, its process died
    /// or lost the partition before it was written down, or two processes took the partition for theirs.
    mutating func judgeRepetition(
        _ what: String, _ place: String, of group: String,
        earlier: (process: String, begunAt: Int64, at: Int64, wasAnswered: Bool),
        later: (process: String, begunAt: Int64), recordedAt: Int64?
    ) {
        count("repetitions")
        let overlaps = history.overlaps.contains {
            $0.group == group && $0.place == place && $0.from <= later.begunAt && $0.to >= earlier.begunAt
        }
        if overlaps { return count("repetitions while a partition had two owners") }
        if let recordedAt, recordedAt < later.begunAt {
            return fail("\(what) was sent again at \(later.begunAt) by \(later.process), recorded at \(recordedAt)")
        }
        guard earlier.wasAnswered, earlier.process == later.process else { return }
        let isGivenAnew = history.given.contains {
            $0.group == group && $0.place == place && $0.at >= earlier.begunAt && $0.at <= later.begunAt
        }
        if !isGivenAnew {
            fail("\(what) was sent again at \(later.begunAt) by \(later.process), which knew its outcome")
        }
    }
}
