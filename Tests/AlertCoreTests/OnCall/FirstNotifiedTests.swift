import TestSupport
import Testing

@testable import AlertCore

/// Who is said to be first is who an alert would reach first.
struct FirstNotifiedTests {
    static let now = zulu("2026-06-03T10:00Z")
    static let people = ["ann", "bob", "cat", "dan"]
    static let groupNames = ["ops", "g1", "g2", "g3", "g4"]

    private static func shift(_ name: String, of group: String, _ members: [Shift.Member]) -> Shift {
        var shift = onCallShift(named: name, "2026-01-01T00:00Z", "2026-01-02T00:00Z", members: members)
        shift.group = group
        return shift
    }

    @Test func isByTheDelaysOfAllShifts() {
        let roster = onCallRoster(shifts: [
            Self.shift("a", of: "ops", [Shift.Member(recipient: onCallPerson("ann"), delay: 7)]),
            Self.shift(
                "b", of: "ops",
                [
                    Shift.Member(recipient: GroupMembershipTests.within("gone"), delay: 5),
                    Shift.Member(recipient: onCallPerson("bob"), delay: 90),
                ]),
        ])
        let first = FirstNotified(of: "ops", in: roster, at: Self.now)
        #expect(first.member == onCallPerson("bob") && first.minutes == 5)
        #expect(first.reasons == ["the group is no longer there"])
    }

    @Test func isNobodyInGroupsThatAreTooDeep() {
        let names = (0...Roster.nestingMax).map { "n\($0)" }
        let groups = names.enumerated().map { index, name in
            GroupMembershipTests.group(
                name, .broadcast,
                [index < Roster.nestingMax ? GroupMembershipTests.within("n\(index + 1)") : onCallPerson("ann")])
        }
        let roster = onCallRoster(groups: groups)
        #expect(roster.firstNotified(of: "n0", at: Self.now) == nil)
        #expect(roster.firstNotified(of: "n1", at: Self.now) == onCallPerson("ann"))
        let reasons = FirstNotified(of: "n0", in: roster, at: Self.now).reasons
        #expect(reasons == ["there are 10 groups within each other"])
        let escalation = onCallEscalation(of: "n0", in: roster, at: Self.now)
        #expect(escalation.told.isEmpty && escalation.omissions.map(\.reason) == reasons)
    }

    /// Groups in groups at random, with people who are away or inactive.
    @Test(arguments: 0..<300) func isWhomAnAlertReachesFirst(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let roster = Self.roster(&random)
        let first = FirstNotified(of: "ops", in: roster, at: Self.now)
        let told = onCallEscalation(of: "ops", in: roster, at: Self.now).told
        let earliest = told.map(\.minutes).min()
        #expect(first.member == nil ? told.isEmpty : first.minutes == earliest)
        if let member = first.member {
            #expect(told.contains { $0.minutes == earliest && $0.name == member.id })
        } else {
            #expect(!first.reasons.isEmpty)
        }
    }

    private static func roster(_ random: inout SeededGenerator) -> Roster {
        func member(_ random: inout SeededGenerator) -> GroupMember {
            Bool.random(using: &random)
                ? onCallPerson(people.randomElement(using: &random) ?? "ann")
                : GroupMembershipTests.within((groupNames + ["gone"]).randomElement(using: &random) ?? "ops")
        }
        var (groups, shifts): ([Group], [Shift]) = ([], [])
        for name in groupNames {
            let isOnCall = name == "ops" || Bool.random(using: &random)
            let isOff = name != "ops" && Int.random(in: 0..<6, using: &random) == 0
            let members = (0..<Int.random(in: 0...3, using: &random)).map { _ in member(&random) }
            groups.append(
                GroupMembershipTests.group(
                    name, isOnCall ? .onCall : .broadcast, isOnCall ? [] : members, status: isOff ? .inactive : .active)
            )
            for index in 0..<(isOnCall ? Int.random(in: 0...2, using: &random) : 0) {
                let places = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    Shift.Member(
                        recipient: member(&random), delay: [0, 0, 1, 3, 5].randomElement(using: &random) ?? 0)
                }
                shifts.append(shift("\(name)-\(index)", of: name, places))
            }
        }
        let away = people.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        let inactive = people.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
        return onCallRoster(
            people, inactive: Set(inactive), shifts: shifts,
            absences: away.map { onCallAbsence($0, by: Bool.random(using: &random) ? "dan" : nil) }, groups: groups)
    }
}
