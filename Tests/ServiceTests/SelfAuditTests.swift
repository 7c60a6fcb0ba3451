import AlertCore
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import TestSupport
import Testing

@testable import SelfAudit

/// Notices as they reach somebody, and what is recorded of it.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct SelfAuditTests {
    /// Takes notices, unless it is told to refuse.
    final class Pager: AuditTarget, @unchecked Sendable {  // everything mutable under `lock` only
        let name: String
        private let lock = NSLock()
        private var notices: [AuditNotice] = []
        private var refusals: Int

        init(_ name: String = "url", refusing refusals: Int = 0) {
            self.name = name
            self.refusals = refusals
        }

        var received: [AuditNotice] { lock.withLock { notices } }
        var subjects: [String] { received.map { String($0.subject.dropFirst("Tocsin self-audit: ".count)) } }

        func send(_ notice: AuditNotice) async throws -> String {
            try lock.withLock {
                guard refusals == 0 else {
                    refusals -= 1
                    throw AuditTargetError(reason: "not now")
                }
                notices.append(notice)
                return "taken"
            }
        }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func audit(_ database: any SQLDatabase, _ clock: TestClock, _ targets: [any AuditTarget]) -> SelfAudit {
        SelfAudit(
            database: database, targets: targets, bounds: AuditBounds(), interval: .milliseconds(20),
            now: clock.clock, logger: quiet)
    }

    static func addLateTimer(to database: any SQLDatabase, _ clock: TestClock) async throws {
        let due = clock.now.advanced(by: .seconds(-90))
        try await database.transaction {
            try DueWork($0).schedule("t", kind: "escalation", partition: 0, payload: "{}", at: due)
        }
    }

    static func endTimer(in database: any SQLDatabase) async throws {
        try await database.transaction { try DueWork($0).finish(["t"], kind: "escalation") }
    }

    @Test(arguments: Backend.available)
    func aRestartNeitherRepeatsNorLosesAPage(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let clock = TestClock()
            let pager = Pager()
            try await Self.addLateTimer(to: database, clock)
            // This one dies after the check, before it sends.
            try await Self.audit(database, clock, [pager]).check()
            #expect(pager.subjects.isEmpty)
            let next = Self.audit(database, clock, [pager])
            try await next.sendWhatIsDue()
            try await next.sendWhatIsDue()
            #expect(pager.subjects == ["timersOverdue (1)"])
            // And another, which finds the same.
            let third = Self.audit(database, clock, [pager])
            clock.advance(by: .seconds(15))
            try await third.check()
            try await third.sendWhatIsDue()
            #expect(pager.subjects.count == 1)
            try await Self.endTimer(in: database)
            clock.advance(by: .seconds(60))
            try await third.check()
            try await third.sendWhatIsDue()
            #expect(pager.subjects == ["timersOverdue (1)", "over: timersOverdue"])
            let types = try await database.reading {
                try EventLog($0).read(LogPartition("selfaudit", 0), after: 0, limit: 100).map(\.type)
            }
            #expect(types == ["selfaudit.noticed", "selfaudit.sent", "selfaudit.noticed", "selfaudit.sent"])
        }
    }

    @Test(arguments: Backend.available)
    func eachTargetIsTriedUntilItTakesThePage(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let clock = TestClock()
            let (mail, web) = (Pager("email"), Pager("url", refusing: 2))
            let audit = Self.audit(database, clock, [mail, web])
            try await Self.addLateTimer(to: database, clock)
            try await audit.check()
            for pause in [0, 4, 1, 14, 1, 600] {
                clock.advance(by: .seconds(pause))
                try await audit.sendWhatIsDue()
            }
            #expect(mail.received.count == 1 && web.received.count == 1)
            #expect(mail.received == web.received)
            let deliveries = try await database.reading { connection in
                try SelfAuditStore(connection).deliveries(of: mail.received.map(\.id))
            }
            #expect(deliveries.map(\.attempts) == [1, 3])
            #expect(deliveries.allSatisfy { $0.status == .delivered && $0.detail == "taken" })
        }
    }

    @Test func whatATargetNeverTakesIsGivenUpAndShown() async throws {
        try await Backend.sqlite.withDatabase { database in
            let clock = TestClock()
            let audit = Self.audit(database, clock, [Pager(refusing: 1000)])
            try await Self.addLateTimer(to: database, clock)
            try await audit.check()
            for _ in 0..<(AuditNotice.attemptLimit + 5) {
                try await audit.sendWhatIsDue()
                clock.advance(by: .seconds(300))
            }
            let (delivery, left) = try await database.reading { connection in
                let store = SelfAuditStore(connection)
                return (
                    try store.deliveries(of: try store.notices(offset: 0, limit: 1).notices.map(\.id)).first,
                    try DueWork(connection).nextDue(kind: AuditNotice.dueKind, partition: 0)
                )
            }
            #expect(delivery?.status == .failed && delivery?.detail == "not now")
            #expect(delivery?.attempts == AuditNotice.attemptLimit && left == nil)
        }
    }

    @Test(arguments: Backend.available)
    func twoProcessesPageOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let clock = TestClock()
            let pager = Pager()
            try await Self.addLateTimer(to: database, clock)
            let running = (0..<2).map { _ in
                Task { try await Self.audit(database, clock, [pager]).run() }
            }
            try await eventually("a page") { !pager.received.isEmpty }
            try await eventually("further checks") {
                try await database.reading { try SelfAuditStore($0).load().version } > 20
            }
            for task in running {
                task.cancel()
                _ = await task.result
            }
            #expect(pager.subjects == ["timersOverdue (1)"])
        }
    }

    /// The database is away for longer than the bound, and comes back: both are told, without it and with it.
    @Test func aDatabaseThatIsAwayIsToldOfWithoutIt() async throws {
        let database = SwitchedDatabase(try await Backend.sqlite.makeDatabase())
        let clock = TestClock()
        let pager = Pager()
        let audit = Self.audit(database, clock, [pager])
        let running = Task { try await audit.run() }
        try await eventually("a check") { try await database.reading { try SelfAuditStore($0).load().version } > 0 }
        database.isAway = true
        try await eventually("a page") {
            clock.advance(by: .seconds(10))
            return !pager.received.isEmpty
        }
        #expect(pager.subjects == ["databaseUnreachable (1)"])
        #expect(audit.problem()?.hasPrefix("the last check was ") == true)
        database.isAway = false
        try await eventually("the all-clear") {
            clock.advance(by: .seconds(10))
            return pager.received.count > 1
        }
        running.cancel()
        _ = await running.result
        #expect(pager.subjects == ["databaseUnreachable (1)", "over: databaseUnreachable"])
        let (total, notices) = try await database.reading { try SelfAuditStore($0).notices(offset: 0, limit: 10) }
        #expect(total == 2 && notices.last?.raised.first?.detail == "switched off")
        await database.close()
    }

    @Test func theWebTargetSendsWhatPeopleAndProgramsRead() async throws {
        let sink = TestSink()
        let port = try await sink.start()
        let client = OutboundHTTPClient(
            policy: OutboundPolicy(allowing: [try CIDR(parsing: "127.0.0.0/8")]), userAgent: "test", logger: Self.quiet)
        var state = AuditState()
        let now = TestClock().now
        let raised = state.check([.alertsMissing: AuditFact(count: 2, oldest: now)], at: now, AuditBounds())
        let notice = try #require(raised)
        func target(_ path: String) -> AuditWebTarget {
            AuditWebTarget(client: client, url: "http://127.0.0.1:\(port)\(path)", place: "https://tocsin.example.org")
        }
        #expect(try await target("/ok").send(notice) == "answered 204")
        #expect(await sink.ids(at: "/ok") == [notice.id])
        let body: JSONValue = try JSON.decode(await sink.bodies(at: "/ok")[0])
        #expect(body["installation"] == "https://tocsin.example.org" && body["cleared"] == [])
        #expect(body["raised"]?.array?.first?["kind"] == "alertsMissing")
        #expect(body["raised"]?.array?.first?["count"] == 2)
        #expect(body["text"]?.string?.contains("FOUND  alertsMissing") == true)
        let error = await #expect(throws: AuditTargetError.self) { try await target("/fail/1/1").send(notice) }
        #expect(error?.reason == "the answer was 500")
        await client.shutdown()
        let closed = await #expect(throws: AuditTargetError.self) { try await target("/secret").send(notice) }
        #expect(closed?.reason == "closed", "without the address")
        await sink.stop()
    }

    @Test func aPageShowsFindingsAndWhoWasPaged() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let empty = try await world.page("/console/self-audit", cookie).body
            #expect(empty.contains("There has been no check yet.") && empty.contains("Nothing is found to be overdue."))
            let clock = TestClock(world.clock.now)
            let audit = Self.audit(world.database, clock, [Pager("email")])
            try await Self.addLateTimer(to: world.database, clock)
            try await audit.check()
            try await audit.sendWhatIsDue()
            let page = try await world.page("/console/self-audit", cookie).body
            #expect(page.contains(AuditKind.timersOverdue.rule) && page.contains("1 escalation"))
            #expect(page.contains("Tocsin self-audit: timersOverdue (1)") && page.contains("email: Delivered: taken"))
        }
    }

    @Test func restShowsFindingsAndPages() async throws {
        try await DoorWorld.run { world in
            let empty = try await world.get("/self-audit")
            #expect(empty["checked"] == .null && empty["findings"] == [] && empty["notices"]?["total"] == 0)
            let audit = Self.audit(world.database, world.clock, [Pager("email")])
            try await Self.addLateTimer(to: world.database, world.clock)
            try await audit.check()
            try await audit.sendWhatIsDue()
            let answer = try await world.get("/self-audit")
            #expect(answer["checked"]?.string == world.clock.now.iso)
            let finding = answer["findings"]?.array?.first
            #expect(finding?["kind"] == "timersOverdue" && finding?["count"] == 1)
            #expect(finding?["oldest"]?.string == world.clock.now.advanced(by: .seconds(-90)).iso)
            let notice = answer["notices"]?["data"]?.array?.first
            #expect(answer["notices"]?["total"] == 1 && notice?["raised"]?.array?.count == 1)
            #expect(notice?["deliveries"]?.array?.first?["target"] == "email")
            #expect(notice?["deliveries"]?.array?.first?["status"] == "DELIVERED")
        }
    }
}

/// A database that can be away.
private final class SwitchedDatabase: SQLDatabase, @unchecked Sendable {  // `away` under `lock` only
    private let database: any SQLDatabase
    private let lock = NSLock()
    private var away = false

    init(_ database: any SQLDatabase) { self.database = database }

    var isAway: Bool {
        get { lock.withLock { away } }
        set { lock.withLock { away = newValue } }
    }

    func transaction<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        guard !isAway else { throw StoreError(.unavailable, "switched off") }
        return try await database.transaction(body)
    }

    func reading<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        guard !isAway else { throw StoreError(.unavailable, "switched off") }
        return try await database.reading(body)
    }

    func close() async { await database.close() }
}
