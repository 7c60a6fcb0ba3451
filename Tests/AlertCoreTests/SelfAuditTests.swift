import AlertCore
import Testing

/// What the self-audit makes of what it finds, check by check.
struct SelfAuditTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    /// Findings at a time in seconds, and what is paged then: `+` raised, `~` lasting, `-` cleared.
    struct Check: Sendable {
        let second: Int
        let found: [AuditKind]
        let paged: String

        init(_ second: Int, _ found: [AuditKind], _ paged: String = "") {
            self.second = second
            self.found = found
            self.paged = paged
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let checks: [Check]
        var repeatMinutes: Int? = 15
    }

    static let cases = [
        Case(testDescription: "nothing found, nothing said", checks: [Check(0, []), Check(15, []), Check(3600, [])]),
        Case(
            testDescription: "a finding is paged once, and when it is over",
            checks: [
                Check(0, [.alertsMissing], "+alertsMissing"), Check(15, [.alertsMissing]), Check(30, [.alertsMissing]),
                Check(45, []), Check(60, []), Check(75, []), Check(90, [], "-alertsMissing"), Check(105, []),
            ]),
        Case(
            testDescription: "what comes back before it was taken back is the same finding",
            checks: [
                Check(0, [.webhooksOverdue], "+webhooksOverdue"), Check(15, []), Check(59, []),
                Check(74, [.webhooksOverdue]), Check(90, []), Check(133, []), Check(134, [], "-webhooksOverdue"),
            ]),
        Case(
            testDescription: "what comes back afterwards is a new one",
            checks: [
                Check(0, [.webhooksOverdue], "+webhooksOverdue"), Check(60, [], "-webhooksOverdue"),
                Check(61, [.webhooksOverdue], "+webhooksOverdue"),
            ]),
        Case(
            testDescription: "what lasts is paged again after each pause",
            checks: [
                Check(0, [.timersOverdue], "+timersOverdue"), Check(899, [.timersOverdue]),
                Check(900, [.timersOverdue], "~timersOverdue"), Check(1799, [.timersOverdue]),
                Check(1800, [.timersOverdue], "~timersOverdue"), Check(1860, [], "-timersOverdue"),
            ]),
        Case(
            testDescription: "or never, when there is no pause",
            checks: [Check(0, [.timersOverdue], "+timersOverdue"), Check(90_000, [.timersOverdue])],
            repeatMinutes: nil),
        Case(
            testDescription: "several at once are one page; each has a time of its own",
            checks: [
                Check(0, [.timersOverdue, .alertsMissing], "+alertsMissing +timersOverdue"),
                Check(15, [.timersOverdue, .webhooksOverdue], "+webhooksOverdue"),
                Check(60, [.timersOverdue, .webhooksOverdue], "-alertsMissing"),
                Check(900, [.timersOverdue, .webhooksOverdue], "~timersOverdue"),
                Check(915, [.webhooksOverdue], "~webhooksOverdue"),
                Check(960, [.webhooksOverdue], "-timersOverdue"),
            ]),
        Case(
            testDescription: "a consumer is behind when two checks in a row find it so",
            checks: [
                Check(0, [.consumersBehind]), Check(15, []), Check(30, [.consumersBehind]),
                Check(45, [.consumersBehind], "+consumersBehind"), Check(60, [.consumersBehind]), Check(75, []),
                Check(120, [], "-consumersBehind"), Check(135, [.consumersBehind]), Check(150, []),
            ]),
        Case(
            testDescription: "a check after a long silence, as after a restart, goes on where the last one was",
            checks: [
                Check(0, [.alertsMissing], "+alertsMissing"), Check(600, [.alertsMissing]),
                Check(7200, [], "-alertsMissing"),
            ]),
    ]

    @Test(arguments: cases)
    func pages(_ row: Case) {
        var bounds = AuditBounds()
        bounds.repeatEvery = row.repeatMinutes.map { .seconds(60 * $0) }
        var state = AuditState()
        for check in row.checks {
            let now = Self.start.advanced(by: .seconds(check.second))
            let facts = Dictionary(
                uniqueKeysWithValues: check.found.map { ($0, AuditFact(count: check.second + 1, oldest: Self.start)) })
            let notice = state.check(facts, at: now, bounds)
            #expect(notice?.marks ?? "" == check.paged, "at \(check.second) s")
            #expect(state.checkedAt == now)
            for kind in check.found where !kind.needsConfirmation {
                let finding = state.findings.first { $0.kind == kind }
                #expect(finding?.count == check.second + 1 && finding?.lastFoundAt == now, "as found last")
            }
        }
    }

    @Test func aFindingKnowsSinceWhen() throws {
        var state = AuditState()
        let oldest = Self.start.advanced(by: .seconds(-90))
        _ = state.check([.alertsMissing: AuditFact(count: 3, oldest: oldest, detail: "x")], at: Self.start, .init())
        let later = Self.start.advanced(by: .seconds(30))
        _ = state.check([.alertsMissing: AuditFact(count: 5, oldest: oldest)], at: later, .init())
        let finding = try #require(state.findings.first)
        #expect(finding.since == Self.start && finding.oldest == oldest && finding.count == 5 && finding.detail.isEmpty)
        #expect(finding.lastPagedAt == Self.start && finding.lastFoundAt == later)
    }

    @Test func aNoticeSaysWhatToLookAt() throws {
        var state = AuditState()
        let fact = AuditFact(count: 7, oldest: Self.start.advanced(by: .seconds(-75)), detail: "notifier alert/3")
        _ = state.check([.consumersBehind: fact], at: Self.start, .init())
        let raised = state.check([.consumersBehind: fact], at: Self.start, .init())
        let notice = try #require(raised)
        #expect(notice.subject == "Tocsin self-audit: consumersBehind (7)")
        let text = notice.text(place: "https://tocsin.example.org")
        #expect(text.contains("7 of them (notifier alert/3), the oldest for 75 s"))
        #expect(text.contains("FOUND  consumersBehind: ") && text.contains(AuditKind.consumersBehind.rule))
        var again = AuditState()
        _ = again.check([.consumersBehind: fact], at: Self.start, .init())
        let same = again.check([.consumersBehind: fact], at: Self.start, .init())
        #expect(same?.id == notice.id, "the id follows from what it says")
        let over = state.check([:], at: Self.start.advanced(by: .seconds(60)), .init())
        #expect(over?.subject == "Tocsin self-audit: over: consumersBehind" && over?.id != notice.id)
    }

    @Test func aDatabaseThatIsAwayIsPagedAfterTheBoundAndTakenBack() {
        var outage = AuditOutage()
        let bounds = AuditBounds()
        func at(_ second: Int) -> Timestamp { Self.start.advanced(by: .seconds(second)) }
        #expect(outage.failed("refused", at: at(0), bounds) == nil)
        #expect(outage.failed("refused", at: at(45), bounds) == nil)
        // One success in between: it begins anew.
        #expect(outage.ended(at: at(50), bounds) == nil)
        #expect(outage.failed("refused", at: at(60), bounds) == nil)
        #expect(outage.failed("refused", at: at(119), bounds) == nil)
        let raised = outage.failed("refused", at: at(120), bounds)
        #expect(raised?.raised.first?.kind == .databaseUnreachable && raised?.raised.first?.detail == "refused")
        #expect(raised?.raised.first?.oldest == at(60))
        #expect(outage.failed("refused", at: at(135), bounds) == nil)
        #expect(outage.ended(at: at(150), bounds) == nil)
        let over = outage.ended(at: at(195), bounds)
        #expect(over?.cleared.first?.kind == .databaseUnreachable)
        #expect(outage.ended(at: at(210), bounds) == nil && outage.findings.isEmpty)
    }

    @Test func dueWorkBelongsToARule() {
        #expect(AuditKind(dueWork: "notification") == .notificationsOverdue)
        #expect(AuditKind(dueWork: "notification-digest") == .notificationsOverdue)
        #expect(AuditKind(dueWork: "call") == .notificationsOverdue)
        #expect(AuditKind(dueWork: "webhook") == .webhooksOverdue)
        #expect(AuditKind(dueWork: "inbound-request") == .requestsOverdue)
        #expect(AuditKind(dueWork: "alert-expiry") == .timersOverdue)
        #expect(AuditKind(dueWork: "something new") == .timersOverdue)
        #expect(AuditKind(dueWork: AuditNotice.dueKind) == nil)
    }

    @Test func pausesGrowAndEnd() {
        let pauses = (1...7).map { AuditNotice.pause(afterAttempts: $0).milliseconds / 1000 }
        #expect(pauses == [5, 15, 60, 120, 300, 300, 300])
    }
}

extension AuditNotice {
    fileprivate var marks: String {
        let all = raised.map { "+\($0.kind.rawValue)" } + lasting.map { "~\($0.kind.rawValue)" }
        return (all + cleared.map { "-\($0.kind.rawValue)" }).joined(separator: " ")
    }
}
