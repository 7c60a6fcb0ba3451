import AlertCore
import Testing

/// Who belongs to groups, and groups within groups.
struct GroupMembershipTests {
    static let now = zulu("2026-06-03T10:00Z")

    static func group(
        _ id: String, _ kind: Group.Kind = .broadcast, _ members: [GroupMember] = [], criteria: GroupCriteria? = nil,
        status: RecipientStatus = .active
    ) -> Group {
        Group(
            id: id, targetName: id.capitalized, groupType: kind, status: status, members: members, criteria: criteria,
            created: zulu("2015-01-01T00:00Z"))
    }

    static func within(_ id: String) -> GroupMember { GroupMember(id: id, recipientType: .group) }

    struct Case: CustomTestStringConvertible {
        let criterion: [String]
        let then: [String]
        var testDescription: String { criterion.joined(separator: " ") }

        init(_ criterion: String..., then: [String]) {
            self.criterion = criterion
            self.then = then
        }
    }

    /// ann: site HQ, roles A and B, floor 3; bob: German, inactive, supervised by ann; cat: no phone login.
    static let people = onCallRoster(
        ["cat", "bob", "ann"], inactive: ["bob"],
        groups: [group("crew", .broadcast, [onCallPerson("ann"), onCallPerson("cat")])],
        sites: [Site(id: "s1", name: "HQ", country: "DE", language: "en", timezone: "UTC")]
    ) { person in
        switch person.id {
        case "ann":
            person.site = "s1"
            person.roles = ["Admin", "Standard User"]
            person.properties = ["floor": 3, "skills": ["Swift", "SQL"]]
            person.phoneLogin = "1"
        case "bob":
            person.language = "de"
            person.supervisors = ["ann"]
            person.phoneLogin = "2"
        default: person.timezone = "Europe/Berlin"
        }
    }

    @Test(arguments: [
        Case("BASIC_FIELD", "USER_ID", "EQUALS", "ANN", then: ["ann"]),
        Case("BASIC_FIELD", "USER_ID", "NOT_EQUALS", "ann", then: ["bob", "cat"]),
        Case("BASIC_FIELD", "FIRST_NAME", "STARTS_WITH", "c", then: ["cat"]),
        Case("BASIC_FIELD", "FIRST_NAME", "ENDS_WITH", "b", then: ["bob"]),
        Case("BASIC_FIELD", "LAST_NAME", "CONTAINS", "O", then: ["ann", "bob", "cat"]),
        Case("BASIC_FIELD", "LAST_NAME", "NOT_CONTAINS", "o", then: []),
        Case("BASIC_FIELD", "SITE", "EQUALS", "hq", then: ["ann"]),
        Case("BASIC_FIELD", "SITE", "EQUALS", "s1", then: ["ann"]),
        Case("BASIC_FIELD", "SITE", "IS_EMPTY", "", then: ["bob", "cat"]),
        Case("BASIC_FIELD", "ROLE", "EQUALS", "standard user", then: ["ann", "bob", "cat"]),
        Case("BASIC_FIELD", "ROLE", "NOT_EQUALS", "admin", then: ["bob", "cat"]),
        Case("BASIC_FIELD", "LANGUAGE", "EQUALS", "de", then: ["bob"]),
        Case("BASIC_FIELD", "TIMEZONE", "STARTS_WITH", "europe/", then: ["cat"]),
        Case("BASIC_FIELD", "STATUS", "EQUALS", "ACTIVE", then: ["ann", "cat"]),
        Case("BASIC_FIELD", "PHONE_LOGIN", "IS_NOT_EMPTY", "", then: ["ann", "bob"]),
        Case("BASIC_FIELD", "SUPERVISOR", "EQUALS", "ann", then: ["bob"]),
        Case("CUSTOM_FIELD", "floor", "EQUALS", "3", then: ["ann"]),
        Case("CUSTOM_FIELD", "floor", "IS_EMPTY", "", then: ["bob", "cat"]),
        Case("CUSTOM_FIELD", "skills", "EQUALS", "sql", then: ["ann"]),
        Case("GROUP", "", "EQUALS", "Crew", then: ["ann", "cat"]),
        Case("GROUP", "", "NOT_EQUALS", "crew", then: ["bob"]),
        Case("BASIC_FIELD", "SHOE_SIZE", "NOT_EQUALS", "44", then: []),
        Case("BASIC_FIELD", "USER_ID", "RESEMBLES", "ann", then: []),
        Case("BASIC_FIELD", "USER_ID", "CONTAINS", "", then: []),
        Case("MYSTERY", "USER_ID", "NOT_EQUALS", "ann", then: []),
    ])
    func meetsACondition(_ row: Case) {
        let criterion = GroupCriteria.Criterion(
            criterionType: row.criterion[0], field: row.criterion[1], operand: row.criterion[2], value: row.criterion[3]
        )
        let isUnknown = row.criterion.contains { ["SHOE_SIZE", "RESEMBLES", "MYSTERY"].contains($0) }
        let lacksValue = row.criterion[3].isEmpty && !row.criterion[2].hasPrefix("IS_")
        #expect((criterion.problem != nil) == (isUnknown || lacksValue))
        #expect(Self.dynamic(.and, [criterion]) == row.then)
        #expect(Self.dynamic(.or, [criterion]) == row.then)
    }

    static func dynamic(_ operand: GroupCriteria.Operand, _ criteria: [GroupCriteria.Criterion]?) -> [String] {
        let criteria = criteria.map { GroupCriteria(operand: operand, criterion: $0) }
        var groups = people.groups
        groups["dyn"] = group("dyn", .dynamic, criteria: criteria)
        let roster = Roster(
            version: 1, people: people.people, groups: groups, sites: people.sites, devices: [:], shifts: [:],
            absences: [:])
        return roster.members(of: "dyn", at: now).map(\.recipient.id)
    }

    @Test func joinsConditions() {
        func name(_ operand: String, _ value: String) -> GroupCriteria.Criterion {
            .init(criterionType: "BASIC_FIELD", field: "USER_ID", operand: operand, value: value)
        }
        #expect(Self.dynamic(.or, [name("EQUALS", "ann"), name("EQUALS", "cat")]) == ["ann", "cat"])
        #expect(Self.dynamic(.and, [name("EQUALS", "ann"), name("EQUALS", "cat")]) == [])
        #expect(Self.dynamic(.and, [name("NOT_EQUALS", "ann"), name("CONTAINS", "t")]) == ["cat"])
        #expect(Self.dynamic(.and, []) == [])
        #expect(Self.dynamic(.or, nil) == [])
    }

    @Test func membersAreNotifiedAtOnceAndReplaced() {
        let roster = onCallRoster(
            inactive: ["dan"], absences: [onCallAbsence("bob", by: "cat")],
            groups: [Self.group("all", .broadcast, ["bob", "ann", "dan"].map(onCallPerson))])
        let members = roster.members(of: "all", at: Self.now)
        #expect(members.map(\.notified?.id) == ["cat", "ann", nil])
        #expect(members.map(\.delay) == [0, 0, 0])
        #expect(members.map(\.skipped) == [nil, nil, "dan is inactive"])
        #expect(roster.members(of: "nothing", at: Self.now).isEmpty)
        let escalation = onCallEscalation(of: "all", in: roster, at: Self.now)
        #expect(escalation.told.map { "\($0.name) \($0.minutes)" } == ["cat 0", "ann 0"])
        #expect(escalation.omissions.map(\.recipient) == ["bob", "dan"])
    }

    @Test func groupsWithinGroupsBeginWhenTheirTurnComes() {
        let outer = [
            Shift.Member(recipient: onCallPerson("ann")),
            Shift.Member(recipient: Self.within("inner"), delay: 10, escalationType: .management),
            Shift.Member(recipient: onCallPerson("dan"), delay: 5),
        ]
        var inner = onCallShift(
            named: "i", "2026-01-01T00:00Z", "2026-01-02T00:00Z",
            members: [
                Shift.Member(recipient: onCallPerson("bob"), delay: 1),
                Shift.Member(recipient: onCallPerson("cat"), delay: 20, escalationType: .peer),
                Shift.Member(recipient: Self.within("ops")),
            ])
        inner.group = "inner"
        let roster = onCallRoster(
            shifts: [onCallShift("2026-01-01T00:00Z", "2026-01-02T00:00Z", members: outer), inner],
            groups: [Self.group("inner", .onCall)])
        let escalation = onCallEscalation(of: "ops", in: roster, at: Self.now)
        #expect(escalation.told.map { "\($0.name) \($0.minutes)" } == ["ann 0", "bob 11", "dan 15", "cat 31"])
        #expect(escalation.reports.map(\.type) == [.management, .none, .peer])
        #expect(escalation.reports.map(\.group.id) == ["ops", "ops", "inner"])
        #expect(escalation.omissions.map(\.reason) == ["Ops is within itself"])
        #expect(roster.onCall(group: "ops", at: Self.now)[0].members[1].notified == Self.within("inner"))
    }

    @Test func aGroupThatIsInactiveIsSkippedWithTheDelayThatFollows() {
        let members = [
            Shift.Member(recipient: Self.within("off")), Shift.Member(recipient: Self.within("gone"), delay: 3),
            Shift.Member(recipient: onCallPerson("dan"), delay: 5),
        ]
        let roster = onCallRoster(
            shifts: [onCallShift("2026-01-01T00:00Z", "2026-01-02T00:00Z", members: members)],
            groups: [Self.group("off", status: .inactive)])
        let shown = roster.onCall(group: "ops", at: Self.now)[0].members
        #expect(shown.map(\.skipped) == ["Off is inactive", "the group is no longer there", nil])
        #expect(shown.map(\.delay) == [0, 0, 0])
        #expect(roster.onCall(group: "off", at: Self.now).isEmpty)
        let escalation = onCallEscalation(of: "off", in: roster, at: Self.now)
        #expect(escalation.omissions.map(\.reason) == ["Off is inactive"])
    }
}
