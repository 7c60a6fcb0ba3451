import AlertCore
import Persistence
import TestSupport
import Testing

/// Each rule of the self-audit against a database in which something is wrong, and one in which it only looks so.
@Suite struct AuditChecksTests {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)
    static func ago(_ seconds: Int) -> Timestamp { now.advanced(by: .seconds(-seconds)) }

    typealias Arrange = @Sendable (any SQLConnection) throws -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let arrange: Arrange
        /// Kind, count, age of the oldest in seconds.
        var found: [AuditKind: (Int, Int)] = [:]
    }

    static let cases = dueCases + notificationCases + alertCases + requestCases + eventCases

    @Test(arguments: Backend.available, cases)
    func finds(on backend: Backend, _ row: Case) async throws {
        try await backend.withDatabase { database in
            try await database.transaction { try row.arrange($0) }
            let (facts, _) = try await database.reading { connection in
                try AuditChecks(connection, at: Self.now, AuditBounds()).run(seenUntil: nil)
            }
            #expect(Set(facts.keys) == Set(row.found.keys))
            for (kind, fact) in facts {
                #expect(fact.count == row.found[kind]?.0, "\(kind)")
                #expect(Self.now.since(fact.oldest) == row.found[kind].map { .seconds($0.1) }, "\(kind)")
            }
        }
    }

    static func due(_ kind: String, _ id: String, _ at: Timestamp, leasedUntil: Timestamp? = nil) -> Arrange {
        { connection in
            try DueWork(connection).schedule(id, kind: kind, partition: 0, payload: "{}", at: at)
            guard let leasedUntil else { return }
            try connection.execute(
                "UPDATE due_work SET leased_until = \(leasedUntil.milliseconds) WHERE kind = \(kind) AND id = \(id)")
        }
    }

    static func all(_ parts: Arrange...) -> Arrange {
        { connection in for part in parts { try part(connection) } }
    }

    static let dueCases = [
        Case(testDescription: "an empty database") { _ in },
        Case(testDescription: "a timer that is late, but not too late", arrange: due("escalation", "a", ago(59))),
        Case(
            testDescription: "timers that are overdue",
            arrange: all(
                due("escalation", "a", ago(60)), due("escalation", "b", ago(61)), due("flood-notice", "c", ago(70)),
                due("escalation", "later", now)),
            found: [.timersOverdue: (3, 70)]),
        Case(
            testDescription: "a timer that somebody works on",
            arrange: due("escalation", "a", ago(600), leasedUntil: now.advanced(by: .seconds(30)))),
        Case(
            testDescription: "a timer whose worker has been lost: the lease ended long ago",
            arrange: due("escalation", "a", ago(600), leasedUntil: ago(60)), found: [.timersOverdue: (1, 600)]),
        Case(
            testDescription: "a timer that is taken up again and again, and never done",
            arrange: due("escalation", "a", ago(960), leasedUntil: now.advanced(by: .seconds(30))),
            found: [.timersOverdue: (1, 960)]),
        Case(
            testDescription: "notifications and requests that are overdue",
            arrange: all(
                due("notification", "a", ago(90)), due("inbound-request", "r", ago(80)),
                due("inbound-request", "s", ago(70))),
            found: [.notificationsOverdue: (1, 90), .requestsOverdue: (2, 80)]),
        Case(testDescription: "a webhook may be late for longer", arrange: due("webhook", "a", ago(299))),
        Case(
            testDescription: "a webhook that is overdue", arrange: due("webhook", "a", ago(300)),
            found: [.webhooksOverdue: (1, 300)]),
        Case(
            testDescription: "the audit's own pages are not its business",
            arrange: due(AuditNotice.dueKind, "a/url", ago(5000))),
    ]
}

/// What the audit has seen already, and what it knows from one check to the next.
@Suite struct SelfAuditStoreTests {
    let now = AuditChecksTests.now

    private func missing(in database: any SQLDatabase, seenUntil: Timestamp?) async throws -> (Int?, Timestamp) {
        try await database.reading { [now] connection in
            let (facts, until) = try AuditChecks(connection, at: now, AuditBounds()).run(seenUntil: seenUntil)
            return (facts[.alertsMissing]?.count, until)
        }
    }

    @Test(arguments: Backend.available)
    func whatHasItsAlertIsNotLookedAtAgain(on backend: Backend) async throws {
        typealias T = AuditChecksTests
        try await backend.withDatabase { database in
            #expect(try await missing(in: database, seenUntil: nil) == (nil, T.ago(60)))
            try await database.transaction { connection in
                try T.request("done", .completed, T.ago(600), number: 1)(connection)
                try T.alert("a", 1, T.ago(600), "TERMINATED")(connection)
                try T.request("running", .running, T.ago(500), number: 2)(connection)
                try T.request("missing", .completed, T.ago(400), number: 3)(connection)
            }
            #expect(try await missing(in: database, seenUntil: nil) == (1, T.ago(500)), "held by what runs")
            try await database.transaction { try T.request("running", .completed, T.ago(500))($0) }
            #expect(try await missing(in: database, seenUntil: T.ago(500)) == (2, T.ago(500)), "and then missing")
            try await database.transaction { try T.alert("b", 2, T.ago(1), "TERMINATED")($0) }
            #expect(try await missing(in: database, seenUntil: T.ago(500)) == (1, T.ago(400)))
            try await database.transaction { try T.alert("c", 3, T.ago(1), "TERMINATED")($0) }
            #expect(try await missing(in: database, seenUntil: T.ago(400)) == (nil, T.ago(60)))
        }
    }

    @Test(arguments: Backend.available)
    func aCheckCountsOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let (state, version) = try await database.reading { try SelfAuditStore($0).load() }
            #expect(state == AuditState() && version == 0)
            var next = state
            let raised = next.check([.alertsMissing: AuditFact(count: 2, oldest: now)], at: now, AuditBounds())
            let notice = try #require(raised)
            try await database.transaction { [next, now] connection in
                let store = SelfAuditStore(connection)
                try store.save(next, expecting: version)
                try store.add(notice, targets: ["email", "url"], at: now)
                try store.add(notice, targets: ["email", "url"], at: now)
            }
            let saved = next
            let error = await #expect(throws: StoreError.self) {
                try await database.transaction { try SelfAuditStore($0).save(saved, expecting: version) }
            }
            #expect(error?.code == .versionConflict)
            try await database.reading { connection in
                let store = SelfAuditStore(connection)
                #expect(try store.load() == (saved, 1))
                let (total, notices) = try store.notices(offset: 0, limit: 10)
                #expect(total == 1 && notices == [notice])
                let deliveries = try store.deliveries(of: notices.map(\.id))
                #expect(
                    deliveries.map(\.target) == ["email", "url"] && deliveries.allSatisfy { $0.status == .pending })
                let log = try EventLog(connection).read(LogPartition("selfaudit", 0), after: 0, limit: 10)
                #expect(log.map(\.type) == ["selfaudit.noticed"])
            }
        }
    }
}
