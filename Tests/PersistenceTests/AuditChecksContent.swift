import AlertCore
import Persistence

extension AuditChecksTests {
    static func notification(_ id: String, _ status: Notification.Phase, _ at: Timestamp) -> Arrange {
        { connection in
            try connection.execute(
                """
                INSERT INTO notifications (id, alert_id, person_id, status, version, updated_at, document)
                VALUES (\(id), 'alert', 'person', \(status.rawValue), 1, \(at.milliseconds), '{}')
                """)
        }
    }

    static let notificationCases = [
        Case(
            testDescription: "an attempt that goes on for long, but not too long",
            arrange: notification("a", .sending, ago(299))),
        Case(
            testDescription: "an attempt without an end",
            arrange: all(notification("a", .sending, ago(300)), notification("b", .delivered, ago(9000))),
            found: [.notificationsUnsettled: (1, 300)]),
        Case(
            testDescription: "a notification that waits for its time, for long",
            arrange: all(
                notification("a", .pending, ago(9000)), due("notification", "a", now.advanced(by: .seconds(60))))),
        Case(
            testDescription: "a notification that waits for nothing",
            arrange: all(notification("a", .pending, ago(9000)), notification("b", .pending, ago(59))),
            found: [.notificationsForgotten: (1, 9000)]),
    ]

    static func alert(_ id: String, _ number: Int64, _ at: Timestamp, _ status: String = "ACTIVE") -> Arrange {
        { connection in
            let mary = PersonReference(id: "p", targetName: "mary", firstName: "M", lastName: "M")
            let details = AlertDetails(
                number: number, plan: NamedReference(id: "plan", name: "P"),
                form: NamedReference(id: "form", name: "F"), requestId: "r-\(id)", submitter: mary, priority: .low,
                expirationInMinutes: 60)
            try Alerts(connection).apply([(id: id, version: 1, events: [.created(details: details, at: at)])])
            try connection.execute("UPDATE alerts SET status = \(status) WHERE id = \(id)")
        }
    }

    static let alertCases = [
        Case(
            testDescription: "an active alert with its time to come",
            arrange: all(
                alert("a", 1, ago(9000)), due("alert-expiry", "a", now.advanced(by: .seconds(60))))),
        Case(
            testDescription: "alerts that should have expired",
            arrange: all(
                alert("a", 1, ago(9000)), due("alert-expiry", "a", ago(100)), alert("b", 2, ago(9000), "SUSPENDED"),
                due("alert-expiry", "b", ago(90)), alert("c", 3, ago(9000)), due("alert-expiry", "c", ago(30))),
            found: [.alertsNotExpired: (2, 100), .timersOverdue: (2, 100)]),
        Case(
            testDescription: "an expiry that somebody carries out has an alert that is still active",
            arrange: all(
                alert("a", 1, ago(9000)),
                due("alert-expiry", "a", ago(61), leasedUntil: now.advanced(by: .seconds(1)))),
            found: [.alertsNotExpired: (1, 61)]),
        Case(
            testDescription: "an active alert that nothing ends, and one that has ended",
            arrange: all(alert("a", 1, ago(120)), alert("b", 2, ago(9000), "TERMINATED"), alert("c", 3, ago(59))),
            found: [.alertsWithoutExpiry: (1, 120)]),
    ]

    static func request(_ id: String, _ status: Activity.Status, _ at: Timestamp, number: Int64? = nil) -> Arrange {
        { connection in
            var activity = Activity(
                requestId: id, integration: "i", receivedAt: at, status: status, method: "POST", headers: [:],
                parameters: [:], body: "", remoteAddress: "", by: "mary")
            activity.alerts = number.map { [Activity.MadeAlert(id: "a-\(id)", number: $0)] } ?? []
            try Activities(connection).put(activity)
            guard let number else { return }
            try connection.execute(
                "INSERT INTO alert_numbers (reservation, number) VALUES (\("\(id)/0"), \(number))")
        }
    }

    static let requestCases = [
        Case(
            testDescription: "requests with their alert, without one, failed, running, and fresh",
            arrange: all(
                request("with", .completed, ago(600), number: 1), alert("a", 1, ago(600), "TERMINATED"),
                request("without", .completed, ago(600)), request("failed", .failed, ago(600), number: 2),
                request("running", .running, ago(600), number: 3), request("fresh", .completed, ago(59), number: 4))),
        Case(
            testDescription: "requests whose alert is missing",
            arrange: all(
                request("one", .completed, ago(600), number: 1), request("two", .completed, ago(61), number: 2),
                request("old", .completed, ago(3601), number: 3)),
            found: [.alertsMissing: (2, 600)]),
    ]

    /// Events of alerts in partition 3 of the log, recorded at these times.
    static func events(_ times: [Timestamp]) -> Arrange {
        { connection in
            for time in times {
                try EventLog(connection).record(
                    type: "alert.commented", data: "{}", on: "alert-a", in: LogPartition("alert", 3),
                    origin: Origin(actor: "mary", causation: "c", correlation: "r"), at: time)
            }
        }
    }

    static func checkpoint(_ group: String, _ partition: String, _ next: Int64) -> Arrange {
        { try Checkpoint(group: group, partition: partition, in: $0).save(next: next, expecting: 0) }
    }

    static func consumers(_ notifier: Int64, _ dispatcher: Int64) -> Arrange {
        all(
            checkpoint("notifier", "alert-events/3", notifier),
            checkpoint("webhook-dispatcher", "alert-events/3", dispatcher))
    }

    static let eventCases = [
        Case(
            testDescription: "everything has been taken by everybody",
            arrange: all(
                events([ago(500), ago(400)]), checkpoint("relay-alert-events", "alert/3", 2), consumers(2, 2))),
        Case(
            testDescription: "a topic can have repetitions, so that offsets are ahead of positions",
            arrange: all(
                events([ago(500), ago(400)]), checkpoint("relay-alert-events", "alert/3", 2), consumers(5, 4))),
        Case(
            testDescription: "events that have not left the log are not what consumers are behind with",
            arrange: all(
                events([ago(500), ago(400), ago(10)]), checkpoint("relay-alert-events", "alert/3", 1),
                consumers(1, 1)),
            found: [.eventsNotRelayed: (2, 400)]),
        Case(testDescription: "events that are on their way", arrange: events([ago(59)])),
        Case(
            testDescription: "what an escalation reports, and alerts have not heard",
            arrange: { connection in
                try EventLog(connection).record(
                    type: "escalation.escalated", data: "{}", on: "escalation-a", in: LogPartition("escalation", 1),
                    origin: Origin(actor: "<notifier>", causation: "c", correlation: "r"), at: ago(70))
            }, found: [.eventsNotRelayed: (1, 70)]),
        Case(
            testDescription: "a consumer that stands still",
            arrange: all(
                events([ago(500), ago(400), ago(300)]), checkpoint("relay-alert-events", "alert/3", 3),
                consumers(1, 3)),
            found: [.consumersBehind: (2, 400)]),
        Case(
            testDescription: "two consumers, one of which has never been there",
            arrange: all(
                events([ago(500), ago(400), ago(300)]), checkpoint("relay-alert-events", "alert/3", 3),
                checkpoint("webhook-dispatcher", "alert-events/3", 2)),
            found: [.consumersBehind: (4, 500)]),
    ]
}
