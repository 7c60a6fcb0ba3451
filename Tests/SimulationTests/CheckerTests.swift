import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

@testable import Simulation

/// The checker itself: an honest run passes, and each way of breaking a promise is seen and named.
struct CheckerTests {
    /// An alert, a webhook and a message, as they are when all went well; and what can be wrong with them.
    struct World {
        var history = History(traceLimit: 10)
        var snapshot = Snapshot()
        var rebuilt: [String: [String]] = [:]
        var patience: Duration?

        func violations() throws -> [String] {
            var checker = Checker(
                history: history, snapshot: snapshot, rebuiltAlerts: rebuilt, outbound: [("status-1", .status)],
                partitionCount: 1, patience: patience)
            try checker.check()
            return checker.violations
        }
    }

    struct Breakage: CustomTestStringConvertible {
        let testDescription: String
        /// What the checker says, or a part of it.
        let words: String
        let apply: @Sendable (inout World) -> Void

        init(_ description: String, _ words: String, _ apply: @escaping @Sendable (inout World) -> Void) {
            testDescription = description
            self.words = words
            self.apply = apply
        }
    }

    private static let at = Timestamp(milliseconds: 1_790_000_000_000)
    private static let ann = PersonReference(id: "ann", targetName: "ann", firstName: "Ann", lastName: "X")

    static func honest() async throws -> World {
        let database = try await plainDatabase()
        var details = AlertDetails(
            number: 1, plan: NamedReference(id: "plan", name: "Plan"), form: NamedReference(id: "form", name: "Form"),
            requestId: "request", submitter: ann, priority: .high)
        details.properties = ["Token": "r-1"]
        let (created, origin) = (details, Origin(actor: "ann", causation: "c", correlation: "request"))
        try await database.transaction { connection in
            let log = EventLog(connection)
            let alerts = try log.execute(
                [AddressedCommand<Alert>(.create(created), on: "a", by: origin)], in: LogPartition("alert", 0), at: at)
            try Alerts(connection).apply([("a", 1, alerts[0].events)])
            let activity = Activity(
                requestId: "request", integration: "in-a", receivedAt: at, status: .completed, method: "POST",
                headers: [:], parameters: [:], body: "", remoteAddress: "", by: "ann")
            try Activities(connection).put(activity)
            try deliver(created, origin, in: connection)
            try tell(origin, in: connection)
            for group in ["notifier", "webhook-dispatcher"] {
                try Checkpoint(group: group, partition: "alert-events/0", in: connection).save(next: 9, expecting: 0)
            }
            try Checkpoint(group: "relay-alert-events", partition: "alert/0", in: connection)
                .save(next: 9, expecting: 0)
            try DueWork(connection).schedule(
                "a", kind: "alert-expiry", partition: 0, payload: "", at: at.advanced(by: .seconds(600)))
        }
        var world = World()
        world.snapshot = try await database.reading { try Snapshot($0, at: at) }
        let empty = try await plainDatabase()
        let snapshot = world.snapshot
        world.rebuilt = try await empty.transaction { try snapshot.rebuiltAlerts(in: $0) }
        await database.close()
        await empty.close()
        world.history.accepted = [.init(requestId: "request", integration: "in-a", at: 1)]
        world.history.committed(
            by: "p#1",
            events: world.snapshot.events.map {
                .init(
                    partition: $0.partition, position: $0.position, stream: $0.stream, version: $0.version,
                    type: $0.type, data: $0.data)
            }, checkpoints: [.init(group: "g", partition: "t/0", next: 5)])
        let body = try JSON.encode(try #require(WebhookPayload(.created(details: details, at: at), of: details)).body)
        world.history.arrivals = [
            .init(
                id: delivery, integration: "status-1", body: body, process: "p#1", begunAt: 0, at: 0, status: 200,
                wasAnswered: true)
        ]
        world.history.sent = [
            .init(id: "n", provider: "one", process: "p#1", begunAt: 0, at: 0, isTaken: true, wasAnswered: true)
        ]
        return world
    }

    /// As simulated databases are: nothing in their logs is sealed.
    private static func plainDatabase() async throws -> any SQLDatabase {
        let database = try await Backend.sqlite.makeEmptyDatabase()
        try await Migrator.bundled().run(on: database)
        return database
    }

    private static let delivery = DerivedID.uuid("delivery", "alert/0:1", "status-1")

    private static func deliver(_ details: AlertDetails, _ origin: Origin, in connection: any SQLConnection) throws {
        let request = WebhookDelivery.Request(
            id: delivery, integration: NamedReference(id: "status-1", name: "status-1"), trigger: .status, alert: "a",
            alertNumber: 1, sequence: 1, payload: "{}", correlation: "request")
        let attempt = WebhookDelivery.Attempt(
            number: 1, url: "", startedAt: at, durationMilliseconds: 1, status: 200)
        let outcomes = try EventLog(connection).execute(
            [.request(request), .recordAttempt(attempt, schedule: .standard, chance: 0)].map {
                AddressedCommand<WebhookDelivery>($0, on: delivery, by: origin)
            }, in: LogPartition("delivery", 0), at: at)
        let state = outcomes[1].state
        try WebhookDeliveries(connection).put([
            WebhookDeliveryRow(
                id: delivery, integration: "status-1", alert: "a", sequence: 1, status: state.phase, reason: nil,
                attempts: state.attempts, version: outcomes[1].version, updatedAt: at)
        ])
    }

    private static func tell(_ origin: Origin, in connection: any SQLConnection) throws {
        var plan = AlertCore.Notification.Plan(
            id: "n", alert: "a", alertNumber: 1, recipient: ann, device: NamedReference(id: "d", name: "d"),
            deviceNumber: 1, address: "a@example.org", dueAt: at, reason: "", correlation: "request")
        plan.purpose = AlertCore.Notification.Purpose.test.rawValue
        let commands: [AlertCore.Notification.Command] = [
            .plan(plan), .begin(via: NamedReference(id: "one", name: "One")), .deliver(receipt: "ok"),
        ]
        for command in commands {
            let outcomes = try EventLog(connection).execute(
                [AddressedCommand<AlertCore.Notification>(command, on: "n", by: origin)],
                in: LogPartition("notification", 0), at: at)
            try Notifications(connection).apply(outcomes, at: at)
        }
    }

    @Test func findsNothingInAnHonestRun() async throws {
        #expect(try await Self.honest().violations() == [])
    }

    static let breakages = [
        Breakage("a 202 that led to nothing", "has the alerts []") {
            $0.history.accepted.append(.init(requestId: "lost", integration: "in-a", at: 2))
        },
        Breakage("an activity that is missing", "is missing") { $0.snapshot.activities = [:] },
        Breakage("an event that was taken out", "has a gap") { $0.snapshot.log["notification/0"]?.remove(at: 1) },
        Breakage("a tail that was cut off", "the head of delivery/0 is wrong") {
            $0.snapshot.log["delivery/0"]?.removeLast()
        },
        Breakage("a row that says something else", "the row of alert a") { $0.snapshot.alerts["a"]?[2] = "TERMINATED" },
        Breakage("an answer that was confirmed and is not there", "was confirmed and is not in the log") {
            $0.history.said.append(.init(kind: .response, id: "answer", alert: "a", isConfirmed: true))
        },
        Breakage("a webhook that no target got", "and no target has said so") { $0.history.arrivals = [] },
        Breakage("a webhook without an event", "belongs to no event") { world in
            world.history.arrivals.append(world.history.arrivals[0].with(id: "other"))
        },
        Breakage("another body than the event's", "arrived at status-1 as") { world in
            world.history.arrivals.append(world.history.arrivals[0].with(body: "{}"))
        },
        Breakage("a webhook sent again after its outcome was written", "was sent again") { world in
            world.history.arrivals.append(world.history.arrivals[0].with(begunAt: 5))
        },
        Breakage("a message sent again after its outcome was written", "was sent again") { world in
            world.history.sent.append(world.history.sent[0].with(begunAt: 5))
        },
        Breakage("an attempt that was not written down before", "not written down before") { world in
            world.history.sent.append(world.history.sent[0].with(begunAt: 0))
        },
        Breakage("a message without a notification", "belongs to no notification") { world in
            world.history.sent.append(world.history.sent[0].with(id: "other"))
        },
        Breakage("a checkpoint that went back", "a checkpoint went back") {
            $0.history.committed(by: "p#1", events: [], checkpoints: [.init(group: "g", partition: "t/0", next: 4)])
        },
        Breakage("a message put aside", "dead letters") { $0.snapshot.deadLetters = ["alert-events: no JSON"] },
        Breakage("overdue work that the audit finds", "the self-audit finds") { $0.snapshot.audit = ["timersOverdue"] },
    ]

    @Test(arguments: breakages)
    func finds(_ breakage: Breakage) async throws {
        var world = try await Self.honest()
        breakage.apply(&world)
        let violations = try world.violations()
        #expect(violations.contains { $0.contains(breakage.words) }, "\(violations)")
    }

    @Test func letsARepetitionPassThatWasInDoubt() async throws {
        let world = try await Self.honest()
        // The answer to the first did not reach the sender.
        var first = world.history.arrivals[0]
        first.wasAnswered = false
        world.history.arrivals.insert(first, at: 0)
        #expect(try world.violations() == [])
    }
}

extension History.Arrival {
    fileprivate func with(id: String? = nil, body: String? = nil, begunAt: Int64? = nil) -> Self {
        .init(
            id: id ?? self.id, integration: integration, body: body ?? self.body, process: process,
            begunAt: begunAt ?? self.begunAt, at: begunAt ?? at, status: status, wasAnswered: wasAnswered)
    }
}

extension History.Sent {
    fileprivate func with(id: String? = nil, begunAt: Int64? = nil) -> Self {
        .init(
            id: id ?? self.id, provider: provider, process: process, begunAt: begunAt ?? self.begunAt,
            at: begunAt ?? at, isTaken: isTaken, wasAnswered: wasAnswered)
    }
}
