import AlertCore
import Testing

/// Who is notified instead of somebody who is away, and who is skipped.
struct AbsenceTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        var absences: [TemporaryAbsence] = []
        var inactive: Set<String> = []
        var group: String? = "ops"
        let notified: String?
        var skipped: String?
    }

    @Test(arguments: [
        Case(testDescription: "nobody is away", notified: "ann"),
        Case(testDescription: "replaced", absences: [onCallAbsence("ann", by: "bob")], notified: "bob"),
        Case(
            testDescription: "replaced in this group", absences: [onCallAbsence("ann", by: "bob", group: "ops")],
            notified: "bob"),
        Case(
            testDescription: "replaced in another group", absences: [onCallAbsence("ann", by: "bob", group: "dev")],
            notified: "ann"),
        Case(
            testDescription: "this group counts before all groups",
            absences: [
                onCallAbsence("ann", by: "bob", group: "ops"),
                onCallAbsence("ann", by: "cat", created: "2026-01-02T00:00Z"),
            ], notified: "bob"),
        Case(
            testDescription: "the one made last counts",
            absences: [
                onCallAbsence("ann", by: "cat", created: "2025-02-02T00:00Z"), onCallAbsence("ann", by: "bob"),
            ], notified: "cat"),
        Case(
            testDescription: "away", absences: [onCallAbsence("ann")], notified: nil,
            skipped: "ann is away until 2027-01-01T00:00:00.000Z without a replacement"),
        Case(
            testDescription: "over", absences: [onCallAbsence("ann", to: "2026-06-01T00:00Z")], notified: "ann"),
        Case(
            testDescription: "begun just now", absences: [onCallAbsence("ann", by: "bob", from: "2026-06-01T00:00Z")],
            notified: "bob"),
        Case(
            testDescription: "not begun", absences: [onCallAbsence("ann", from: "2026-06-01T00:01Z")], notified: "ann"),
        Case(
            testDescription: "a chain", absences: [onCallAbsence("ann", by: "bob"), onCallAbsence("bob", by: "cat")],
            notified: "cat"),
        Case(
            testDescription: "a chain that ends with nobody",
            absences: [onCallAbsence("ann", by: "bob"), onCallAbsence("bob")], notified: nil,
            skipped: "ann is replaced by bob, who is away until 2027-01-01T00:00:00.000Z without a replacement"),
        Case(
            testDescription: "a chain that comes back",
            absences: [onCallAbsence("ann", by: "bob"), onCallAbsence("bob", by: "ann")], notified: nil,
            skipped: "ann is replaced by bob, who is replaced by ann again"),
        Case(
            testDescription: "by themselves", absences: [onCallAbsence("ann", by: "ann")], notified: nil,
            skipped: "ann is replaced by ann again"),
        Case(
            testDescription: "by somebody who is inactive", absences: [onCallAbsence("ann", by: "bob")],
            inactive: ["bob"],
            notified: nil, skipped: "ann is replaced by bob, who is inactive"),
        Case(
            testDescription: "by somebody who is gone", absences: [onCallAbsence("ann", by: "eve")], notified: nil,
            skipped: "ann is replaced by eve, who is no longer there"),
        Case(
            testDescription: "inactive, with a replacement all the same", absences: [onCallAbsence("ann", by: "bob")],
            inactive: ["ann"], notified: nil, skipped: "ann is inactive"),
        Case(
            testDescription: "named directly", absences: [onCallAbsence("ann", by: "bob")], group: nil,
            notified: "ann"),
        Case(
            testDescription: "named directly, and so replaced",
            absences: [onCallAbsence("ann", by: "bob", direct: true)],
            group: nil, notified: "bob"),
        Case(
            testDescription: "named directly, away in a group",
            absences: [onCallAbsence("ann", group: "ops", direct: true)],
            group: nil, notified: "ann"),
    ])
    func standsIn(_ row: Case) {
        let roster = onCallRoster(inactive: row.inactive, absences: row.absences)
        let standIn = roster.standIn(for: onCallPerson("ann"), in: row.group, at: zulu("2026-06-01T00:00Z"))
        #expect(standIn.notified == row.notified.map(onCallPerson))
        #expect(standIn.skipped == row.skipped)
        if row.notified != "ann", row.inactive != ["ann"] { #expect(standIn.absence?.member == "ann") }
    }

    @Test func aChainHasAnEnd() {
        let names = (0...20).map { "p\($0)" }
        func standIn(_ links: Int) -> StandIn {
            let absences = (0..<links).map { onCallAbsence("p\($0)", by: "p\($0 + 1)") }
            return onCallRoster(names, absences: absences)
                .standIn(for: onCallPerson("p0"), in: "ops", at: zulu("2026-06-01T00:00Z"))
        }
        #expect(standIn(10).notified == onCallPerson("p10"))
        #expect(standIn(11).notified == nil)
        #expect(standIn(11).skipped?.hasSuffix("that is one replacement too many") == true)
    }

    struct DelayCase: CustomTestStringConvertible {
        let testDescription: String
        let away: [String]
        let delays: [Int]
        let steps: [String: Int]
    }

    /// ann, after 5 minutes bob, after 10 more cat, after 20 more dan.
    @Test(arguments: [
        DelayCase(
            testDescription: "all there", away: [], delays: [0, 5, 10, 20],
            steps: ["ann": 0, "bob": 5, "cat": 15, "dan": 35]),
        DelayCase(
            testDescription: "without the first", away: ["ann"], delays: [0, 0, 10, 20],
            steps: ["bob": 0, "cat": 10, "dan": 30]),
        DelayCase(
            testDescription: "the delay before counts, the one that follows does not", away: ["bob"],
            delays: [0, 5, 0, 20],
            steps: ["ann": 0, "cat": 5, "dan": 25]),
        DelayCase(
            testDescription: "two in a row", away: ["bob", "cat"], delays: [0, 5, 0, 0], steps: ["ann": 0, "dan": 5]),
        DelayCase(
            testDescription: "without the last", away: ["dan"], delays: [0, 5, 10, 20],
            steps: ["ann": 0, "bob": 5, "cat": 15]),
        DelayCase(testDescription: "nobody", away: ["ann", "bob", "cat", "dan"], delays: [0, 0, 0, 0], steps: [:]),
    ])
    func skippingTakesTheDelayThatFollowsAlong(_ row: DelayCase) {
        let members = zip(["ann", "bob", "cat", "dan"], [0, 5, 10, 20]).map {
            Shift.Member(recipient: onCallPerson($0), delay: $1)
        }
        let shift = onCallShift("2026-01-01T00:00Z", "2026-01-02T00:00Z", members: members)
        for roster in [
            onCallRoster(shifts: [shift], absences: row.away.map { onCallAbsence($0) }),
            onCallRoster(inactive: Set(row.away), shifts: [shift]),
        ] {
            let moment = zulu("2026-06-01T12:00Z")
            #expect(roster.onCall(group: "ops", at: moment)[0].members.map(\.delay) == row.delays)
            let escalation = onCallEscalation(of: "ops", in: roster, at: moment)
            #expect(Dictionary(uniqueKeysWithValues: escalation.told.map { ($0.name, $0.minutes) }) == row.steps)
            #expect(escalation.omissions.map(\.recipient) == row.away)
            #expect(roster.firstNotified(of: "ops", at: moment)?.id == escalation.told.first?.name)
        }
    }

    @Test func aDeviceIsNotifiedWhileItsOwnerIsAway() {
        let device = Device(id: "d", number: 1, owner: "ann", name: "Work Email", deviceType: .email)
        let roster = onCallRoster(absences: [onCallAbsence("ann", by: "bob")], devices: [device])
        let member = GroupMember(id: "d", recipientType: .device)
        #expect(roster.standIn(for: member, in: "ops", at: zulu("2026-06-01T00:00Z")).notified == member)
        var off = device
        off.status = .inactive
        #expect(
            onCallRoster(devices: [off]).standIn(for: member, in: "ops", at: zulu("2026-06-01T00:00Z"))
                == StandIn(notified: nil, skipped: "ann|Work Email is inactive"))
        #expect(
            onCallRoster(inactive: ["ann"], devices: [device]).standIn(
                for: member, in: "ops", at: zulu("2026-06-01T00:00Z")
            )
            .skipped == "ann is inactive")
    }
}
