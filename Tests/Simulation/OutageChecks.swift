import AlertCore
import Persistence

// While the broker is away and the database is there: requests are taken, and people are told.
extension Checker {
    /// From when consumers are served from the database to the first message that goes out: leases, and a few loops
    /// that look every some seconds.
    private static let pagingTime = Duration.seconds(30)
    /// How much later than that the processes may know: their notes of the broker's answers are some seconds apart, and
    /// so are their clocks.
    private static let noticingTime = Duration.seconds(8)

    mutating func checkOutages(
        _ alerts: [Stream<Alert.Event>], _ notifications: [Stream<AlertCore.Notification.Event>]
    ) {
        guard let patience else { return }
        for refused in history.refused {
            let isDuringOutage = history.outages.contains {
                $0.from <= refused.span.from && refused.span.to <= $0.to
            }
            guard isDuringOutage, isUndisturbed(refused.span) else { continue }
            fail("a request was answered \(refused.status) at \(refused.span.to) while only the broker was away")
        }
        let begun = firstAttempts(notifications)
        let ids = Dictionary(
            alerts.map { ($0.events.first?.beginning?.details.requestId ?? "", $0.id) }, uniquingKeysWith: { $1 })
        let carried = patience + Self.noticingTime
        for accepted in history.accepted {
            guard let outage = history.outages.first(where: { $0.from <= accepted.at && accepted.at <= $0.to }),
                let id = ids[accepted.requestId], let first = begun[id]
            else { continue }
            let bound = max(accepted.at, outage.from + carried.nanoseconds) + Self.pagingTime.nanoseconds
            guard bound <= outage.to, isUndisturbed(.init(from: outage.from, to: bound), since: accepted.at) else {
                continue
            }
            count("requests accepted and people told without a broker")
            if first > bound {
                fail(
                    "the broker was away, and the first message of \(id), accepted at \(accepted.at), came at \(first)")
            }
        }
    }

    private func isUndisturbed(_ span: History.Span, since from: Int64? = nil) -> Bool {
        let span = History.Span(from: max(span.from, from ?? span.from), to: span.to)
        return !history.disturbances.contains { $0.meets(span) }
    }

    /// By alert: when a message to a person was first tried, or first held back for a reason.
    private func firstAttempts(_ notifications: [Stream<AlertCore.Notification.Event>]) -> [String: Int64] {
        var first: [String: Int64] = [:]
        for notification in notifications {
            guard case .planned(let plan, _) = notification.events.first, notification.recorded.count > 1,
                let commit = history.commit(of: notification.recorded[1].stream, version: 2)
            else { continue }
            first[plan.alert] = min(first[plan.alert] ?? .max, commit.at)
        }
        return first
    }
}
